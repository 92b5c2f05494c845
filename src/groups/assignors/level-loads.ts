// Evens out an assignment among members that are not all subscribed to the same topics: as long as a member can be relieved of a partition so that, member by
// member, one with at least two fewer gets one more, it is. What comes out cannot be made more even, whatever is moved.

import type { MutablePartitions } from './partitions.ts'
import { addPartition, sortedIndexes } from './partitions.ts'

type Assigned = ReadonlyMap<string, MutablePartitions>
/** From whom a member gets a partition, and of which topic. */
interface Step {
  readonly from: string
  readonly topicId: string
}

/** `loads` are the counts of partitions by member, `subscribers` the members by topic; both belong to `assigned`, and are kept in step. */
export function levelLoads(assigned: Assigned, loads: Map<string, number>, subscribers: ReadonlyMap<string, readonly string[]>): void {
  const settled = new Set<string>() // whoever cannot be relieved now cannot be later: loads only come closer to each other
  for (;;) {
    const most = highest(loads, settled)
    if (most === undefined) return
    const path = wayDown(most, assigned, loads, subscribers)
    if (path === undefined) settled.add(most)
    else move(path, assigned, loads)
  }
}

function highest(loads: ReadonlyMap<string, number>, settled: ReadonlySet<string>): string | undefined {
  let found: string | undefined
  for (const [memberId, load] of loads)
    if (!settled.has(memberId) && load > 1 && (found === undefined || load > loads.get(found)!)) found = memberId
  return found
}

interface Path {
  readonly to: string
  readonly steps: ReadonlyMap<string, Step>
}

/** The shortest chain of members, each subscribed to something that the one before it has, to one that has at least two fewer than the first. */
function wayDown(
  start: string,
  assigned: Assigned,
  loads: ReadonlyMap<string, number>,
  subscribers: ReadonlyMap<string, readonly string[]>,
): Path | undefined {
  const steps = new Map<string, Step>()
  const seenTopics = new Set<string>()
  const enough = loads.get(start)! - 2
  let reached = [start]
  while (reached.length > 0) {
    const next: string[] = []
    for (const from of reached) {
      for (const topicId of assigned.get(from)!.keys()) {
        if (seenTopics.has(topicId)) continue // who is subscribed to it was reached already
        seenTopics.add(topicId)
        for (const to of subscribers.get(topicId)!) {
          if (to === start || steps.has(to)) continue
          steps.set(to, { from, topicId })
          next.push(to)
        }
      }
    }
    const least = next.filter((memberId) => loads.get(memberId)! <= enough).sort((a, b) => loads.get(a)! - loads.get(b)!)[0]
    if (least !== undefined) return { to: least, steps }
    reached = next
  }
  return undefined
}

function move({ to, steps }: Path, assigned: Assigned, loads: Map<string, number>): void {
  loads.set(to, loads.get(to)! + 1)
  let receiver = to
  for (let step = steps.get(to); step !== undefined; step = steps.get(receiver)) {
    const { from, topicId } = step
    const indexes = assigned.get(from)!.get(topicId)!
    const index = sortedIndexes(indexes).at(-1)!
    indexes.delete(index)
    if (indexes.size === 0) assigned.get(from)!.delete(topicId)
    addPartition(assigned.get(receiver)!, topicId, index)
    receiver = from
  }
  loads.set(receiver, loads.get(receiver)! - 1)
}
