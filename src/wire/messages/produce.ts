// Produce: one batch per partition. Topics by name up to version 12, by id from 13 on (KIP-516).
// Versions 0-2 carried message formats older than record batches; Kafka 4 dropped them, and so they are not spoken here.

import { array, defineApi, int16, int32, int64, records, string, struct, uuid } from '../schema.ts'
import { leaderIdAndEpoch, nodeEndpoints } from './current-leader.ts'

export const produce = defineApi({
  key: 0,
  name: 'Produce',
  versions: '3-13',
  flexible: '9+',
  request: struct({
    transactionalId: string.nullable().default(null),
    acks: int16,
    timeoutMs: int32,
    topicData: array(
      struct({
        name: string.versions('0-12'),
        topicId: uuid.versions('13+'),
        partitionData: array(struct({ index: int32, records: records.nullable() })),
      }),
    ),
  }),
  response: struct({
    responses: array(
      struct({
        name: string.versions('0-12'),
        topicId: uuid.versions('13+'),
        partitionResponses: array(
          struct({
            index: int32,
            errorCode: int16,
            baseOffset: int64,
            logAppendTimeMs: int64.default(-1),
            logStartOffset: int64.versions('5+').default(-1),
            recordErrors: array(struct({ batchIndex: int32, batchIndexErrorMessage: string.nullable().default(null) })).versions('8+'),
            errorMessage: string.versions('8+').nullable().default(null),
            currentLeader: leaderIdAndEpoch.versions('10+').tag(0),
          }),
        ),
      }),
    ),
    throttleTimeMs: int32.default(0),
    nodeEndpoints: nodeEndpoints.versions('10+').tag(0),
  }),
})
