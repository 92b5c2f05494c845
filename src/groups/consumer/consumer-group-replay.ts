// The groups of the consumer protocol (KIP-848), put together from their records when a shard is read.

import type { Group } from '../group.ts'
import type { GroupServices } from '../group-services.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerRecord } from './state/consumer-records.ts'
import { ConsumerGroupState } from './state/group-state.ts'

export class ConsumerGroupReplay {
  readonly #states = new Map<string, ConsumerGroupState>()

  replay(record: ConsumerRecord): void {
    const { groupId } = record.key
    if (record.kind === 'consumerGroupMetadata' && record.value === null) return void this.#states.delete(groupId)
    const state = this.#states.get(groupId) ?? new ConsumerGroupState(groupId)
    this.#states.set(groupId, state)
    state.apply(record)
  }

  /** Their members' sessions begin anew. */
  groups(services: GroupServices): readonly Group[] {
    const there = [...this.#states.values()].filter(isThere)
    for (const state of there) if (state.members.size > 0) noteLoaded(state, services)
    return there.map((state) => ConsumerGroup.restored(state, services))
  }
}

function noteLoaded({ groupId, groupEpoch, members }: ConsumerGroupState, services: GroupServices): void {
  const reason = `read back with ${members.size} member${members.size === 1 ? '' : 's'}`
  services.note(groupId, { kind: 'loaded', memberId: null, clientId: null, generation: groupEpoch, reason })
}

/** After a deletion and a compaction there may be tombstones left, of a group that is none. */
function isThere({ members, groupEpoch }: ConsumerGroupState): boolean {
  return members.size > 0 || groupEpoch > 1
}
