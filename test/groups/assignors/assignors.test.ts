// What every assignment must be, whatever the members and topics; and what it must not change.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Assigned, AssignorInput, AssignorMember } from '../../../src/groups/assignors/assignor.ts'
import { countOf, eachPartition, hasPartition, NO_PARTITIONS, type Partitions } from '../../../src/groups/assignors/partitions.ts'
import { assignRange } from '../../../src/groups/assignors/range.ts'
import { assignUniform } from '../../../src/groups/assignors/uniform.ts'

const TOPICS = ['t0', 't1', 't2', 't3', 't4']

const partitionCounts = fc
  .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: TOPICS.length })
  .map((counts) => new Map(counts.map((count, place) => [TOPICS[place]!, count])))
const topicIds = fc.subarray(TOPICS, { minLength: 0 }).map((names) => new Set(names))
/** What is left of targets of earlier days: partitions and topics that are no more are among it. */
const target = fc
  .array(fc.tuple(fc.constantFrom(...TOPICS, 'gone'), fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 6 })), {
    maxLength: 4,
  })
  .map((entries): Partitions => new Map(entries.map(([id, indexes]) => [id, new Set(indexes)])))

const member = (
  memberId: string,
  ids: ReadonlySet<string>,
  held: Partitions = NO_PARTITIONS,
  instanceId: string | null = null,
): AssignorMember => ({ memberId, instanceId, topicIds: ids, target: held })

const inputOf = (subscriptions: fc.Arbitrary<ReadonlySet<string>[]>): fc.Arbitrary<AssignorInput> =>
  fc.tuple(partitionCounts, subscriptions, fc.array(target, { minLength: 8, maxLength: 8 })).map(([counts, sets, targets]) => ({
    partitionCounts: counts,
    members: sets.map((ids, place) => member(`m${place}`, new Set([...ids].filter((id) => counts.has(id))), targets[place])),
  }))
const anyInput = inputOf(fc.array(topicIds, { minLength: 1, maxLength: 8 }))
const inputWithOneSubscription = inputOf(
  fc.tuple(topicIds, fc.integer({ min: 1, max: 8 })).map(([ids, count]) => Array.from({ length: count }, () => ids)),
)

const loads = (assigned: Assigned): Map<string, number> =>
  new Map([...assigned].map(([memberId, partitions]) => [memberId, countOf(partitions)]))
const subscribersOf = ({ members }: AssignorInput, id: string): AssignorMember[] => members.filter((one) => one.topicIds.has(id))

const subscribedPartitions = (input: AssignorInput): string[] => {
  const wanted = [...input.partitionCounts].filter(([id]) => subscribersOf(input, id).length > 0)
  return wanted.flatMap(([id, count]) => Array.from({ length: count }, (_, index) => `${id} ${index}`)).toSorted()
}
const assignedPartitions = (assigned: Assigned): string[] =>
  [...assigned.values()].flatMap((partitions) => [...eachPartition(partitions)].map(([id, index]) => `${id} ${index}`)).toSorted()

/** By how much a member is ahead of those who could take a partition from it, through whatever chain. */
function steepest(input: AssignorInput, assigned: Assigned): number {
  const counts = loads(assigned)
  const differences = input.members.map(({ memberId }) => {
    const reached = new Set([memberId])
    for (const from of reached)
      for (const id of assigned.get(from)!.keys()) for (const subscriber of subscribersOf(input, id)) reached.add(subscriber.memberId)
    return counts.get(memberId)! - Math.min(...[...reached].map((one) => counts.get(one)!))
  })
  return Math.max(...differences)
}

const kept = (input: AssignorInput, assigned: Assigned): number =>
  input.members.reduce((sum, { memberId, target: held }) => {
    const still = [...eachPartition(held)].filter(([id, index]) => hasPartition(assigned.get(memberId)!, id, index))
    return sum + still.length
  }, 0)
const withTargets = (input: AssignorInput, assigned: Assigned): AssignorInput => ({
  ...input,
  members: input.members.map((one) => ({ ...one, target: assigned.get(one.memberId)! })),
})

describe.each([
  ['uniform', assignUniform],
  ['range', assignRange],
])('%s', (_name, assign) => {
  it('gives every partition to one member, which is subscribed to its topic', () => {
    const property = fc.property(anyInput, (input) => {
      const assigned = assign(input)
      expect(assignedPartitions(assigned)).toEqual(subscribedPartitions(input))
      for (const { memberId, topicIds: ids } of input.members)
        expect([...assigned.get(memberId)!.keys()].filter((id) => !ids.has(id))).toEqual([])
    })
    fc.assert(property, { numRuns: 500 })
  })

  it('changes nothing when nothing has changed', () => {
    const property = fc.property(anyInput, (input) => {
      const assigned = assign(input)
      expect(assign(withTargets(input, assigned))).toEqual(assigned)
    })
    fc.assert(property, { numRuns: 500 })
  })

  it('has nothing to do without members', () => {
    expect(assign({ members: [], partitionCounts: new Map([['t0', 3]]) })).toEqual(new Map())
  })
})

describe('uniform', () => {
  it('is as even as the subscriptions allow', () => {
    const property = fc.property(anyInput, (input) => {
      expect(steepest(input, assignUniform(input))).toBeLessThanOrEqual(1)
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('gives members with one subscription the same number, or one more', () => {
    const property = fc.property(inputWithOneSubscription, (input) => {
      const counts = [...loads(assignUniform(input)).values()]
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    })
    fc.assert(property, { numRuns: 500 })
  })

  it('moves nothing but what a newcomer gets', () => {
    const property = fc.property(inputWithOneSubscription, (input) => {
      const before = withTargets(input, assignUniform(input))
      const newcomer = member('zz', before.members[0]!.topicIds)
      const after = assignUniform({ ...before, members: [...before.members, newcomer] })
      const total = [...loads(after).values()].reduce((sum, load) => sum + load, 0)
      expect(kept(before, after)).toBe(total - countOf(after.get('zz')!))
    })
    fc.assert(property, { numRuns: 500 })
  })

  it('moves nothing but what somebody had who is gone', () => {
    const property = fc.property(inputWithOneSubscription, (input) => {
      fc.pre(input.members.length > 1)
      const before = withTargets(input, assignUniform(input))
      const [, ...staying] = before.members
      const after = assignUniform({ ...before, members: staying })
      const had = staying.reduce((sum, one) => sum + countOf(one.target), 0)
      expect(kept({ ...before, members: staying }, after)).toBe(had)
    })
    fc.assert(property, { numRuns: 500 })
  })
})

describe('range', () => {
  it('gives the same partitions of topics that have as many, to those who read all of them', () => {
    const ids = new Set(['t0', 't1'])
    const counts = new Map([...ids].map((id) => [id, 5]))
    const assigned = assignRange({ members: [member('b', ids), member('a', ids)], partitionCounts: counts })
    const [first, second] = [new Set([0, 1, 2]), new Set([3, 4])]
    expect(assigned.get('a')).toEqual(new Map([...ids].map((id) => [id, first])))
    expect(assigned.get('b')).toEqual(new Map([...ids].map((id) => [id, second])))
  })

  it('leaves a static member its place under another member id', () => {
    const ids = new Set(['t0'])
    const assign = (firstId: string): Assigned => {
      const members = [member(firstId, ids, NO_PARTITIONS, 'i1'), member('m2', ids, NO_PARTITIONS, 'i2')]
      return assignRange({ members, partitionCounts: new Map([['t0', 4]]) })
    }
    expect(assign('z9').get('z9')).toEqual(assign('m1').get('m1'))
  })
})
