// FindCoordinator v0-6: answers COORDINATOR_NOT_AVAILABLE for every key.
// - It is here because librdkafka takes a broker without it for one from before 0.9, and sends it no lz4.
// Differs from Kafka: there are no consumer groups, transactions or share groups yet, so nothing has a coordinator.

import { errorCode, Refusal } from '../wire/error-codes.ts'
import { findCoordinator as api } from '../wire/messages/find-coordinator.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'

const NO_COORDINATOR = 'this version of Ottla has no consumer groups or transactions; assign partitions instead of subscribing'

export function findCoordinator(): ServedApi {
  return handler(api, {
    handle: (request) => refused(request, new Refusal('COORDINATOR_NOT_AVAILABLE', NO_COORDINATOR)),
    refuse: refused,
  })
}

/** One key up to version 3, several from version 4 on: both forms are filled, and the codec writes the one of the version. */
function refused({ coordinatorKeys }: Infer<typeof api.request>, refusal: Refusal): Draft<typeof api.response> {
  const nobody = { errorCode: errorCode(refusal.error), errorMessage: refusal.message, nodeId: -1, host: '', port: -1 }
  return { ...nobody, coordinators: coordinatorKeys.map((key) => ({ key, ...nobody })) }
}
