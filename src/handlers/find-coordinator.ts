// FindCoordinator v0-6: this broker coordinates every group.
// - The partition of `__consumer_offsets` that the group belongs to is read first: COORDINATOR_NOT_AVAILABLE when it cannot be, for its groups only.
// Differs from Kafka: there are no transactions and share groups yet, so that those have no coordinator (COORDINATOR_NOT_AVAILABLE).

import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { findCoordinator as api } from '../wire/messages/find-coordinator.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import type { ConnectionInfo, ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

const GROUP = 0
const KEY_TYPES = 3
const NO_COORDINATOR = 'this version of Ottla has no transactions and no share groups'
const SEVERAL_KEYS_SINCE_VERSION = 4

export function findCoordinator({ groups, placement }: Services): ServedApi {
  const find = async (key: string, keyType: number, connection: ConnectionInfo) => {
    const found = await attemptLater(async () => {
      if (keyType < 0 || keyType >= KEY_TYPES) throw new Refusal('INVALID_REQUEST', `there is no key type ${keyType}`)
      if (keyType !== GROUP) throw new Refusal('COORDINATOR_NOT_AVAILABLE', NO_COORDINATOR)
      await groups.shardOf(key)
      return placement.brokers(connection)[0]!
    })
    return found instanceof Refusal ? { key, ...nobody(found) } : { key, ...found, errorCode: 0, errorMessage: null }
  }
  return handler(api, {
    async handle({ key, keyType, coordinatorKeys }, { apiVersion, connection }) {
      if (apiVersion < SEVERAL_KEYS_SINCE_VERSION) return { ...(await find(key, keyType, connection)), coordinators: [] }
      const coordinators = await Promise.all(coordinatorKeys.map((one) => find(one, keyType, connection)))
      return { ...nobody(undefined), coordinators }
    },
    refuse: refused,
  })
}

const nobody = (refusal: Refusal | undefined) => ({
  errorCode: refusal === undefined ? 0 : errorCode(refusal.error),
  errorMessage: refusal?.message ?? null,
  nodeId: -1,
  host: '',
  port: -1,
})

/** One key up to version 3, several from version 4 on: both forms are filled, and the codec writes the one of the version. */
function refused({ coordinatorKeys }: Infer<typeof api.request>, refusal: Refusal): Draft<typeof api.response> {
  return { ...nobody(refusal), coordinators: coordinatorKeys.map((key) => ({ key, ...nobody(refusal) })) }
}
