// What a classic consumer says of itself when it joins, as the Java client of today does.

import { CONSUMER_PROTOCOL_SUBSCRIPTION } from '../../../src/wire/consumer-protocol.ts'
import { recordCodec } from '../../../src/wire/compile.ts'
import { Writer } from '../../../src/wire/writer.ts'

const VERSION = 3

export function subscriptionBytes(topics: readonly string[], owned: Readonly<Record<string, number[]>>, generationId: number): Buffer {
  const writer = new Writer()
  writer.int16(VERSION)
  const ownedPartitions = Object.entries(owned).map(([topic, partitions]) => ({ topic, partitions }))
  recordCodec(CONSUMER_PROTOCOL_SUBSCRIPTION, VERSION).encode(writer, {
    topics: [...topics],
    userData: null,
    ownedPartitions,
    generationId,
    rackId: null,
  })
  return Buffer.concat(writer.chunks())
}
