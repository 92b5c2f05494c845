// The groups of one partition of `__consumer_offsets`, read from it when the first of them is asked for. What the log says is the truth: when it cannot be
// written, the shard has failed, everything in memory is dropped, and the next one reads the log anew.

import type { Counter } from '../lib/counters.ts'
import { Refusal } from '../wire/error-codes.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import { ConsumerGroupReplay } from './consumer/consumer-group-replay.ts'
import type { Group } from './group.ts'
import { GroupLog, type GroupLogOptions } from './group-log.ts'
import type { GroupServices } from './group-services.ts'
import { GroupOffsets } from './offsets/group-offsets.ts'
import type { GroupRecord, GroupRecordDraft } from './records/group-record.ts'

export interface ShardOptions extends Omit<GroupLogOptions, 'failed'> {
  readonly services: Omit<GroupServices, 'write' | 'reload' | 'replace'>
  /** Counts the offsets that are committed. */
  readonly commits: Counter
}

export class Shard {
  readonly partitionIndex: number
  readonly groups = new Map<string, Group>()
  readonly offsets: GroupOffsets
  readonly services: GroupServices
  readonly #log: GroupLog
  #failure: Refusal | undefined
  #logFailedAtMs: number | undefined

  /** Reads its log. Throws a Refusal when that is not possible. */
  static async load(options: ShardOptions): Promise<Shard> {
    const shard = new Shard(options)
    await shard.#replay()
    return shard
  }

  private constructor({ services, commits, ...options }: ShardOptions) {
    this.partitionIndex = options.partitionIndex
    this.offsets = new GroupOffsets((records) => this.write(records), commits)
    this.#log = new GroupLog({ ...options, failed: (refusal) => this.#logFailed(refusal) })
    this.services = {
      ...services,
      write: (records) => this.write(records),
      reload: () => this.end(new Refusal('NOT_COORDINATOR', 'the groups are read anew')),
      replace: (group) => void this.groups.set(group.groupId, group),
    }
  }

  /** Why it is of no use any more: its log could not be written, or the broker stops. */
  get failure(): Refusal | undefined {
    return this.#failure
  }

  /** On the monotonic clock; undefined when it did not. */
  get logFailedAtMs(): number | undefined {
    return this.#logFailedAtMs
  }

  write(records: readonly GroupRecordDraft[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return this.#log.write(records)
  }

  /** Throws GROUP_ID_NOT_FOUND. */
  group(groupId: string): Group {
    const group = this.groups.get(groupId)
    if (group === undefined) throw new Refusal('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`)
    return group
  }

  /** The group of that id, made as a classic one without members when there is none: nothing is written of it yet. */
  classicGroup(groupId: string): Group {
    const existing = this.groups.get(groupId)
    if (existing !== undefined) return existing
    const group = ClassicGroup.empty(groupId, this.services)
    this.groups.set(groupId, group)
    return group
  }

  /** The group and all it has committed are gone, durably. */
  async delete(groupId: string, reason = 'the group was deleted'): Promise<void> {
    const group = this.group(groupId)
    group.checkDelete()
    const places = this.offsets.places(groupId)
    const tombstones = group.tombstones()
    this.groups.delete(groupId)
    group.close(new Refusal('GROUP_ID_NOT_FOUND', `group ${groupId} was deleted`))
    await this.offsets.delete(places, tombstones)
    this.services.note(groupId, { kind: 'empty', memberId: null, clientId: null, generation: -1, reason })
  }

  /** Everything in memory is dropped: who waits is refused. */
  end(refusal: Refusal): void {
    this.#failure ??= refusal
    for (const group of this.groups.values()) group.close(this.#failure)
  }

  /** What was written is on disk, or refused. */
  idle(): Promise<void> {
    return this.#log.idle()
  }

  #logFailed(refusal: Refusal): void {
    const { clock, diagnostics } = this.services
    this.#logFailedAtMs = clock.monotonic()
    diagnostics.warn('groups are not coordinated until their log takes writes', { partition: this.partitionIndex, reason: refusal.message })
    this.end(refusal)
  }

  async #replay(): Promise<void> {
    const classic = new Map<string, GroupRecord & { kind: 'groupMetadata' }>()
    const consumer = new ConsumerGroupReplay()
    const { diagnostics } = this.services
    const passedOver = (offset: number, error: unknown): void =>
      diagnostics.warn('a record of __consumer_offsets cannot be read; it is passed over', {
        partition: this.partitionIndex,
        offset,
        error: String(error),
      })
    for await (const record of this.#log.replay(passedOver)) {
      if (record.kind === 'offsetCommit') this.offsets.committed.replay(record)
      else if (record.kind !== 'groupMetadata') consumer.replay(record)
      else if (record.value === null) classic.delete(record.key.group)
      else classic.set(record.key.group, record)
    }
    for (const { key, value } of classic.values()) this.#add(ClassicGroup.restored(key.group, value!, this.services))
    for (const group of consumer.groups(this.services)) this.#add(group)
    for (const groupId of this.offsets.committed.groupIds) this.classicGroup(groupId)
  }

  #add(group: Group): void {
    this.groups.set(group.groupId, group)
  }
}
