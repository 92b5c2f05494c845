// Bytes from anybody: whatever they are, a decoder answers with a value or with Malformed, and takes no memory for what the bytes only announce.

import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestCodec, responseCodec } from '../../src/wire/compile.ts'
import type { Codec } from '../../src/wire/compile.ts'
import { apisByKey } from '../../src/wire/messages/all.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { deleteTopics } from '../../src/wire/messages/delete-topics.ts'
import { describeConfigs } from '../../src/wire/messages/describe-configs.ts'
import { Malformed, Reader } from '../../src/wire/reader.ts'

interface GoldenMessage {
  title: string
  codec: Codec<unknown, never>
  bytes: Buffer
}

/** One message by Kafka of each version, the largest of at most 2 KB. */
const messages: GoldenMessage[] = (() => {
  const chosen = new Map<string, GoldenMessage>()
  for (const line of readFileSync(new URL('data/golden.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')) {
    const { apiKey, kind, version, hex } = JSON.parse(line) as { apiKey: number; kind: string; version: number; hex: string }
    const api = apisByKey.get(apiKey)
    if (api === undefined || hex.length > 4000) continue
    const title = `${api.name} ${kind} v${version}`
    const codec = kind === 'request' ? requestCodec(api, version) : responseCodec(api, version)
    const bytes = Buffer.from(hex, 'hex')
    if (bytes.length >= (chosen.get(title)?.bytes.length ?? 0)) chosen.set(title, { title, codec, bytes })
  }
  return [...chosen.values()]
})()

/** What decoding ended with: undefined for a value. */
function failureOf(codec: Codec<unknown, never>, reader: Reader): Error | undefined {
  try {
    codec.decode(reader)
    return undefined
  } catch (error) {
    return error as Error
  }
}

describe('a message that is cut short', () => {
  it.each(messages)('is malformed wherever it is cut ($title)', ({ codec, bytes }) => {
    const wrong = Array.from({ length: bytes.length }, (_, size) => size).filter(
      (size) => !(failureOf(codec, new Reader(bytes, 0, size)) instanceof Malformed),
    )
    expect(wrong).toEqual([])
  })
})

describe('a message that is damaged', () => {
  it('is decoded to something or malformed, whatever the damage', () => {
    const damaged = fc.record({
      message: fc.constantFrom(...messages),
      damage: fc.array(fc.record({ at: fc.nat(), byte: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)) }), {
        minLength: 1,
        maxLength: 4,
      }),
    })
    fc.assert(
      fc.property(damaged, ({ message, damage }) => {
        const bytes = Buffer.from(message.bytes)
        for (const { at, byte } of damage) if (bytes.length > 0) bytes[at % bytes.length] = byte
        const failure = failureOf(message.codec, new Reader(bytes))
        expect([undefined, Malformed]).toContain(failure?.constructor)
      }),
      { numRuns: 3000 },
    )
  })

  it('is decoded to something or malformed when it is nothing but noise', () => {
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.uint8Array({ maxLength: 200 }), ({ codec }, noise) => {
        const failure = failureOf(codec, new Reader(Buffer.from(noise)))
        expect([undefined, Malformed]).toContain(failure?.constructor)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('an announced length', () => {
  const decodeWith = (codec: Codec<unknown, never>, hex: string) =>
    failureOf(codec, new Reader(Buffer.from(hex.replaceAll(' ', ''), 'hex')))

  it('of more elements than the bytes that are left could hold is malformed before anything is made for them', () => {
    // Each topic name takes two bytes at least; seven bytes are left for four of them.
    expect(decodeWith(requestCodec(deleteTopics, 1), '00000004 0000 0000 0000 00')).toEqual(
      new Malformed('DeleteTopicsRequest_v1_topicNames has 4 elements, and 7 bytes are left'),
    )
    expect(decodeWith(requestCodec(deleteTopics, 1), '7fffffff 0000 0000 0000 00')).toBeInstanceOf(Malformed)
    expect(decodeWith(requestCodec(deleteTopics, 4), 'ffffffff0f 01 01 01 01')).toBeInstanceOf(Malformed)
    expect(decodeWith(requestCodec(createTopics, 2), '00000002 000161 00000001 0001 00000000 00000000 00')).toBeInstanceOf(Malformed)
  })

  it('of a string beyond the bytes that are left is malformed', () => {
    expect(decodeWith(requestCodec(deleteTopics, 1), '00000001 7fff 61')).toBeInstanceOf(Malformed)
    expect(decodeWith(requestCodec(deleteTopics, 4), '02 ffffffff0f 61')).toBeInstanceOf(Malformed)
  })

  it('of a string beyond 32767 bytes is malformed even when they are there', () => {
    const name = Buffer.alloc(0x8000, 'a')
    const request = (size: number) =>
      Buffer.concat([Buffer.from('02', 'hex'), varint(size + 1), name.subarray(0, size), Buffer.from('0000000000', 'hex')])
    expect(requestCodec(deleteTopics, 4).decode(new Reader(request(0x7fff))).topicNames).toEqual(['a'.repeat(0x7fff)])
    expect(failureOf(requestCodec(deleteTopics, 4), new Reader(request(0x8000)))).toBeInstanceOf(Malformed)
  })

  it('of a string that is not UTF-8 is malformed when what stands for it could not be sent back', () => {
    const request = (size: number) => Buffer.concat([Buffer.from('02', 'hex'), varint(size + 1), Buffer.alloc(size, 0xff), Buffer.alloc(5)])
    expect(requestCodec(deleteTopics, 4).decode(new Reader(request(10_922))).topicNames).toEqual(['\uFFFD'.repeat(10_922)])
    expect(failureOf(requestCodec(deleteTopics, 4), new Reader(request(10_923)))).toBeInstanceOf(Malformed)
  })

  it('of four million tiny elements in a message is malformed, as they would take far more memory than they have bytes', () => {
    const empty = Buffer.alloc(5_000_000, 1) // names of no bytes
    expect(failureOf(requestCodec(deleteTopics, 4), new Reader(Buffer.concat([varint(4_500_001), empty])))).toEqual(
      new Malformed('DeleteTopicsRequest_v4_topicNames has 4500000 elements, and 5000000 bytes are left'),
    )

    const resource = Buffer.concat([Buffer.from('0201', 'hex'), varint(2_200_001), empty.subarray(0, 2_200_000), Buffer.alloc(1)])
    const request = (count: number) => Buffer.concat([varint(count + 1), ...Array.from({ length: count }, () => resource), Buffer.alloc(3)])
    expect(failureOf(requestCodec(describeConfigs, 4), new Reader(request(1)))).toBeUndefined()
    expect(failureOf(requestCodec(describeConfigs, 4), new Reader(request(2)))).toBeInstanceOf(Malformed)
  })
})

function varint(value: number): Buffer {
  const octets: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) octets.push((rest & 0x7f) | 0x80)
  return Buffer.from([...octets, rest])
}
