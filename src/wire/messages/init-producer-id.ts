// InitProducerId: a producer id, and from version 3 on a new epoch for an old one (KIP-360).
// Version 6 (two-phase commit, KIP-939) is marked unstable in Kafka 4.3 and not spoken.

import { defineApi, int16, int32, int64, string, struct } from '../schema.ts'

export const initProducerId = defineApi({
  key: 22,
  name: 'InitProducerId',
  versions: '0-5',
  flexible: '2+',
  request: struct({
    transactionalId: string.nullable(),
    transactionTimeoutMs: int32,
    producerId: int64.versions('3+').default(-1),
    producerEpoch: int16.versions('3+').default(-1),
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    producerId: int64.default(-1),
    producerEpoch: int16,
  }),
})
