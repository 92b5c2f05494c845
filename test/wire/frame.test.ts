import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeRequestHeader, decodeResponse, encodeRequest, encodeResponse } from '../../src/wire/frame.ts'
import { apiVersions } from '../../src/wire/messages/api-versions.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { Malformed, Reader } from '../../src/wire/reader.ts'

const packed = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

describe('a request header', () => {
  const headers = readFileSync(new URL('data/golden.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; version: number; value: Record<string, unknown>; hex: string })
    .filter(({ name }) => name === 'RequestHeader')

  it("is read as Kafka's serializer writes it, with and without tagged fields", () => {
    expect(headers.map(({ version }) => version)).toEqual([1, 1, 1, 2, 2, 2])
    for (const { version, value, hex } of headers) {
      const reader = new Reader(packed(hex))
      expect(decodeRequestHeader(reader, () => version === 2)).toEqual({
        apiKey: value['requestApiKey'],
        apiVersion: value['requestApiVersion'],
        correlationId: value['correlationId'],
        clientId: value['clientId'],
      })
      expect(reader.remaining).toBe(0)
    }
  })

  it('has its tagged fields passed over', () => {
    const reader = new Reader(packed('0003 000c 00000007 000161 02 00 0161 05 03 616263 ff'))
    const asked: number[][] = []
    const isFlexible = (...apiAndVersion: number[]) => asked.push(apiAndVersion) > 0
    expect(decodeRequestHeader(reader, isFlexible)).toEqual({ apiKey: 3, apiVersion: 12, correlationId: 7, clientId: 'a' })
    expect(asked).toEqual([[3, 12]])
    expect(reader.remaining).toBe(1)
  })

  it('is malformed when it is cut short', () => {
    const header = packed('0003 000c 00000007 000161 01 00 0161')
    for (let size = 0; size < header.length; size++)
      expect(() => decodeRequestHeader(new Reader(header, 0, size), () => true)).toThrow(Malformed)
  })
})

describe('a frame', () => {
  const request = { replicaId: -1, topics: [] }

  it('is a size, a header and a request, which ends the header with tagged fields in flexible versions', () => {
    expect(Buffer.concat(encodeRequest(listOffsets, 1, 7, 'cli', request))).toEqual(
      packed('00000015 0002 0001 00000007 0003 636c69 ffffffff 00000000'),
    )
    expect(Buffer.concat(encodeRequest(listOffsets, 6, 7, null, request))).toEqual(
      packed('00000012 0002 0006 00000007 ffff 00 ffffffff 00 01 00'),
    )
  })

  it('is a size, a correlation id and a response, which ends the header with tagged fields in flexible versions', () => {
    expect(Buffer.concat(encodeResponse(listOffsets, 5, 7, { topics: [] }))).toEqual(packed('0000000c 00000007 00000000 00000000'))
    expect(Buffer.concat(encodeResponse(listOffsets, 6, 7, { topics: [] }))).toEqual(packed('0000000b 00000007 00 00000000 01 00'))
  })

  it('of ApiVersions keeps the oldest response header, in flexible versions too', () => {
    const response = { errorCode: 0, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] }
    expect(Buffer.concat(encodeResponse(apiVersions, 3, 7, response))).toEqual(
      packed('00000013 00000007 0000 02 0012 0000 0004 00 00000000 00'),
    )
    const reader = new Reader(Buffer.concat(encodeResponse(apiVersions, 4, 7, response)), 4)
    expect(decodeResponse(apiVersions, 4, reader)).toMatchObject({ correlationId: 7, response })
  })

  it('that a client sends or receives is read back by the other side', () => {
    const topicData = [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitionData: [{ index: 3, records: Buffer.from('batch') }] }]
    const sent = Buffer.concat(encodeRequest(produce, 13, 7, 'a', { acks: -1, timeoutMs: 5, topicData }))
    expect(sent.readInt32BE(0)).toBe(sent.length - 4)
    for (const version of [5, 6, 11]) {
      const topics = [{ name: 't', partitions: [{ partitionIndex: 1, errorCode: 3, timestamp: -1, offset: -1 }] }]
      const received = Buffer.concat(encodeResponse(listOffsets, version, 9, { topics }))
      expect(decodeResponse(listOffsets, version, new Reader(received, 4))).toMatchObject({ correlationId: 9, response: { topics } })
    }
  })

  it('says the size of large records too, which it does not copy', () => {
    const records = Buffer.alloc(100_000, 1)
    const chunks = encodeRequest(produce, 3, 7, null, {
      acks: 1,
      timeoutMs: 5,
      topicData: [{ name: 't', partitionData: [{ index: 0, records }] }],
    })
    expect(chunks[1]).toBe(records)
    expect(chunks[0]!.readInt32BE(0)).toBe(Buffer.concat(chunks).length - 4)
  })
})
