// THE list of what is served. ApiVersions, dispatch and docs/apis.md derive from it; an API exists once it is here.

import { alterConfigs } from './alter-configs.ts'
import { apiVersions } from './api-versions.ts'
import { consumerGroupDescribe } from './consumer-group-describe.ts'
import { consumerGroupHeartbeat } from './consumer-group-heartbeat.ts'
import { createPartitions } from './create-partitions.ts'
import { createTopics } from './create-topics.ts'
import { deleteGroups } from './delete-groups.ts'
import { deleteRecords } from './delete-records.ts'
import { deleteTopics } from './delete-topics.ts'
import { describeCluster } from './describe-cluster.ts'
import { describeConfigs } from './describe-configs.ts'
import { describeGroups } from './describe-groups.ts'
import { describeTopicPartitions } from './describe-topic-partitions.ts'
import { fetch } from './fetch.ts'
import { findCoordinator } from './find-coordinator.ts'
import type { ServedApi } from './handler.ts'
import { heartbeat } from './heartbeat.ts'
import { incrementalAlterConfigs } from './incremental-alter-configs.ts'
import { initProducerId } from './init-producer-id.ts'
import { joinGroup } from './join-group.ts'
import { leaveGroup } from './leave-group.ts'
import { listConfigResources } from './list-config-resources.ts'
import { listGroups } from './list-groups.ts'
import { listOffsets } from './list-offsets.ts'
import { metadata } from './metadata.ts'
import { offsetCommit } from './offset-commit.ts'
import { offsetDelete } from './offset-delete.ts'
import { offsetFetch } from './offset-fetch.ts'
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts'
import { produce } from './produce.ts'
import type { Services } from './services.ts'
import { syncGroup } from './sync-group.ts'

export function servedApis(services: Services): readonly ServedApi[] {
  const served: readonly ServedApi[] = [
    produce(services),
    fetch(services),
    listOffsets(services),
    metadata(services),
    offsetCommit(services),
    offsetFetch(services),
    findCoordinator(services),
    joinGroup(services),
    heartbeat(services),
    leaveGroup(services),
    syncGroup(services),
    describeGroups(services),
    listGroups(services),
    apiVersions(services, () => served),
    createTopics(services),
    deleteTopics(services),
    deleteRecords(services),
    initProducerId(services),
    offsetForLeaderEpoch(services),
    describeConfigs(services),
    alterConfigs(services),
    createPartitions(services),
    deleteGroups(services),
    incrementalAlterConfigs(services),
    offsetDelete(services),
    describeCluster(services),
    consumerGroupHeartbeat(services),
    consumerGroupDescribe(services),
    listConfigResources(services),
    describeTopicPartitions(services),
  ]
  return served
}
