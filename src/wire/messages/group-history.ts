// Ottla's own addition to the APIs that describe groups: what happened to a group of late. It travels in tagged fields with a number that Kafka is far from, which
// brokers and clients that do not know them pass over (KIP-482). A broker answers it only to who asks.

import { array, bool, int32, int64, string, struct } from '../schema.ts'

const TAG = 10_000

/** In the request. */
export const includeHistory = bool.tag(TAG)

/** In each group of the response, oldest first. `generation` is the generation or group epoch that the event led to; -1 when to none. */
export const groupHistory = array(
  struct({ timeMs: int64, kind: string, memberId: string.nullable(), clientId: string.nullable(), generation: int32, reason: string }),
).tag(TAG)
