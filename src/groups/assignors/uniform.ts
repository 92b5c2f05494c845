// The assignor `uniform`: as even as the subscriptions allow, and whoever had a partition keeps it where that is no less even.

import type { Assigned, AssignorInput, AssignorMember } from './assignor.ts'
import { levelLoads } from './level-loads.ts'
import { addPartition, countOf, hasPartition, type MutablePartitions, sortedIndexes } from './partitions.ts'

export function assignUniform(input: AssignorInput): Assigned {
  const assigned = new Map<string, MutablePartitions>(input.members.map(({ memberId }) => [memberId, new Map()]))
  const free = keepTargets(input, assigned)
  if (haveSameTopics(input.members)) assignEvenly(input.members, assigned, free)
  else assignAmongSubscribers(input, assigned, free)
  return assigned
}

type Working = ReadonlyMap<string, MutablePartitions>
type Place = readonly [topicId: string, index: number]

/** Everybody keeps what it had of what it is subscribed to; answers the rest. Of two that had the same, the first keeps it. */
function keepTargets({ members, partitionCounts }: AssignorInput, assigned: Working): Place[] {
  const taken: MutablePartitions = new Map()
  for (const { memberId, topicIds, target } of members) {
    for (const [topicId, indexes] of target) {
      const count = topicIds.has(topicId) ? (partitionCounts.get(topicId) ?? 0) : 0
      for (const index of sortedIndexes(indexes)) {
        if (index >= count || hasPartition(taken, topicId, index)) continue
        addPartition(taken, topicId, index)
        addPartition(assigned.get(memberId)!, topicId, index)
      }
    }
  }
  const subscribed = new Set(members.flatMap(({ topicIds }) => [...topicIds]))
  const free: Place[] = []
  for (const [topicId, count] of partitionCounts) {
    if (!subscribed.has(topicId)) continue
    for (let index = 0; index < count; index++) if (!hasPartition(taken, topicId, index)) free.push([topicId, index])
  }
  return free
}

function haveSameTopics([first, ...others]: readonly AssignorMember[]): boolean {
  return others.every(({ topicIds }) => {
    if (topicIds === first!.topicIds) return true
    return topicIds.size === first!.topicIds.size && [...topicIds].every((topicId) => first!.topicIds.has(topicId))
  })
}

/** Each gets the same number, but that some have one more; those that had more than that give up their last ones. */
function assignEvenly(members: readonly AssignorMember[], assigned: Working, free: Place[]): void {
  const loads = members.map(({ memberId }) => countOf(assigned.get(memberId)!))
  const total = loads.reduce((sum, load) => sum + load, free.length)
  const each = Math.floor(total / members.length)
  let larger = total % members.length
  for (const [place, { memberId }] of members.entries()) {
    const quota = loads[place]! > each && larger > 0 ? each + 1 : each
    if (loads[place]! > each && larger > 0) larger--
    const surplus = loads[place]! - quota
    if (surplus > 0) free.push(...takeLast(assigned.get(memberId)!, surplus))
    loads[place] = Math.min(loads[place]!, quota)
  }
  for (const [place, { memberId }] of members.entries()) {
    if (loads[place]! > each) continue
    const quota = larger > 0 ? each + 1 : each
    if (larger > 0) larger--
    for (const [topicId, index] of free.splice(0, quota - loads[place]!)) addPartition(assigned.get(memberId)!, topicId, index)
  }
}

function takeLast(partitions: MutablePartitions, count: number): Place[] {
  const places = [...partitions].flatMap(([topicId, indexes]) => sortedIndexes(indexes).map((index): Place => [topicId, index]))
  const taken = places.slice(places.length - count)
  for (const [topicId, index] of taken) {
    partitions.get(topicId)!.delete(index)
    if (partitions.get(topicId)!.size === 0) partitions.delete(topicId)
  }
  return taken
}

/** Each free partition goes to the subscriber that has the fewest; then partitions move until no more evenness is to be had. */
function assignAmongSubscribers({ members }: AssignorInput, assigned: Working, free: readonly Place[]): void {
  const loads = new Map(members.map(({ memberId }) => [memberId, countOf(assigned.get(memberId)!)]))
  const subscribers = new Map<string, string[]>()
  for (const { memberId, topicIds } of members)
    for (const topicId of topicIds) subscribers.set(topicId, [...(subscribers.get(topicId) ?? []), memberId])
  for (const [topicId, index] of free) {
    const least = subscribers.get(topicId)!.reduce((best, memberId) => (loads.get(memberId)! < loads.get(best)! ? memberId : best))
    addPartition(assigned.get(least)!, topicId, index)
    loads.set(least, loads.get(least)! + 1)
  }
  levelLoads(assigned, loads, subscribers)
}
