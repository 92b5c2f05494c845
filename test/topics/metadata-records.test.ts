import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MetadataRecord } from '../../src/topics/metadata-records.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../src/topics/metadata-records.ts'
import { Malformed } from '../../src/wire/reader.ts'

const topicId = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url'))
const name = fc.string({ unit: 'binary', maxLength: 300 })
const record: fc.Arbitrary<MetadataRecord> = fc.oneof(
  fc.record({
    type: fc.constant('topic' as const),
    topicId,
    name,
    partitionCount: fc.nat(),
    configs: fc.dictionary(name, name, { noNullPrototype: true }),
  }),
  fc.record({ type: fc.constant('topic-deleted' as const), topicId }),
  fc.record({ type: fc.constant('leader-epoch' as const), leaderEpoch: fc.nat() }),
  fc.record({ type: fc.constant('producer-ids' as const), nextProducerId: fc.maxSafeNat() }),
  fc.record({
    type: fc.constant('configs' as const),
    resourceType: fc.constantFrom(4, 32),
    resourceName: name,
    configs: fc.dictionary(name, name, { noNullPrototype: true }),
  }),
)

describe('metadata records', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(record, (written) => {
        const { key, value } = encodeMetadataRecord(written)
        expect(decodeMetadataRecord(key, value)).toEqual(written)
      }),
    )
  })

  it('have a layout that never changes', () => {
    const topic = encodeMetadataRecord({
      type: 'topic',
      topicId: 'AAECAwQFBgcICQoLDA0ODw',
      name: 'ab',
      partitionCount: 3,
      configs: { k: 'v' },
    })
    expect(topic.key.toString('hex')).toBe('0000000102030405060708090a0b0c0d0e0f')
    expect(topic.value!.toString('hex')).toBe('000000026162000000030000000100016b000176')
    expect(encodeMetadataRecord({ type: 'leader-epoch', leaderEpoch: 7 })).toEqual({
      key: Buffer.from([0, 1]),
      value: Buffer.from([0, 0, 0, 0, 0, 7]),
    })
    expect(encodeMetadataRecord({ type: 'configs', resourceType: 4, resourceName: '1', configs: { k: 'v' } })).toEqual({
      key: Buffer.from('000304000131', 'hex'),
      value: Buffer.from('00000000000100016b000176', 'hex'),
    })
    expect(encodeMetadataRecord({ type: 'configs', resourceType: 32, resourceName: 'g', configs: {} })).toEqual({
      key: Buffer.from('000320000167', 'hex'),
      value: null,
    })
    expect(encodeMetadataRecord({ type: 'producer-ids', nextProducerId: 1000 }).value!.toString('hex')).toBe('000000000000000003e8')
  })

  it.each([
    ['no key', null, Buffer.alloc(6)],
    ['an unknown type', Buffer.from([0, 99]), Buffer.from([0, 0])],
    ['a newer version', Buffer.from([0, 1]), Buffer.from([0, 1, 0, 0, 0, 1])],
    ['a leader epoch without value', Buffer.from([0, 1]), null],
    ['a value cut short', Buffer.from([0, 1]), Buffer.from([0, 0, 0])],
  ])('are refused, not misread, with %s', (_, key, value) => {
    expect(() => decodeMetadataRecord(key, value)).toThrow(Malformed)
  })
})
