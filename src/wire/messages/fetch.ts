// Fetch: topics by name up to version 12, by id from 13 on (KIP-516). With a session (version 7, KIP-227) a request names only what
// changed, and a partition that is left out is not forgotten unless forgottenTopicsData says so.

import { array, defineApi, int16, int32, int64, int8, records, string, struct, uuid } from '../schema.ts'
import { leaderIdAndEpoch, nodeEndpoints } from './current-leader.ts'

const NO_HIGH_WATERMARK = 2 ** 63 // Kafka's 2^63 - 1 as a number: no int64 that is read is as large

export const fetch = defineApi({
  key: 1,
  name: 'Fetch',
  versions: '4-18',
  flexible: '12+',
  request: struct({
    clusterId: string.versions('12+').nullable().default(null).tag(0),
    replicaId: int32.versions('0-14').default(-1),
    replicaState: struct({ replicaId: int32.default(-1), replicaEpoch: int64.default(-1) })
      .versions('15+')
      .tag(1),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.default(0x7fff_ffff),
    isolationLevel: int8.default(0),
    sessionId: int32.versions('7+').default(0),
    sessionEpoch: int32.versions('7+').default(-1),
    topics: array(
      struct({
        topic: string.versions('0-12'),
        topicId: uuid.versions('13+'),
        partitions: array(
          struct({
            partition: int32,
            currentLeaderEpoch: int32.versions('9+').default(-1),
            fetchOffset: int64,
            lastFetchedEpoch: int32.versions('12+').default(-1),
            logStartOffset: int64.versions('5+').default(-1),
            partitionMaxBytes: int32,
            replicaDirectoryId: uuid.versions('17+').tag(0),
            highWatermark: int64.versions('18+').default(NO_HIGH_WATERMARK).tag(1),
          }),
        ),
      }),
    ),
    forgottenTopicsData: array(
      struct({ topic: string.versions('0-12'), topicId: uuid.versions('13+'), partitions: array(int32) }),
    ).versions('7+'),
    rackId: string.versions('11+').default(''),
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    errorCode: int16.versions('7+'),
    sessionId: int32.versions('7+').default(0),
    responses: array(
      struct({
        topic: string.versions('0-12'),
        topicId: uuid.versions('13+'),
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            highWatermark: int64,
            lastStableOffset: int64.default(-1),
            logStartOffset: int64.versions('5+').default(-1),
            divergingEpoch: struct({ epoch: int32.default(-1), endOffset: int64.default(-1) })
              .versions('12+')
              .tag(0),
            currentLeader: leaderIdAndEpoch.versions('12+').tag(1),
            snapshotId: struct({ endOffset: int64.default(-1), epoch: int32.default(-1) })
              .versions('12+')
              .tag(2),
            abortedTransactions: array(struct({ producerId: int64, firstOffset: int64 })).nullable(),
            preferredReadReplica: int32.versions('11+').default(-1),
            records: records.nullable(),
          }),
        ),
      }),
    ),
    nodeEndpoints: nodeEndpoints.versions('16+').tag(0),
  }),
})
