// InitProducerId v0-5: an id for an idempotent producer, unique over the life of the data folder; its epoch is 0.
// - A producer that already has an id gets a new one, as in Kafka.
// Differs from Kafka: a transactional id answers UNSUPPORTED_VERSION, there being no transactions yet; version 6, unstable in Kafka, is not served.

import { errorCode, Refusal } from '../wire/error-codes.ts'
import { initProducerId as api } from '../wire/messages/init-producer-id.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

export function initProducerId({ producerIds }: Services): ServedApi {
  return handler(api, {
    async handle({ transactionalId, producerId, producerEpoch }) {
      if ((producerId === -1) !== (producerEpoch === -1)) throw new Refusal('INVALID_REQUEST') // both or none (KIP-360)
      if (transactionalId !== null) throw new Refusal(transactionalId === '' ? 'INVALID_REQUEST' : 'UNSUPPORTED_VERSION')
      return { errorCode: 0, producerId: await producerIds.next(), producerEpoch: 0 }
    },
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), producerId: -1, producerEpoch: -1 }),
  })
}
