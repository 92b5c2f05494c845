// A partition as Metadata and DescribeTopicPartitions tell of it: who leads it, and who keeps it.

import { errorCode } from '../wire/error-codes.ts'
import type { Services } from './services.ts'

const NOBODY: readonly number[] = []

export function partitionState({ placement, records }: Services, topicId: string, partitionIndex: number) {
  const isOffline = records.offlineReason(topicId, partitionIndex) !== undefined
  return {
    errorCode: isOffline ? errorCode('LEADER_NOT_AVAILABLE') : 0,
    partitionIndex,
    leaderId: isOffline ? -1 : placement.brokerId,
    leaderEpoch: placement.leaderEpoch,
    replicaNodes: placement.replicas,
    isrNodes: placement.replicas,
    offlineReplicas: isOffline ? placement.replicas : NOBODY,
  }
}
