// What an error about the wrong leader tells besides, so that the client need not ask for metadata: who leads, and where that is (KIP-951).

import { array, int32, string, struct } from '../schema.ts'

export const leaderIdAndEpoch = struct({ leaderId: int32.default(-1), leaderEpoch: int32.default(-1) })

export const nodeEndpoints = array(struct({ nodeId: int32, host: string, port: int32, rack: string.nullable().default(null) }))
