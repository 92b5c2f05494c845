// Every question of the comparison.

import { classicGroupCases } from './classic-groups.ts'
import { classicDisturbances } from './classic-disturbances.ts'
import { classicExtremes } from './classic-extremes.ts'
import { classicMemberCases } from './classic-members.ts'
import { clusterCases } from './cluster.ts'
import { committedOffsetCases } from './committed-offsets.ts'
import { consumerDisturbances } from './consumer-disturbances.ts'
import { consumerGroupCases } from './consumer-groups.ts'
import { coordinatorCases } from './coordinators.ts'
import { damagedFrames } from './damaged-frames.ts'
import { fetchSessions } from './fetch-sessions.ts'
import { brokerConfigCases } from './broker-configs.ts'
import { configCases } from './configs.ts'
import { migrationCases } from './migrations.ts'
import { offsetsTopicCases } from './offsets-topic.ts'
import { partitionCases } from './partitions.ts'
import { produceBatches } from './produce-batches.ts'
import { produceRequests } from './produce-requests.ts'
import { readingCases } from './reading.ts'
import { topics } from './topics.ts'
import type { Case } from './case.ts'

export const cases: readonly Case[] = [
  ...clusterCases,
  ...topics,
  ...partitionCases,
  ...configCases,
  ...brokerConfigCases,
  ...readingCases,
  ...fetchSessions,
  ...produceBatches,
  ...produceRequests,
  ...damagedFrames,
  ...coordinatorCases,
  ...committedOffsetCases,
  ...classicGroupCases,
  ...classicMemberCases,
  ...classicDisturbances,
  ...classicExtremes,
  ...consumerGroupCases,
  ...consumerDisturbances,
  ...migrationCases,
  ...offsetsTopicCases,
]
