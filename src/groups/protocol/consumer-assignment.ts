// What classic members of protocol type `consumer` are assigned: partitions by topic name, in the bytes that SyncGroup carries. Its versions, 0 to 3, are the same.

import { recordCodec } from '../../wire/compile.ts'
import { CONSUMER_PROTOCOL_ASSIGNMENT } from '../../wire/consumer-protocol.ts'
import { Reader } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'
import { unlessMalformed } from './unless-malformed.ts'

export interface NamedPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

export function encodeAssignment(assignedPartitions: readonly NamedPartitions[], version: number): Buffer {
  const writer = new Writer()
  writer.int16(version)
  const plain = assignedPartitions.map(({ topic, partitions }) => ({ topic, partitions: [...partitions] }))
  recordCodec(CONSUMER_PROTOCOL_ASSIGNMENT, version).encode(writer, { assignedPartitions: plain, userData: null })
  return Buffer.concat(writer.chunks())
}

/** No bytes are no partitions: a member that has joined and not synced. undefined for bytes that are no assignment. */
export function decodeAssignment(assignment: Buffer): readonly NamedPartitions[] | undefined {
  if (assignment.length === 0) return []
  return unlessMalformed(() => {
    const reader = new Reader(assignment)
    if (reader.int16() < 0) return undefined
    return recordCodec(CONSUMER_PROTOCOL_ASSIGNMENT, 0).decode(reader).assignedPartitions
  })
}
