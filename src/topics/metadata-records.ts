// The records of the metadata log: what exists, as keyed records of our own, so that the log can be compacted like any other.
// A key is an int16 record type and a body; a value is an int16 version and a body; no value deletes what the key names.
// A type never changes its meaning; a new field is a new version, which an older Ottla refuses to read rather than to misread.
//
//   type  key        value                                    says
//   0     topic id   name, partition count, config overrides  the topic exists, and is so now; without value: it was deleted
//   1     -          leader epoch                             raised at every start; the leader epoch of every partition
//   2     -          next producer id                         no producer id from here on has ever been handed out
//   3     resource   configs                                  what was set of a broker (by id, or "" for all) or a group; without value: nothing
//
// A resource is the type that the protocol gives it (4 broker, 32 group) and its name.

import { recordCodec } from '../wire/compile.ts'
import { Malformed, Reader } from '../wire/reader.ts'
import { array, defineRecord, int32, int64, int8, string, struct, uuid } from '../wire/schema.ts'
import { Writer } from '../wire/writer.ts'

export type MetadataRecord =
  | { type: 'topic'; topicId: string; name: string; partitionCount: number; configs: Readonly<Record<string, string>> }
  | { type: 'topic-deleted'; topicId: string }
  | { type: 'leader-epoch'; leaderEpoch: number }
  | { type: 'producer-ids'; nextProducerId: number }
  | { type: 'configs'; resourceType: number; resourceName: string; configs: Readonly<Record<string, string>> }

const TOPIC = 0
const LEADER_EPOCH = 1
const PRODUCER_IDS = 2
const CONFIGS = 3

const defined = <F extends Parameters<typeof struct>[0]>(name: string, fields: F) =>
  defineRecord({ name, versions: '0', flexible: 'none', fields: struct(fields) })

const topicKey = recordCodec(defined('TopicKey', { topicId: uuid }), 0)
const configList = array(struct({ name: string, value: string }))
const topicValue = recordCodec(defined('TopicValue', { name: string, partitionCount: int32, configs: configList }), 0)
const leaderEpochValue = recordCodec(defined('LeaderEpochValue', { leaderEpoch: int32 }), 0)
const producerIdsValue = recordCodec(defined('ProducerIdsValue', { nextProducerId: int64 }), 0)
const configsKey = recordCodec(defined('ConfigsKey', { resourceType: int8, resourceName: string }), 0)
const configsValue = recordCodec(defined('ConfigsValue', { configs: configList }), 0)

/** Bytes that open with an int16: the record type of a key, the version of a value. */
function tagged(tag: number, writeBody: (writer: Writer) => void = () => undefined): Buffer {
  const writer = new Writer()
  writer.int16(tag)
  writeBody(writer)
  return Buffer.concat(writer.chunks())
}

export function encodeMetadataRecord(record: MetadataRecord): { key: Buffer; value: Buffer | null } {
  switch (record.type) {
    case 'topic': {
      const { topicId, name, partitionCount } = record
      const configs = listOf(record.configs)
      return {
        key: tagged(TOPIC, (writer) => topicKey.encode(writer, { topicId })),
        value: tagged(0, (writer) => topicValue.encode(writer, { name, partitionCount, configs })),
      }
    }
    case 'topic-deleted':
      return { key: tagged(TOPIC, (writer) => topicKey.encode(writer, { topicId: record.topicId })), value: null }
    case 'leader-epoch':
      return { key: tagged(LEADER_EPOCH), value: tagged(0, (writer) => leaderEpochValue.encode(writer, record)) }
    case 'producer-ids':
      return { key: tagged(PRODUCER_IDS), value: tagged(0, (writer) => producerIdsValue.encode(writer, record)) }
    case 'configs': {
      const configs = listOf(record.configs)
      return {
        key: tagged(CONFIGS, (writer) => configsKey.encode(writer, record)),
        value: configs.length === 0 ? null : tagged(0, (writer) => configsValue.encode(writer, { configs })),
      }
    }
  }
}

const listOf = (configs: Readonly<Record<string, string>>): { name: string; value: string }[] =>
  Object.entries(configs).map(([name, value]) => ({ name, value }))

const recordOf = (configs: readonly { name: string; value: string }[]): Record<string, string> =>
  Object.fromEntries(configs.map(({ name, value }) => [name, value]))

const NO_RESOURCE = { resourceType: 0, resourceName: '' }

/** Throws Malformed for a record that this version of Ottla does not know: the data folder is from a newer one. */
export function decodeMetadataRecord(key: Buffer | null, value: Buffer | null): MetadataRecord {
  if (key === null) throw new Malformed('a metadata record has no key')
  const keyReader = new Reader(key)
  const type = keyReader.int16()
  const topicId = type === TOPIC ? topicKey.decode(keyReader).topicId : ''
  const resource = type === CONFIGS ? configsKey.decode(keyReader) : NO_RESOURCE
  if (value === null) {
    if (type === TOPIC) return { type: 'topic-deleted', topicId }
    if (type === CONFIGS) return { type: 'configs', ...resource, configs: {} }
    throw new Malformed(`a metadata record of type ${type} has no value`)
  }
  const valueReader = new Reader(value)
  const version = valueReader.int16()
  if (version !== 0) throw new Malformed(`metadata record type ${type} has version ${version}, this version of Ottla reads version 0`)
  switch (type) {
    case TOPIC: {
      const { name, partitionCount, configs } = topicValue.decode(valueReader)
      return { type: 'topic', topicId, name, partitionCount, configs: recordOf(configs) }
    }
    case LEADER_EPOCH:
      return { type: 'leader-epoch', ...leaderEpochValue.decode(valueReader) }
    case PRODUCER_IDS:
      return { type: 'producer-ids', ...producerIdsValue.decode(valueReader) }
    case CONFIGS:
      return { type: 'configs', ...resource, configs: recordOf(configsValue.decode(valueReader).configs) }
    default:
      throw new Malformed(`metadata record type ${type} is unknown to this version of Ottla`)
  }
}
