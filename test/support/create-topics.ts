// Topics of one request, which are there once it resolves. On a connection that is given, where `createTopic` of the client would open one for each broker.

import { errorName } from '../../src/wire/error-codes.ts'
import { createTopics as createTopicsApi } from '../../src/wire/messages/create-topics.ts'
import type { WireConnection } from './wire-connection.ts'

const TIMEOUT_MS = 60_000

/** Throws when the broker refuses one. */
export async function createTopics(
  connection: WireConnection,
  names: readonly string[],
  numPartitions = 1,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const texts = Object.entries(configs).map(([name, value]) => ({ name, value }))
  const topics = names.map((name) => ({ name, numPartitions, replicationFactor: 1, assignments: [], configs: texts }))
  const answer = await connection.request(createTopicsApi, 7, { topics, timeoutMs: TIMEOUT_MS })
  for (const { name, errorCode, errorMessage } of answer.topics)
    if (errorCode !== 0) throw new Error(`topic ${name} is answered ${errorName(errorCode)}: ${errorMessage}`)
}
