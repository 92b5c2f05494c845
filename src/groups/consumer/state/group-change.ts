// A run of records that belong together: each is in force for what comes after it, and all of them go to the log at once; with what is to be told of it to people.

import type { GroupEvent } from '../../group-history.ts'
import type { ConsumerRecord } from './consumer-records.ts'
import type { ConsumerGroupState } from './group-state.ts'
import type { MemberFacts } from './member.ts'

export class GroupChange {
  readonly state: ConsumerGroupState
  readonly records: ConsumerRecord[] = []
  readonly events: Omit<GroupEvent, 'timeMs'>[] = []

  constructor(state: ConsumerGroupState) {
    this.state = state
  }

  add(...records: readonly ConsumerRecord[]): void {
    for (const record of records) {
      this.state.apply(record)
      this.records.push(record)
    }
  }

  /** Without a member it is the group's own. */
  note({ kind, reason, member }: { kind: GroupEvent['kind']; reason: string; member?: MemberFacts }): void {
    const { memberId, clientId } = member ?? { memberId: null, clientId: null }
    this.events.push({ kind, memberId, clientId, generation: this.state.groupEpoch, reason })
  }
}
