// What the members of a classic group tell each other through the coordinator, when they are consumers: an int16 version and a body. A later version only adds at
// the end, so one that is not known is read as the last that is.

import { recordCodec } from './compile.ts'
import { Reader } from './reader.ts'
import { array, bytes, defineRecord, type Draft, type Infer, int32, type RecordSchema, string, struct } from './schema.ts'
import { Writer } from './writer.ts'

/** Of a group's protocol type. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer'

const topicPartitions = array(struct({ topic: string, partitions: array(int32) }))

export const CONSUMER_PROTOCOL_SUBSCRIPTION = defineRecord({
  name: 'ConsumerProtocolSubscription',
  versions: '0-3',
  flexible: 'none',
  fields: struct({
    topics: array(string),
    userData: bytes.nullable().default(null),
    ownedPartitions: topicPartitions.versions('1+'),
    generationId: int32.versions('2+').default(-1),
    rackId: string.versions('3+').nullable().default(null),
  }),
})

/** The same in all its versions. */
export const CONSUMER_PROTOCOL_ASSIGNMENT = defineRecord({
  name: 'ConsumerProtocolAssignment',
  versions: '0-3',
  flexible: 'none',
  fields: struct({ assignedPartitions: topicPartitions, userData: bytes.nullable().default(null) }),
})

export type Subscription = Infer<typeof CONSUMER_PROTOCOL_SUBSCRIPTION.fields>
export type Assignment = Infer<typeof CONSUMER_PROTOCOL_ASSIGNMENT.fields>

export const encodeSubscription = (value: Draft<typeof CONSUMER_PROTOCOL_SUBSCRIPTION.fields>): Buffer =>
  encode(CONSUMER_PROTOCOL_SUBSCRIPTION, value)
export const encodeAssignment = (value: Draft<typeof CONSUMER_PROTOCOL_ASSIGNMENT.fields>): Buffer =>
  encode(CONSUMER_PROTOCOL_ASSIGNMENT, value)
/** Throws Malformed. */
export const decodeSubscription = (given: Buffer): Subscription => decode(CONSUMER_PROTOCOL_SUBSCRIPTION, given)
/** Throws Malformed. */
export const decodeAssignment = (given: Buffer): Assignment => decode(CONSUMER_PROTOCOL_ASSIGNMENT, given)

function encode<R extends RecordSchema>(schema: R, value: Draft<R['fields']>): Buffer {
  const writer = new Writer()
  writer.int16(schema.maxVersion)
  recordCodec(schema, schema.maxVersion).encode(writer, value)
  return Buffer.concat(writer.chunks())
}

function decode<R extends RecordSchema>(schema: R, given: Buffer): Infer<R['fields']> {
  const reader = new Reader(given)
  const version = Math.min(reader.int16(), schema.maxVersion)
  return recordCodec(schema, Math.max(version, schema.minVersion)).decode(reader)
}
