// FindCoordinator v0-6: this broker coordinates every group.
// - The partition of `__consumer_offsets` that the group belongs to is read first: COORDINATOR_NOT_AVAILABLE when it cannot be, for its groups only.
// - INVALID_REQUEST for a type of key that the version does not have, and for a badly written share group.
// Differs from Kafka: there are no transactions and share groups yet, so that those have no coordinator (COORDINATOR_NOT_AVAILABLE).

import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { findCoordinator as api } from '../wire/messages/find-coordinator.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import type { RequestContext, ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

const GROUP = 0
const TRANSACTION = 1
const SHARE_PARTITION = 2
const SHARE_PARTITIONS_SINCE_VERSION = 6
const SHARE_PARTITION_KEY = /^[^:]+:[\w-]{22}:\d+$/ // group, topic id, partition
const NO_COORDINATOR = 'this version of Ottla has no transactions and no share groups'
const SEVERAL_KEYS_SINCE_VERSION = 4

export function findCoordinator({ groups, placement }: Services): ServedApi {
  const find = async (key: string, keyType: number, { apiVersion, connection }: RequestContext) => {
    const found = await attemptLater(async () => {
      checkKey(key, keyType, apiVersion)
      await groups.shardOf(key)
      return placement.brokers(connection)[0]!
    })
    if (found instanceof Refusal) return { key, ...nobody(found) }
    return { key, ...found, errorCode: 0, errorMessage: apiVersion < SEVERAL_KEYS_SINCE_VERSION ? 'NONE' : '' }
  }
  return handler(api, {
    async handle({ key, keyType, coordinatorKeys }, context) {
      if (context.apiVersion < SEVERAL_KEYS_SINCE_VERSION) return { ...(await find(key, keyType, context)), coordinators: [] }
      const coordinators = await Promise.all(coordinatorKeys.map((one) => find(one, keyType, context)))
      return { ...nobody(undefined), coordinators }
    },
    refuse: refused,
  })
}

function checkKey(key: string, keyType: number, apiVersion: number): void {
  if (keyType === GROUP) return
  const isKnown = keyType === TRANSACTION || (keyType === SHARE_PARTITION && apiVersion >= SHARE_PARTITIONS_SINCE_VERSION)
  if (!isKnown) throw new Refusal('INVALID_REQUEST', `there is no key type ${keyType} in version ${apiVersion}`)
  if (keyType === SHARE_PARTITION && !SHARE_PARTITION_KEY.test(key))
    throw new Refusal('INVALID_REQUEST', 'the key of a share group is group, topic id and partition, with colons between them')
  throw new Refusal('COORDINATOR_NOT_AVAILABLE', NO_COORDINATOR)
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
