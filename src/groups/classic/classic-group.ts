// A classic group: members join, the leader assigns, all get their part (Kafka's protocol of before KIP-848).

import type { Infer } from '../../wire/schema.ts'
import { Refusal } from '../../wire/error-codes.ts'
import type { Committer, Group, GroupState } from '../group.ts'
import type { GroupServices } from '../group-services.ts'
import type { GroupRecordDraft } from '../records/group-record.ts'
import type { GROUP_RECORDS } from '../records/record-schemas.ts'

export type GroupMetadataValue = Infer<typeof GROUP_RECORDS.groupMetadata.value.fields>

export class ClassicGroup implements Group {
  readonly type = 'classic'
  readonly groupId: string
  readonly #services: GroupServices
  readonly #sinceMs: number

  /** Without members, and nothing of it is on disk. */
  static empty(groupId: string, services: GroupServices): ClassicGroup {
    return new ClassicGroup(groupId, services)
  }

  static restored(groupId: string, _value: GroupMetadataValue, services: GroupServices): ClassicGroup {
    return new ClassicGroup(groupId, services)
  }

  private constructor(groupId: string, services: GroupServices) {
    this.groupId = groupId
    this.#services = services
    this.#sinceMs = services.clock.now()
  }

  get protocolType(): string {
    return ''
  }

  get state(): GroupState {
    return 'Empty'
  }

  get emptySinceMs(): number | undefined {
    return this.#sinceMs
  }

  join(): Promise<never> {
    throw new Refusal('COORDINATOR_NOT_AVAILABLE')
  }

  sync(): Promise<never> {
    throw new Refusal('UNKNOWN_MEMBER_ID')
  }

  heartbeat(): Promise<never> {
    throw new Refusal('UNKNOWN_MEMBER_ID')
  }

  leave(): Promise<never> {
    throw new Refusal('UNKNOWN_MEMBER_ID')
  }

  checkCommit({ generationId }: Committer): void {
    if (generationId >= 0) throw new Refusal('UNKNOWN_MEMBER_ID')
  }

  checkFetch(): void {
    // anybody may
  }

  checkDelete(): void {
    // it has no members
  }

  checkOffsetDelete(): void {
    // it has no members
  }

  isSubscribedTo(): boolean {
    return false
  }

  tombstones(): readonly GroupRecordDraft[] {
    return []
  }

  close(): void {
    void this.#services
  }
}
