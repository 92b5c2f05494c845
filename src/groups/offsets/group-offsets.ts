// The offsets of a shard's groups and how they change: a change is in memory, for readers, once it is on disk, in the order in which the changes were written.
// What is on its way is known here as well, so that a deletion also takes along what was committed just before it.

import type { Counter } from '../../lib/counters.ts'
import type { GroupRecordDraft } from '../records/group-record.ts'
import { type CommittedOffset, CommittedOffsets, offsetRecord, type OffsetPlace } from './committed-offsets.ts'

export interface OffsetChange {
  readonly place: OffsetPlace
  /** null deletes. */
  readonly committed: CommittedOffset | null
}

const PORTION_BYTES = 256 << 10 // less than a batch may have
const UTF8_BYTES_MAX = 3 // of a character
const KEY_OVERHEAD_BYTES = 40

export class GroupOffsets {
  readonly committed = new CommittedOffsets()
  readonly #write: (records: readonly GroupRecordDraft[]) => Promise<void>
  readonly #commits: Counter
  readonly #underWay = new Set<readonly OffsetChange[]>()

  constructor(write: (records: readonly GroupRecordDraft[]) => Promise<void>, commits: Counter) {
    this.#write = write
    this.#commits = commits
  }

  /** Resolves when the changes, and what is to be on disk with them, are. Rejects as GroupServices.write does: then nothing has changed. */
  async change(changes: readonly OffsetChange[], together: readonly GroupRecordDraft[] = []): Promise<void> {
    if (changes.length === 0 && together.length === 0) return
    this.#underWay.add(changes)
    try {
      await this.#write([...changes.map(({ place, committed }) => offsetRecord(place, committed)), ...together])
    } finally {
      this.#underWay.delete(changes)
    }
    for (const { place, committed } of changes) {
      if (committed === null) this.committed.delete(place)
      else this.#keep(place, committed)
    }
  }

  /** As `change`: nothing is committed for the places any more. In as many batches as it takes; `together` comes with the last. */
  async delete(places: readonly OffsetPlace[], together: readonly GroupRecordDraft[] = []): Promise<void> {
    const portions: OffsetPlace[][] = [[]]
    let size = 0
    for (const place of places) {
      size += sizeOf(place)
      if (size > PORTION_BYTES) {
        portions.push([])
        size = sizeOf(place)
      }
      portions.at(-1)!.push(place)
    }
    await Promise.all(portions.map((portion, index) => this.change(portion.map(deletion), index === portions.length - 1 ? together : [])))
  }

  #keep(place: OffsetPlace, committed: CommittedOffset): void {
    this.committed.set(place, committed)
    this.#commits.add()
  }

  /** Every place of a group where what was committed last `isMeant`, also when that is not on disk yet. */
  places(groupId: string, isMeant: (place: OffsetPlace, committed: CommittedOffset) => boolean = () => true): OffsetPlace[] {
    const latest = new Map<string, OffsetChange>() // of those under way
    for (const changes of this.#underWay)
      for (const change of changes) if (change.place.groupId === groupId) latest.set(keyOf(change.place), change)
    const settled = this.committed.places(groupId, isMeant).filter((place) => latest.size === 0 || !latest.has(keyOf(place)))
    const coming = Array.from(latest.values()).filter(({ place, committed }) => committed !== null && isMeant(place, committed))
    return [...settled, ...coming.map(({ place }) => place)]
  }

  /** Whether the group has any, or will have. */
  has(groupId: string): boolean {
    return this.#underWay.size === 0 ? this.committed.has(groupId) : this.places(groupId).length > 0
  }
}

const keyOf = ({ topic, partitionIndex }: OffsetPlace): string => `${partitionIndex} ${topic}`

const deletion = (place: OffsetPlace): OffsetChange => ({ place, committed: null })

/** Of the record that deletes it, at most. */
const sizeOf = ({ groupId, topic }: OffsetPlace): number => UTF8_BYTES_MAX * (groupId.length + topic.length) + KEY_OVERHEAD_BYTES
