import { describe, expect, it } from 'vitest'
import { type GroupBreach, type GroupEvent, judgeGroup } from './group-judge.ts'

const TOPIC = [
  ['a', 'b', 'c', 'd'],
  ['e', 'f'],
]

/** "A +0,1@3" is assigned partitions 0 and 1 in generation 3, "A -0" loses one, "A 0:2" processes offset 2 of partition 0, "A 0^3" commits 3, "A gone". */
function eventOf(line: string, at: number): GroupEvent {
  const [member, what] = line.split(' ') as [string, string]
  const told = { at, member }
  const [, sign, list, generation] = /^([+-])([\d,]*)(?:@(\d+))?$/.exec(what) ?? []
  const partitions = (list ?? '').split(',').filter(Boolean).map(Number)
  if (sign === '+')
    return { ...told, event: 'assigned', partitions, ...(generation === undefined ? {} : { generation: Number(generation) }) }
  if (sign === '-') return { ...told, event: 'revoked', partitions }
  if (what === 'gone') return { ...told, event: 'gone' }
  const [partition, offset] = what.split(/[:^]/).map(Number) as [number, number]
  if (what.includes('^')) return { ...told, event: 'committed', partition, offset }
  return { ...told, event: 'record', partition, offset, value: TOPIC[partition]![offset]! }
}

const judged = (...lines: string[]): GroupBreach[] => judgeGroup(lines.map(eventOf), TOPIC)
/** For logs that do not process everything. */
const kinds = (...lines: string[]): string[] =>
  judged(...lines)
    .map(({ kind }) => kind)
    .filter((kind) => kind !== 'undelivered')

describe('the verdict on the members of a group', () => {
  it('accepts members that process everything, and begin anew at what was committed', () => {
    expect(
      judged('A +0,1', 'A 0:0', 'A 0:1', 'A 0^1', 'A -0,1', 'A +1', 'B +0', 'B 0:1', 'B 0:2', 'A 1:0', 'A 1:1', 'B 0:3', 'B 0^4'),
    ).toEqual([])
  })

  it('misses a record that nobody processed', () => {
    expect(judged('A +0,1', 'A 0:0', 'A 0:1', 'A 1:0', 'A 1:1')).toEqual([
      { kind: 'undelivered', message: 'offset 2 of partition 0 was processed by nobody, of 4' },
    ])
  })

  it('sees another value than the topic has', () => {
    const event: GroupEvent = { at: 0, member: 'A', event: 'record', partition: 1, offset: 0, value: 'x' }
    expect(judgeGroup([event], TOPIC)[0]).toEqual({ kind: 'altered', message: 'A took offset 0 of partition 1 as x, and it is e' })
  })

  it('sees a member that starts past what was processed, whatever was committed', () => {
    expect(kinds('A +0', 'A 0:0', 'A -0', 'B +0', 'B 0:2')).toEqual(['skipped'])
    expect(kinds('A +0', 'A 0:0', 'A 0^3', 'A -0', 'B +0', 'B 0:3')).toEqual(['skipped'])
    expect(kinds('B 0:1')).toEqual(['skipped'])
  })

  it('sees a member that starts before the last commit, but not one that starts before what was processed', () => {
    expect(kinds('A +0', 'A 0:0', 'A 0:1', 'A 0^2', 'A -0', 'B +0', 'B 0:1')).toEqual(['forgotten'])
    expect(kinds('A +0', 'A 0:0', 'A 0:1', 'A -0', 'B +0', 'B 0:0')).toEqual([])
  })

  it('sees a record left out, and one repeated, within an assignment', () => {
    expect(kinds('A +0', 'A 0:0', 'A 0:2')).toEqual(['skipped', 'unordered'])
    expect(kinds('A +0', 'A 0:0', 'A 0:1', 'A 0:0')).toEqual(['unordered'])
    expect(kinds('A +0', 'A 0:0', 'A 0:1', 'A -0', 'A +0', 'A 0:0')).toEqual([])
  })

  it('sees a partition with two owners at a time, unless the first is gone', () => {
    expect(kinds('A +0', 'B +0')).toEqual(['shared'])
    expect(kinds('A +0', 'A -0', 'B +0')).toEqual([])
    expect(kinds('A +0', 'A gone', 'B +0')).toEqual([])
    expect(kinds('A +0', 'A gone', 'B +0', 'A -0', 'C +0')).toEqual(['shared'])
  })

  it('sees a partition with two owners in a generation, also one that a member kept from an earlier one', () => {
    expect(kinds('A +0@1', 'A -0', 'B +0@1')).toEqual(['shared'])
    expect(kinds('A +0@1', 'A -0', 'B +0@2')).toEqual([])
    expect(kinds('A +0@1', 'A +1@2', 'A -0', 'B +0@2')).toEqual(['shared'])
    expect(kinds('A +0@1', 'A gone', 'B +0@1')).toEqual([])
  })

  it('does not believe the order between members that tell no time', () => {
    const heard = (...lines: string[]): string[] =>
      judgeGroup(
        lines.map((line, at) => ({ ...eventOf(line, at), isHeard: true })),
        TOPIC,
      ).map(({ kind }) => kind)
    expect(heard('A +0,1', 'B +0,1', 'B 0:2', 'B 0:3', 'A -0,1', 'A 0:0', 'A 0:1', 'A 1:0', 'A 1:1')).toEqual([])
    expect(heard('A +0,1', 'B +0', 'B 0:2', 'B 0:3', 'A 0:0', 'A 1:0', 'A 1:1')).toEqual(['undelivered'])
  })
})
