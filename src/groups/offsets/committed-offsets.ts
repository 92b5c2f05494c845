// What groups have committed, by group, topic and partition: what a shard's log says, and nothing that is not on disk yet. An offset belongs to the topic by its
// id: one that was made again under the same name has none of it.

import { ZERO_UUID } from '../../wire/uuid.ts'
import type { GroupRecord, GroupRecordDraft } from '../records/group-record.ts'

export interface CommittedOffset {
  readonly offset: number
  /** -1 when the committer did not say. */
  readonly leaderEpoch: number
  readonly metadata: string
  /** Since 1970. */
  readonly commitTimestampMs: number
  /** When the committer had it expire; -1 when that is for the broker to say. */
  readonly expireTimestampMs: number
  /** Zeros in what was committed before brokers noted it. */
  readonly topicId: string
}

export interface OffsetPlace {
  readonly groupId: string
  readonly topic: string
  readonly partitionIndex: number
}

const VERSION_WITH_EXPIRY = 1 // the only one

type Partitions = Map<number, CommittedOffset>

export class CommittedOffsets {
  readonly #groups = new Map<string, Map<string, Partitions>>()
  #count = 0

  /** Of all groups. */
  get count(): number {
    return this.#count
  }

  /** The groups that have some. */
  get groupIds(): Iterable<string> {
    return this.#groups.keys()
  }

  replay({ key: { group: groupId, topic, partition: partitionIndex }, value }: GroupRecord & { kind: 'offsetCommit' }): void {
    const place = { groupId, topic, partitionIndex }
    if (value === null) return this.delete(place)
    const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId } = value
    this.set(place, { offset, leaderEpoch, metadata, commitTimestampMs: commitTimestamp, expireTimestampMs: expireTimestamp, topicId })
  }

  /** Overwrites what was committed there before. */
  set({ groupId, topic, partitionIndex }: OffsetPlace, committed: CommittedOffset): void {
    const topics = entryOf(this.#groups, groupId, () => new Map<string, Partitions>())
    const partitions = entryOf(topics, topic, () => new Map<number, CommittedOffset>())
    if (!partitions.has(partitionIndex)) this.#count++
    partitions.set(partitionIndex, committed)
  }

  delete({ groupId, topic, partitionIndex }: OffsetPlace): void {
    const topics = this.#groups.get(groupId)
    const partitions = topics?.get(topic)
    if (topics === undefined || partitions?.delete(partitionIndex) !== true) return
    this.#count--
    if (partitions.size === 0) topics.delete(topic)
    if (topics.size === 0) this.#groups.delete(groupId)
  }

  /** undefined when nothing was committed there for the topic with that id. */
  get({ groupId, topic, partitionIndex }: OffsetPlace, topicId: string): CommittedOffset | undefined {
    const committed = this.#groups.get(groupId)?.get(topic)?.get(partitionIndex)
    return committed === undefined || !isOf(committed, topicId) ? undefined : committed
  }

  has(groupId: string): boolean {
    return this.#groups.has(groupId)
  }

  /** By topic name and partition. */
  of(groupId: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> {
    return this.#groups.get(groupId) ?? new Map<string, Partitions>()
  }

  /** Every place of a group whose offset `isMeant`. */
  places(groupId: string, isMeant: (place: OffsetPlace, committed: CommittedOffset) => boolean): OffsetPlace[] {
    const found: OffsetPlace[] = []
    for (const [topic, partitions] of this.of(groupId))
      for (const [partitionIndex, committed] of partitions) {
        const place = { groupId, topic, partitionIndex }
        if (isMeant(place, committed)) found.push(place)
      }
    return found
  }
}

/** Whether what was committed for a topic of that name is for the one with that id. */
export function isOf({ topicId }: CommittedOffset, id: string): boolean {
  return topicId === id || topicId === ZERO_UUID
}

export function offsetRecord(
  { groupId: group, topic, partitionIndex: partition }: OffsetPlace,
  committed: CommittedOffset | null,
): GroupRecordDraft {
  const key = { group, topic, partition }
  if (committed === null) return { kind: 'offsetCommit', key, value: null }
  const { offset, leaderEpoch, metadata, commitTimestampMs: commitTimestamp, expireTimestampMs: expireTimestamp, topicId } = committed
  const value = { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId }
  return { kind: 'offsetCommit', key, value, ...(expireTimestamp === -1 ? {} : { version: VERSION_WITH_EXPIRY }) }
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const existing = map.get(key)
  if (existing !== undefined) return existing
  const made = make()
  map.set(key, made)
  return made
}
