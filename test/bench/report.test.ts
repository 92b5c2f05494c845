// What the whole-broker benchmark says of its results: the tables, the goals that were met, and what moved.

import { describe, expect, it } from 'vitest'
import type { CaseText } from '../../bench/broker/case.ts'
import { type Goal, judge } from '../../bench/broker/goals.ts'
import { goalTable } from '../../bench/broker/report/goal-table.ts'
import { moved } from '../../bench/broker/report/moved.ts'
import { tables } from '../../bench/broker/report/tables.ts'
import type { KeptCase, Results } from '../../bench/broker/results.ts'
import { spreadOf, type Spread, type Summaries, summarize } from '../../bench/broker/statistics.ts'

const MACHINE = { processor: 'one', cores: 2, memoryGigabytes: 24, kernel: 'Linux', fileSystem: 'ext4' }

const spread = (min: number, median: number, max: number): Spread => ({ min, median, max })
const steady = (value: number): Spread => spread(value, value, value)

function caseText(goals: readonly Goal[] = [], name = 'a-case'): CaseText {
  return { name, group: 'Produce', title: 'to 8 partitions', contenders: ['os', 'fsync', 'kafka', 'kafka-synced'], goals }
}

function kept(contenders: Summaries, name = 'a-case'): KeptCase {
  return { name, date: '2026-01-01', versions: {}, runs: 3, seconds: 5, controlMegabytesPerSecond: steady(1000), contenders }
}

const results = (...cases: KeptCase[]): Results => ({ machine: MACHINE, cases })
const cellsOf = (markdown: string): string[][] =>
  markdown
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('|---'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )

describe('the summary of runs', () => {
  it('has the middle one, or the mean of the two in the middle, the least and the most', () => {
    expect(spreadOf([9, 1, 4])).toEqual(spread(1, 4, 9))
    expect(spreadOf([10, 1, 4, 6])).toEqual(spread(1, 5, 10))
  })

  it('leaves out runs that lack a figure', () => {
    expect(summarize([{ p99Ms: 3 }, { p50Ms: 1, p99Ms: NaN }, { p99Ms: 5 }])).toEqual({ p50Ms: steady(1), p99Ms: spread(3, 4, 5) })
  })
})

describe('the tables', () => {
  it('show the main figures with the range of the runs, and ours as a multiple of Kafka’s that does not sync', () => {
    const contenders = {
      os: { megabytesPerSecond: spread(470, 485, 510), p99Ms: spread(1, 2, 3) },
      kafka: { megabytesPerSecond: spread(300, 350, 400), p99Ms: spread(2, 4, 8) },
      'kafka-synced': { megabytesPerSecond: spread(90, 100, 110), p99Ms: spread(5, 6, 7) },
    }
    const text = tables([caseText()], results(kept(contenders)))
    expect(text).toMatch(/^### Produce\n/)
    expect(cellsOf(text)).toEqual([
      ['', '', 'MB/s', '× Kafka', 'p99 ms'],
      ['to 8 partitions', 'Ottla, os', '485 (470-510)', '1.39', '2.00'],
      ['', 'Kafka', '350 (300-400)', '', '4.00'],
      ['', 'Kafka, flush.messages=1', '100 (90-110)', '', '6.00'],
    ])
  })

  it('compare latencies where there is no rate, and show no range where all runs read the same', () => {
    const contenders = {
      fsync: { p50Ms: steady(0.5), p99Ms: spread(0.996, 1.001, 1.004), p999Ms: spread(1, 2, 3) },
      kafka: { p50Ms: steady(1), p99Ms: spread(1, 4, 5), p999Ms: spread(5, 6, 7) },
    }
    expect(cellsOf(tables([caseText()], results(kept(contenders))))).toEqual([
      ['', '', 'p50 ms', '× Kafka', 'p99 ms', '× Kafka', 'p99.9 ms'],
      ['to 8 partitions', 'Ottla, fsync', '0.50', '0.50', '1.00', '0.25', '2.0'],
      ['', 'Kafka', '1.00', '', '4.00 (1.00-5.00)', '', '6.0'],
    ])
  })

  it('compare with nothing where Kafka did not take part, and leave out what was not measured', () => {
    const cases = [caseText(), caseText([], 'another')]
    expect(cellsOf(tables(cases, results(kept({ os: { megabytesPerSecond: steady(5) } }))))).toEqual([
      ['', '', 'MB/s'],
      ['to 8 partitions', 'Ottla, os', '5'],
    ])
  })
})

describe('a goal', () => {
  const rates = (os: number, kafka: number): Summaries => ({
    os: { megabytesPerSecond: spread(0, os, 1e6) },
    kafka: { megabytesPerSecond: spread(0, kafka, 1e6) },
  })
  const ratio = { to: 'kafka', atLeast: 1.5 } as const
  const goal: Goal = { figure: 'megabytesPerSecond', of: 'os', bound: ratio }

  it.each([
    { os: 300, kafka: 200, reached: 1.5, isMet: true },
    { os: 299, kafka: 200, reached: 1.495, isMet: false },
  ])('of at least 1.5× is judged by medians: $os to $kafka', ({ os, kafka, ...judgement }) => {
    expect(judge(goal, rates(os, kafka))).toEqual({ bound: ratio, ...judgement })
  })

  it('of at most a multiple is met below it', () => {
    const atMost = { to: 'kafka', atMost: 0.5 } as const
    expect(judge({ ...goal, bound: atMost }, rates(100, 200))?.isMet).toBe(true)
    expect(judge({ ...goal, bound: atMost }, rates(101, 200))?.isMet).toBe(false)
  })

  it('of a figure needs no Kafka', () => {
    const bound = { atMost: 75 }
    const memory: Goal = { figure: 'peakMegabytes', of: 'os', bound }
    expect(judge(memory, { os: { peakMegabytes: steady(74) } })).toEqual({ bound, reached: 74, isMet: true })
    expect(judge(memory, { os: { peakMegabytes: steady(76) } })?.isMet).toBe(false)
  })

  it('is not judged without the figures that it takes', () => {
    expect(judge(goal, { os: { megabytesPerSecond: steady(1) } })).toBeUndefined()
    expect(judge(goal, { kafka: { megabytesPerSecond: steady(1) } })).toBeUndefined()
  })

  it('with an alternative is met by either, and the alternative counts only where it is what meets it', () => {
    const either: Goal = { ...goal, or: { atLeast: 500 } }
    expect(judge(either, rates(400, 200))).toMatchObject({ bound: ratio, isMet: true })
    expect(judge(either, rates(500, 450))).toEqual({ bound: { atLeast: 500 }, reached: 500, isMet: true })
    expect(judge(either, rates(499, 450))).toMatchObject({ bound: ratio, isMet: false })
    expect(judge(either, rates(900, 450))).toMatchObject({ bound: ratio, isMet: true })
  })

  it('for where Kafka is fast is judged by that alone, there and nowhere else', () => {
    const conditional: Goal = { ...goal, whereKafka: { figure: 'megabytesPerSecond', isOver: 450, bound: { atLeast: 650 } } }
    expect(judge(conditional, rates(650, 451))).toEqual({ bound: { atLeast: 650 }, reached: 650, isMet: true })
    expect(judge(conditional, rates(649, 451))?.isMet).toBe(false)
    expect(judge(conditional, rates(640, 400))).toMatchObject({ bound: ratio, isMet: true })
  })

  it('is shown with what was reached, and with the bound that counted where there are several', () => {
    const whereKafka = { figure: 'megabytesPerSecond', isOver: 450, bound: { atLeast: 650 } } as const
    const cases = [caseText([goal, { ...goal, or: { atLeast: 600 } }, { ...goal, whereKafka }])]
    expect(cellsOf(goalTable(cases, results(kept(rates(600, 500))))).slice(1)).toEqual([
      ['Produce: to 8 partitions', 'MB/s: Ottla, os ≥ 1.5× Kafka', '1.20×', '**not met**'],
      ['', 'MB/s: Ottla, os ≥ 1.5× Kafka, or ≥ 600', '600 (≥ 600)', 'met'],
      ['', 'MB/s: Ottla, os ≥ 1.5× Kafka; where Kafka is over 450 MB/s, ≥ 650', '600 (≥ 650)', '**not met**'],
    ])
  })

  it('for all cases is that none stalls: the worst run of any counts', () => {
    const cases = [caseText(), caseText([], 'another')]
    const stalls = (most: number): Results =>
      results(kept({ os: { stallMs: spread(1, 2, 49) } }), kept({ fsync: { stallMs: spread(1, 2, most) } }, 'another'))
    expect(cellsOf(goalTable(cases, stalls(51))).slice(1)).toEqual([
      ['every case', 'stall ms: Ottla ≤ 50 in each run', '51 (Produce: to 8 partitions)', '**not met**'],
    ])
    expect(cellsOf(goalTable(cases, stalls(50)))[1]).toContain('met')
  })

  it('says of the longest stall what the broker did itself, and how long an idle process beside it stood still', () => {
    const seen = kept({ os: { stallMs: spread(1, 2, 51), ownStallMs: spread(1, 2, 12), idleStallMs: spread(1, 2, 40) } })
    expect(cellsOf(goalTable([caseText()], results(seen)))[1]![2]).toBe(
      "51, its own 12 at most, an idle process's 40 (Produce: to 8 partitions)",
    )
  })
})

describe('what moved since other results', () => {
  const before = results(kept({ os: { megabytesPerSecond: spread(90, 100, 110), p99Ms: spread(4, 5, 6) }, kafka: { p99Ms: steady(1) } }))
  const now = (contenders: Summaries): string[] => moved([kept(contenders)], before)

  it('is a figure whose runs are all beyond those of before, for better or for worse', () => {
    expect(now({ os: { megabytesPerSecond: spread(111, 120, 130), p99Ms: spread(6.1, 7, 8) } })).toEqual([
      'better: a-case, Ottla, os, MB/s: 100 to 120',
      'WORSE: a-case, Ottla, os, p99 ms: 5.00 to 7.00',
    ])
    expect(now({ os: { megabytesPerSecond: spread(70, 80, 89), p99Ms: spread(1, 2, 3.9) } })).toEqual([
      'WORSE: a-case, Ottla, os, MB/s: 100 to 80',
      'better: a-case, Ottla, os, p99 ms: 5.00 to 2.00',
    ])
  })

  it('is nothing whose runs touch those of before, nor what is Kafka’s, nor what is new', () => {
    expect(now({ os: { megabytesPerSecond: spread(110, 120, 130), p99Ms: spread(6, 7, 8) } })).toEqual([])
    expect(now({ kafka: { p99Ms: steady(9) }, fsync: { p99Ms: steady(9) }, os: { p50Ms: steady(9) } })).toEqual([])
    expect(moved([kept({ os: { p99Ms: steady(99) } }, 'another')], before)).toEqual([])
    expect(moved([kept({ os: { p99Ms: steady(99) } })], undefined)).toEqual([])
  })
})
