import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { latenciesOf, liveLine, summary } from '../../src/cli/bench/bench-text.ts'
import { Measurement } from '../../src/client/load/measurement.ts'
import { OttlaForCommands } from './ottla-for-commands.ts'

let ottla: OttlaForCommands
beforeAll(async () => {
  ottla = await OttlaForCommands.start()
})
afterAll(() => ottla.stop())

const SHORT = ['--seconds', '0.2', '--warm-up-seconds', '0']
const bench = (...commandLine: string[]) => ottla.run(['bench', ...commandLine])
const topicNames = async (): Promise<string[]> =>
  (JSON.parse((await ottla.run(['topic', 'list', '--json'])).printed) as { name: string }[]).map(({ name }) => name)

describe('ottla bench', () => {
  it('produces to a topic of its own, which it deletes again', async () => {
    const { code, printed, said } = await bench('produce', ...SHORT)
    expect({ code, said }).toEqual({ code: 0, said: '' })
    expect(printed).toMatch(/^produced to "ottla-bench" on \S+: 8 partitions, 4 connections with 5 requests in flight, acks=all\n/)
    expect(printed).toMatch(/^rate +[\d,]+ records\/s/m)
    expect(printed).toMatch(/^latency +p50 /m)
    expect(await topicNames()).toEqual([])
  })

  it.each(['all', '1'])('counts the records that are in the topic, with acks=%s', async (acks) => {
    const topic = `kept-${acks}`
    const { said, printed } = await bench(
      'produce',
      ...SHORT,
      '--topic',
      topic,
      '--acks',
      acks,
      '--partitions',
      '3',
      '--keep-topic',
      '--json',
    )
    expect(said).toBe(`topic "${topic}" is kept: ottla topic delete ${topic} deletes it\n`)
    const produced = JSON.parse(printed) as { records: number; recordsPerBatch: number; partitions: number }
    expect(produced).toMatchObject({ benchmark: 'produce', partitions: 3, recordsPerBatch: 64, acks })
    expect(produced.records).toBeGreaterThan(0)
    const consumed = async (...flags: string[]): Promise<number> =>
      (JSON.parse((await bench('consume', '--topic', topic, '--json', ...flags)).printed) as { records: number }).records
    // acks=1 acknowledges what is written, and readers get what is synced: a moment later
    await expect.poll(consumed).toBeGreaterThanOrEqual(produced.records) // what was on its way at the end, too
    await expect.poll(async () => (await consumed('--each-reads-all', '--connections', '2')) - 2 * (await consumed())).toBe(0)
  })

  it('writes what nobody acknowledges', async () => {
    const { printed } = await bench('produce', ...SHORT, '--acks', '0')
    expect(printed).toMatch(/acks=0\n\ntotal +[1-9]/)
  })

  it('writes at a pace', async () => {
    const { printed } = await bench(
      'produce',
      '--seconds',
      '0.5',
      '--warm-up-seconds',
      '0',
      '--rate',
      '1000',
      '--batch-bytes',
      '10',
      '--json',
    )
    const { records, recordsPerBatch } = JSON.parse(printed) as { records: number; recordsPerBatch: number }
    expect(recordsPerBatch).toBe(1)
    expect(records).toBeGreaterThan(0)
    expect(records).toBeLessThanOrEqual(1000) // half of it in half a second, and what a late start has to catch up with
  })

  it('measures records from end to end', async () => {
    const { code, printed } = await bench('latency', ...SHORT, '--rate', '500', '--partitions', '3', '--json')
    const { records, latency, acknowledgement } = JSON.parse(printed) as Record<string, { p50Ms: number }> & { records: number }
    expect(code).toBe(0)
    expect(records).toBeGreaterThan(0)
    expect(latency!.p50Ms).toBeGreaterThan(0)
    expect(acknowledgement!.p50Ms).toBeGreaterThan(0)
    expect((await bench('latency', ...SHORT)).printed).toMatch(/^end to end through "ottla-bench" on \S+: 1 partition, 1,000 records\/s/)
  })

  it('reads what comes, and what is there again and again', async () => {
    await bench('produce', ...SHORT, '--topic', 'read', '--keep-topic')
    const consume = async (...flags: string[]) =>
      JSON.parse((await bench('consume', '--topic', 'read', '--json', ...flags)).printed) as { records: number }
    const { records } = await consume()
    expect((await consume('--repeat', '--seconds', '0.5')).records).toBeGreaterThan(records)
    const [followed, written] = await Promise.all([
      consume('--follow', '--seconds', '0.8'),
      bench('produce', '--topic', 'read', '--seconds', '0.3', '--warm-up-seconds', '0', '--json'),
    ])
    expect(written.code).toBe(0)
    expect(followed.records).toBeGreaterThan(0)
  })

  it('says what is wrong, and leaves nothing behind', async () => {
    const before = await topicNames()
    expect(await bench('consume', '--topic', 'nowhere')).toMatchObject({
      code: 4,
      said: expect.stringContaining('there is no topic "nowhere"'),
    })
    await ottla.run(['topic', 'create', 'empty', '--partitions', '2'])
    expect((await bench('consume', '--topic', 'empty')).said).toContain(
      'topic "empty" is empty. Write to it with: ottla bench produce --topic empty',
    )
    expect((await bench('produce', '--topic', 'empty', '--partitions', '3')).said).toContain('is there with 2 partitions')
    expect((await bench('produce', '--topic', 'empty', '--config', 'durability=os')).said).toContain('with its own configs')
    expect((await bench('produce', '--batch-bytes', '2000000', '--record-bytes', '2000000')).said).toMatch(
      /partition \d: .*MESSAGE_TOO_LARGE/s,
    )
    expect((await bench('consume', '--repeat', '--follow')).code).toBe(2)
    expect((await bench('produce', '--rate', '0')).code).toBe(2)
    expect((await bench('produce', ...SHORT, '--broker-pid', '999999999')).said).toContain('--broker-pid needs Linux')
    expect(await topicNames()).toEqual([...before, 'empty'].sort())
  })

  it.runIf(process.platform === 'linux')('tells what the broker takes', async () => {
    const { printed } = await bench('produce', ...SHORT, '--broker-pid', String(process.pid), '--json')
    const { broker } = JSON.parse(printed) as { broker: { cpuSeconds: number; peakMegabytes: number } }
    expect(broker.cpuSeconds).toBeGreaterThan(0)
    expect(broker.peakMegabytes).toBeGreaterThan(1)
  })
})

describe('the text of a benchmark', () => {
  const measured = (): Measurement => {
    let nowMs = 0
    const measurement = new Measurement(() => nowMs)
    nowMs = 2000
    for (let ms = 1; ms <= 100; ms++) measurement.answered(nowMs - ms / 10)
    measurement.count(4000, 3_000_000)
    return measurement
  }

  it('has the rate, the percentiles and a histogram whose shares are a hundred percent', () => {
    const text = summary('title', { ...measured().total(), broker: { cpuSeconds: 1, peakBytes: 5e7 } }, 'until it was there')
    expect(text.split('\n').slice(0, 6)).toEqual([
      'title',
      '',
      'total    4,000 records, 3.0 MB in 2.0 s',
      'rate     2,000 records/s   1.5 MB/s   50 requests/s',
      'broker   0.50 cores   333.33 CPU s/GB   10000.0 CPU µs/request   50 MB at most',
      expect.stringMatching(
        /^latency {2}p50 5\.0\d ms {3}p90 9\.0\d ms {3}p99 9\.9\d ms {3}p99\.9 10\.0 ms {3}max 10\.0 ms {2}until it was there$/,
      ),
    ])
    const shares = [...text.matchAll(/([\d.]+)%$/gm)].map(([, share]) => Number(share))
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(100, 0)
  })

  it('has percentiles as data', () => {
    expect(latenciesOf(measured().total().latencies)).toMatchObject({
      minMs: 0.1,
      p90Ms: expect.closeTo(9, 1),
      maxMs: expect.closeTo(10, 1),
    })
  })

  it('is one line while it runs', () => {
    expect(liveLine([1, 8, 4], measured().lately(), 10)).toMatch(
      /^3 of 10 s {2}▂█▅ {2}2,000 records\/s, 1\.5 MB\/s {2}p50 5\.0\d ms, p99 9\.9\d ms$/,
    )
  })
})
