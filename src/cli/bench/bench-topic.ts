// The topic that a benchmark writes to: the one that is there, or one that is created for it, and deleted again.

import { createTopic, deleteTopic, LATEST, offsetsAt } from '../../client/admin.ts'
import { type Cluster, retried, type TopicMetadata } from '../../client/cluster.ts'
import { systemClock } from '../../lib/clock.ts'
import { Refusal } from '../../wire/error-codes.ts'
import { isMissing } from '../brokers.ts'
import { Failure } from '../failure.ts'
import { formatCount, type Terminal, writeLine } from '../terminal.ts'
import type { TopicOptions } from './bench-options.ts'

const LEADERS_WITHIN_MS = 60_000

export interface BenchTopic {
  readonly topic: TopicMetadata
  /** Of now. */
  readonly endOffsets: ReadonlyMap<number, number>
}

/** Uses the topic once every partition takes records. */
export async function withBenchTopic<T>(
  cluster: Cluster,
  options: TopicOptions & { readonly partitionsByDefault: number },
  { errors }: Terminal,
  use: (topic: BenchTopic) => Promise<T>,
): Promise<T> {
  const { topic: name, partitions, partitionsByDefault, config = {}, keepTopic } = options
  const isNew = !(await isThere(cluster, name))
  if (isNew) await createTopic(cluster, { name, partitionCount: partitions ?? partitionsByDefault, configs: config })
  try {
    const ready = await retried(() => endsOf(cluster, name), { clock: systemClock, forMs: LEADERS_WITHIN_MS })
    const count = ready.topic.partitions.length
    if (partitions !== undefined && count !== partitions)
      throw new Failure('refused', `topic "${name}" is there with ${formatCount(count, 'partition')}: choose another one with --topic`)
    if (!isNew && Object.keys(config).length > 0)
      throw new Failure('refused', `topic "${name}" is there, with its own configs: choose another one with --topic, or leave --config out`)
    return await use(ready)
  } finally {
    if (isNew && keepTopic === true) await writeLine(errors, `topic "${name}" is kept: ottla topic delete ${name} deletes it`)
    if (isNew && keepTopic !== true) await deleteTopic(cluster, name)
  }
}

async function isThere(cluster: Cluster, name: string): Promise<boolean> {
  try {
    await cluster.topics([name])
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** Throws a Refusal that may pass while a partition has no leader, or one that does not know yet that it is. */
async function endsOf(cluster: Cluster, name: string): Promise<BenchTopic> {
  const [topic] = await cluster.topics([name])
  if (topic!.partitions.length === 0) throw new Refusal('LEADER_NOT_AVAILABLE')
  const partitions = topic!.partitions.map(({ partition }) => partition)
  const ends = await offsetsAt(cluster, topic!, partitions, LATEST)
  return { topic: topic!, endOffsets: new Map(partitions.map((partition) => [partition, ends.get(partition)!.offset])) }
}
