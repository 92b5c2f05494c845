// Where to begin in partitions, from what a person asked for, and what their logs have.

import { EARLIEST, LATEST, offsetsAt } from '../../client/admin.ts'
import type { Cluster, TopicMetadata } from '../../client/cluster.ts'
import type { LogPoint } from '../log-point.ts'

export interface StartPosition {
  readonly partition: number
  /** One that the log has, or its end. */
  readonly offset: number
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** What a person should know of it. */
  readonly note?: string
}

/** `committed` goes before what was asked for. */
export async function startPositions(
  cluster: Cluster,
  topic: TopicMetadata,
  partitions: readonly number[],
  from: LogPoint,
  committed: ReadonlyMap<number, number> = new Map(),
): Promise<StartPosition[]> {
  const latest = await offsetsAt(cluster, topic, partitions, LATEST)
  const earliest = await offsetsAt(cluster, topic, partitions, EARLIEST)
  const atTime = from.kind === 'time' ? await offsetsAt(cluster, topic, partitions, from.timeMs) : undefined
  return partitions.map((partition) => {
    const [first, end] = [earliest.get(partition)!.offset, latest.get(partition)!.offset]
    const found = atTime?.get(partition)?.offset ?? -1
    const asked = { earliest: first, latest: end, offset: from.kind === 'offset' ? from.offset : end, time: found === -1 ? end : found }
    const begin = committed.get(partition) ?? asked[from.kind]
    const position = { partition, offset: Math.min(Math.max(begin, first), end), logStartOffset: first, logEndOffset: end }
    if (begin < first)
      return { ...position, note: `partition ${partition} of "${topic.name}" begins at offset ${first}; the records before it are gone` }
    return begin > end ? { ...position, note: `partition ${partition} of "${topic.name}" ends before offset ${end}` } : position
  })
}
