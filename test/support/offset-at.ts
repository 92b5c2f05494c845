// One offset of one partition, on a connection that is given, where `offsetsAt` of the client would open one for each leader.

import { errorName } from '../../src/wire/error-codes.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import type { WireConnection } from './wire-connection.ts'

/** At a time, in ms since 1970, or at LATEST or EARLIEST. */
export async function offsetAt(connection: WireConnection, name: string, partitionIndex: number, timestamp: number): Promise<number> {
  const topics = [{ name, partitions: [{ partitionIndex, timestamp }] }]
  const answer = await connection.request(listOffsets, 7, { replicaId: -1, topics })
  const { errorCode, offset } = answer.topics[0]!.partitions[0]!
  if (errorCode !== 0) throw new Error(`an offset of ${name}-${partitionIndex} is answered ${errorName(errorCode)}`)
  return offset
}
