// The groups of the consumer protocol (KIP-848), put together from their records when a shard is read.

import type { Group } from '../group.ts'
import type { GroupServices } from '../group-services.ts'
import type { GroupRecord } from '../records/group-record.ts'

export class ConsumerGroupReplay {
  replay(_record: Exclude<GroupRecord, { kind: 'offsetCommit' | 'groupMetadata' }>): void {
    // none is written yet
  }

  groups(_services: GroupServices): readonly Group[] {
    return []
  }
}
