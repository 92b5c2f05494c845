// What a group works with: handed in by its shard.

import type { BrokerConfig } from '../config/resolve.ts'
import type { Clock } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import type { Topic } from '../topics/catalog.ts'
import type { Group } from './group.ts'
import type { GroupEvent } from './group-history.ts'
import type { GroupRecordDraft } from './records/group-record.ts'

/** What groups know of topics. */
export interface GroupTopics {
  readonly topics: Iterable<Topic>
  /** Another number whenever a topic has come, gone or changed. */
  readonly changeCount: number
  has(name: string): boolean
  /** Throws UNKNOWN_TOPIC_OR_PARTITION. */
  byName(name: string): Topic
  /** Throws UNKNOWN_TOPIC_ID. */
  byId(id: string): Topic
}

export interface GroupServices {
  readonly clock: Clock
  readonly diagnostics: Diagnostics
  /** What is in force now. */
  readonly config: BrokerConfig
  /** What was set of a group, as text: a row of config/group-configs.ts by name. */
  readonly groupConfig: (groupId: string) => Readonly<Record<string, string>>
  readonly topics: GroupTopics
  /** Different every time: what makes a member id unlike any other. */
  readonly randomId: () => string
  /**
   * Resolves when the records, all of them, are as durable as the broker's mode promises; in the order of the calls. Rejects with a Refusal: UNKNOWN_SERVER_ERROR
   * when they are too large for one batch, and then nothing else has happened; NOT_COORDINATOR when the shard has failed: it is read anew, so that whatever the
   * group did meanwhile is forgotten. The drafts are kept until then and encoded later, with their batch: they must not change any more.
   */
  readonly write: (records: readonly GroupRecordDraft[]) => Promise<void>
  /** What is in memory is not what the log says, and never will be: the shard ends as if its log had failed, and is read anew. */
  readonly reload: () => void
  /** Keeps what happened, for who asks why. */
  readonly note: (groupId: string, event: Omit<GroupEvent, 'timeMs'>) => void
  /** The group is another object from now on: it has changed its protocol. */
  readonly replace: (group: Group) => void
}
