// What handlers work with: handed in by broker.ts, the same for every request.

import type { BrokerConfig } from '../config/resolve.ts'
import type { ByteBudget } from '../lib/byte-budget.ts'
import type { Clock } from '../lib/clock.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import type { GroupCoordinator } from '../groups/coordinator.ts'
import type { Catalog } from '../topics/catalog.ts'
import type { DynamicConfigs } from '../topics/dynamic-configs.ts'
import type { Placement } from '../topics/placement.ts'
import type { RecordStore } from '../topics/record-store.ts'
import type { ProducerIds } from '../transactions/producer-ids.ts'
import type { FetchSessions } from './fetch-sessions.ts'

export interface Services {
  /** What is in force now, also after it was altered: to be read anew for each request. */
  readonly config: BrokerConfig
  readonly dynamicConfigs: DynamicConfigs
  readonly clock: Clock
  /** For requests that ask for much. */
  readonly turnShare: TurnShare
  readonly catalog: Catalog
  readonly placement: Placement
  readonly records: RecordStore
  readonly groups: GroupCoordinator
  readonly producerIds: ProducerIds
  readonly fetchSessions: FetchSessions
  /** Of record bytes in answers that have not left. */
  readonly responseBudget: ByteBudget
}
