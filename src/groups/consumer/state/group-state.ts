// What a group of the consumer protocol is, and the only way it changes: a record is applied. Records come from the log when a shard is read, and from the
// group itself, which writes the same ones: so what is in memory is what reading the log anew would give.

import { NO_PARTITIONS, type Partitions, partitionsOf } from '../../assignors/partitions.ts'
import type { GroupState } from '../../group.ts'
import type { ConsumerRecord, ResolvedRegex } from './consumer-records.ts'
import { factsOf, heldBy, isReconciledTo, type Member, newMember, NO_PROGRESS, progressOf } from './member.ts'

const FIRST_EPOCH = 1 // of a group of which no record tells: the first member makes it 2, as in Kafka

export class ConsumerGroupState {
  readonly groupId: string
  groupEpoch = FIRST_EPOCH
  /** Of the topics that the members are subscribed to; 0 without any. */
  metadataHash = 0
  /** The group epoch that the targets belong to. */
  assignmentEpoch = FIRST_EPOCH
  assignmentTimestampMs = 0
  readonly #members = new Map<string, Member>()
  readonly #targets = new Map<string, Partitions>()
  readonly #regexes = new Map<string, ResolvedRegex>()
  readonly #holders = new Map<string, Map<number, string>>() // by topic id and partition, the member that holds it
  readonly #byInstanceId = new Map<string, string>()

  constructor(groupId: string) {
    this.groupId = groupId
  }

  get members(): ReadonlyMap<string, Member> {
    return this.#members
  }

  /** By regular expression: the topics that it matches. */
  get regexes(): ReadonlyMap<string, ResolvedRegex> {
    return this.#regexes
  }

  /** undefined when there is none. */
  staticMember(instanceId: string): Member | undefined {
    const memberId = this.#byInstanceId.get(instanceId)
    return memberId === undefined ? undefined : this.#members.get(memberId)
  }

  /** What the last assignment gives a member. */
  target(memberId: string): Partitions {
    return this.#targets.get(memberId) ?? NO_PARTITIONS
  }

  /** The member that holds the partition, or has not given it up yet; undefined when nobody has it. */
  holder(topicId: string, partitionIndex: number): string | undefined {
    return this.#holders.get(topicId)?.get(partitionIndex)
  }

  get state(): GroupState {
    if (this.#members.size === 0) return 'Empty'
    if (this.groupEpoch > this.assignmentEpoch) return 'Assigning'
    for (const member of this.#members.values()) if (!isReconciledTo(member, this.assignmentEpoch)) return 'Reconciling'
    return 'Stable'
  }

  apply(record: ConsumerRecord): void {
    switch (record.kind) {
      case 'consumerGroupMetadata':
        this.groupEpoch = record.value?.epoch ?? FIRST_EPOCH
        this.metadataHash = record.value?.metadataHash ?? 0
        return
      case 'consumerGroupTargetAssignmentMetadata':
        this.assignmentEpoch = record.value?.assignmentEpoch ?? FIRST_EPOCH
        this.assignmentTimestampMs = record.value?.assignmentTimestamp ?? 0
        return
      case 'consumerGroupTargetAssignmentMember':
        if (record.value === null) this.#targets.delete(record.key.memberId)
        else this.#targets.set(record.key.memberId, partitionsOf(record.value.topicPartitions))
        return
      case 'consumerGroupRegularExpression':
        if (record.value === null) this.#regexes.delete(record.key.regularExpression)
        else this.#regexes.set(record.key.regularExpression, record.value)
        return
      case 'consumerGroupMemberMetadata': {
        const { memberId } = record.key
        const known = this.#members.get(memberId)
        if (record.value !== null) this.#set({ ...(known ?? newMember(memberId)), ...factsOf(record.value) })
        else if (known !== undefined) this.#remove(known)
        return
      }
      case 'consumerGroupCurrentMemberAssignment': {
        const { memberId } = record.key
        const known = this.#members.get(memberId)
        if (record.value !== null) this.#set({ ...(known ?? newMember(memberId)), ...progressOf(record.value) })
        else if (known !== undefined) this.#set({ ...known, ...NO_PROGRESS })
        return
      }
      case 'consumerGroupPartitionMetadata': // of older brokers; the hash took its place
    }
  }

  #set(member: Member): void {
    const { memberId, instanceId } = member
    const known = this.#members.get(memberId)
    if (known !== undefined) this.#forget(known)
    this.#members.set(memberId, member)
    if (instanceId !== null) this.#byInstanceId.set(instanceId, memberId)
    for (const [topicId, indexes] of heldBy(member)) {
      const holders = this.#holders.get(topicId) ?? new Map<number, string>()
      this.#holders.set(topicId, holders)
      for (const index of indexes.keys()) holders.set(index, memberId)
    }
  }

  #remove(member: Member): void {
    this.#forget(member)
    this.#members.delete(member.memberId)
  }

  #forget({ memberId, instanceId, ...member }: Member): void {
    if (instanceId !== null && this.#byInstanceId.get(instanceId) === memberId) this.#byInstanceId.delete(instanceId)
    for (const [topicId, indexes] of heldBy(member)) {
      const holders = this.#holders.get(topicId)
      for (const index of indexes.keys()) if (holders?.get(index) === memberId) holders.delete(index)
      if (holders?.size === 0) this.#holders.delete(topicId)
    }
  }
}
