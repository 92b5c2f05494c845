// What the two kinds of groups have in common, seen from those who need not know which it is: who keeps offsets, lists, deletes. A group decides alone who may
// do what; where something may not be, it throws a Refusal with Kafka's error.

import type { Draft, Infer } from '../wire/schema.ts'
import type { heartbeat } from '../wire/messages/heartbeat.ts'
import type { joinGroup } from '../wire/messages/join-group.ts'
import type { leaveGroup } from '../wire/messages/leave-group.ts'
import type { syncGroup } from '../wire/messages/sync-group.ts'
import type { Refusal } from '../wire/error-codes.ts'
import type { GroupRecordDraft } from './records/group-record.ts'

/** As ListGroups and the describing APIs have it. `Assigning` and `Reconciling` are of the consumer protocol, the two that end in Rebalance of the classic one. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Assigning' | 'Reconciling' | 'Stable' | 'Dead'

/** Who sent a request. */
export interface Caller {
  readonly apiVersion: number
  readonly clientId: string
  /** As Kafka writes it: `/127.0.0.1`. */
  readonly clientHost: string
}

/** Who says that it may commit: -1 and '' when it says nothing. */
export interface Committer {
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** The member epoch in a group of the consumer protocol. */
  readonly generationId: number
  readonly apiVersion: number
}

/** A partition of a topic, by the id of that. */
export interface CommittedPlace {
  readonly topicId: string
  readonly partitionIndex: number
}

/** Every group has these, whatever its protocol: a classic client may be a member of a group of the consumer protocol, too (KIP-848, migration). */
export interface Group {
  readonly groupId: string
  readonly type: 'classic' | 'consumer'
  /** `consumer`, `connect`, …; '' for a group that only has offsets. */
  readonly protocolType: string
  readonly state: GroupState
  readonly memberCount: number
  /** Since when it has no members, in ms since 1970; undefined while it has some. */
  readonly emptySinceMs: number | undefined

  join(request: Infer<typeof joinGroup.request>, caller: Caller): Promise<Draft<typeof joinGroup.response>>
  sync(request: Infer<typeof syncGroup.request>, caller: Caller): Promise<Draft<typeof syncGroup.response>>
  heartbeat(request: Infer<typeof heartbeat.request>): Promise<Draft<typeof heartbeat.response>>
  leave(request: Infer<typeof leaveGroup.request>, caller: Caller): Promise<Draft<typeof leaveGroup.response>>

  /** Throws when it may not, for all of `places`; else the member counts as alive. */
  checkCommit(committer: Committer, places: readonly CommittedPlace[]): void
  /** Throws when such a member may not read offsets; null and -1 stand for somebody who need not be one. */
  checkFetch(memberId: string | null, memberEpoch: number): void
  /** Throws NON_EMPTY_GROUP while there are members. */
  checkDelete(): void
  /** Throws when offsets cannot be deleted now. */
  checkOffsetDelete(): void
  /** Whether a member reads the topic, so that its offsets must stay. */
  isSubscribedTo(topic: string): boolean
  /** The records that delete it, but for its offsets. */
  tombstones(): readonly GroupRecordDraft[]
  /** Its shard is not here any more: who waits is refused, timers end. Nothing is written. */
  close(refusal: Refusal): void
}
