import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionFailed } from '../../src/lib/assert.ts'
import { recordCodec } from '../../src/wire/compile.ts'
import { Malformed, Reader } from '../../src/wire/reader.ts'
import { array, bytes, defineRecord, int16, int32, int64, records, string, struct, uuid } from '../../src/wire/schema.ts'
import type { Draft, Field, Infer, VersionRange } from '../../src/wire/schema.ts'
import { Writer } from '../../src/wire/writer.ts'
import { draftOf, FIRST_FLEXIBLE_VERSION, LAST_VERSION, messageSchema } from '../support/arbitrary-message.ts'
import * as interpreter from '../support/wire-interpreter.ts'

function codecOf<S extends Field>(fields: S, version: number, flexible: VersionRange = '2+') {
  return recordCodec(defineRecord({ name: 'Test', versions: '0-3', flexible, fields }), version)
}
function encode<S extends Field>(fields: S, draft: Draft<S>, version: number): Buffer {
  const writer = new Writer()
  codecOf(fields, version).encode(writer, draft)
  return Buffer.concat(writer.chunks())
}
function encodeInSteps<S extends Field>(fields: S, draft: Draft<S>, version: number): Buffer {
  const writer = new Writer()
  for (const _ of codecOf(fields, version).encodeInSteps(writer, draft));
  return Buffer.concat(writer.chunks())
}
const decode = <S extends Field>(fields: S, hex: string, version: number): Infer<S> =>
  codecOf(fields, version).decode(new Reader(Buffer.from(packed(hex), 'hex')))
/** Hex may have spaces between fields. */
const packed = (hex: string): string => hex.replaceAll(' ', '')
const hexOf = <S extends Field>(fields: S, draft: Draft<S>, version: number): string => encode(fields, draft, version).toString('hex')

function agreesWithInterpreter(schema: Field, format: interpreter.Format, draft: unknown): boolean {
  const compiled = encode(schema, draft, format.version)
  const interpreted = new Writer()
  interpreter.encode(schema.type, interpreted, draft, format)
  const reader = new Reader(compiled)
  const decoded = codecOf(schema, format.version).decode(reader)
  return (
    compiled.equals(Buffer.concat(interpreted.chunks())) &&
    compiled.equals(encodeInSteps(schema, draft, format.version)) &&
    reader.remaining === 0 &&
    isDeepStrictEqual(decoded, interpreter.decode(schema.type, new Reader(compiled), format)) &&
    encode(schema, decoded, format.version).equals(compiled)
  )
}

describe('a compiled codec', () => {
  it('writes and reads any message of any schema as the interpreter does', () => {
    const message = fc
      .tuple(messageSchema, fc.integer({ min: 0, max: LAST_VERSION }))
      .map(([schema, version]) => ({ schema, format: { version, isFlexible: version >= FIRST_FLEXIBLE_VERSION } }))
      .chain(({ schema, format }) =>
        fc.record({ schema: fc.constant(schema), format: fc.constant(format), draft: draftOf(schema.type, format) }),
      )
    fc.assert(
      fc.property(message, ({ schema, format, draft }) => {
        expect(agreesWithInterpreter(schema, format, draft)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('stops after every few elements of its arrays and of theirs when it encodes in steps, and says when that is worth it', () => {
    const fields = struct({
      name: string,
      lists: array(struct({ numbers: array(int32) })).nullable('1+'),
      late: array(int16).versions('2+'),
    })
    const ones = (count: number): number[] => Array.from({ length: count }, () => 1)
    const lists = (count: number, length = 1) => Array.from({ length: count }, () => ({ numbers: ones(length) }))
    const steps = (draft: Draft<typeof fields>, version: number): number =>
      [...codecOf(fields, version).encodeInSteps(new Writer(), draft)].length
    expect(steps({ name: '', lists: lists(32), late: ones(48) }, 2)).toBe(5)
    expect(steps({ name: '', lists: lists(2, 160), late: ones(48) }, 1)).toBe(20)
    expect(steps({ name: '', lists: null, late: [] }, 2)).toBe(0)

    const isLong = (draft: Partial<Draft<typeof fields>>, version = 2): boolean =>
      codecOf(fields, version).isLong({ name: '', lists: [], late: [], ...draft })
    const drafts = [
      { lists: null },
      {},
      { lists: lists(50) },
      { lists: lists(51) },
      { lists: lists(2, 49) },
      { lists: lists(1, 200) },
      { late: ones(101) },
    ]
    expect(drafts.map((draft) => isLong(draft))).toEqual([false, false, false, true, false, true, true])
    expect(isLong({ late: ones(101) }, 1)).toBe(false)
  })

  it('is compiled once for a schema and a version', () => {
    const record = defineRecord({ name: 'Once', versions: '0-1', flexible: 'none', fields: struct({ count: int32 }) })
    expect(recordCodec(record, 1)).toBe(recordCodec(record, 1))
    expect(recordCodec(record, 1)).not.toBe(recordCodec(record, 0))
    expect(() => recordCodec(record, 2)).toThrow(AssertionFailed)
  })

  it('has functions that are named by the path of their field', () => {
    const fields = struct({ topics: array(struct({ partitions: array(struct({ name: string })) })) })
    const draft = { topics: [{ partitions: [{ name: null as unknown as string }] }] }
    const failure = (() => {
      try {
        return encode(fields, draft, 0)
      } catch (error) {
        return error as Error
      }
    })() as Error
    expect(failure.message).toBe('Test_v0_topics_partitions_name is missing')
    expect(failure.stack).toMatch(/Test_v0_topics_partitions .*Test_v0_topics_partitions_array .*Test_v0_topics_array .*Test_v0 /s)
  })

  it('refuses a schema that has nulls for what Kafka has none', () => {
    expect(() => encode(struct({ id: int32.nullable() }), { id: null }, 0)).toThrow(AssertionFailed)
  })

  it('refuses a schema whose names could not stand in a source', () => {
    expect(() => encode(struct({ 'a; process.exit()': int32 }), { 'a; process.exit()': 1 }, 0)).toThrow(AssertionFailed)
    const record = defineRecord({ name: 'A b', versions: '0', flexible: 'none', fields: struct({}) })
    expect(() => recordCodec(record, 0)).toThrow(AssertionFailed)
  })
})

describe('a field that a version does not have', () => {
  const fields = struct({ old: int16.versions('0-1'), name: string.versions('1+').default('none'), ids: array(int32).versions('2+') })

  it('is not written, whatever the draft says', () => {
    expect(hexOf(fields, { old: 7, name: 'a', ids: [1] }, 0)).toBe('0007')
    expect(hexOf(fields, { old: 7, name: 'a', ids: [1] }, 1)).toBe('0007000161')
  })

  it('is read as its default', () => {
    expect(decode(fields, '0007', 0)).toEqual({ old: 7, name: 'none', ids: [] })
    expect(decode(fields, '0261 01 00', 2)).toEqual({ old: 0, name: 'a', ids: [] })
  })
})

describe('a draft', () => {
  const fields = struct({ id: int32, epoch: int32.default(-1), name: string.nullable().default(null), rack: string.nullable() })

  it('may leave out what has a default', () => {
    expect(hexOf(fields, { id: 1, rack: null }, 0)).toBe(packed('00000001 ffffffff ffff ffff'))
  })

  it.each([
    ['leaves out a required field', { id: 1 }],
    ['leaves out another', { rack: null }],
    ['has a null where none can be', { id: 1, rack: null, epoch: null }],
    ['has a number too large for its type', { id: 2 ** 31, rack: null }],
    ['has a fraction', { id: 0.5, rack: null }],
    ['has a string too long for the protocol', { id: 1, rack: 'x'.repeat(32_768) }],
  ])('that %s is a bug of ours', (_, draft) => {
    expect(() => encode(fields, draft as unknown as Draft<typeof fields>, 0)).toThrow(AssertionFailed)
  })
})

describe('null', () => {
  const fields = struct({
    text: string.nullable('1+'),
    data: bytes.nullable('1+'),
    batches: records.nullable('1+'),
    list: array(int32).nullable('1+'),
    part: struct({ id: int32 }).nullable('1+'),
  })
  const nothing = { text: null, data: null, batches: null, list: null, part: null }

  it('is a negative length, in flexible versions a zero, for a struct a negative byte', () => {
    expect(hexOf(fields, nothing, 1)).toBe(packed('ffff ffffffff ffffffff ffffffff ff'))
    expect(hexOf(fields, nothing, 2)).toBe(packed('00 00 00 00 ff 00'))
    expect(decode(fields, 'ffffffffffffffffffffffffffffff', 1)).toEqual(nothing)
    expect(decode(fields, '00000000ff00', 2)).toEqual(nothing)
  })

  it('is malformed where the version has none', () => {
    const present = { text: '', data: Buffer.alloc(0), batches: Buffer.alloc(0), list: [], part: { id: 1 } }
    expect(hexOf(fields, present, 0)).toBe(packed('0000 00000000 00000000 00000000 00000001'))
    expect(decode(fields, '0000 00000000 00000000 00000000 00000001', 0)).toEqual(present)
    expect(() => decode(fields, 'ffff 00000000 00000000 00000000 00000001', 0)).toThrow(Malformed)
    expect(() => decode(fields, '0000 ffffffff 00000000 00000000 00000001', 0)).toThrow(Malformed)
    expect(() => decode(fields, '0000 00000000 ffffffff 00000000 00000001', 0)).toThrow(Malformed)
    expect(() => decode(fields, '0000 00000000 00000000 ffffffff 00000001', 0)).toThrow(Malformed)
  })

  it('is the same for every negative length, as it is for Kafka', () => {
    expect(decode(struct({ text: string.nullable() }), '8000', 0)).toEqual({ text: null })
    expect(decode(struct({ list: array(int32).nullable() }), '80000000', 0)).toEqual({ list: null })
  })
})

describe('tagged fields', () => {
  const fields = struct({
    id: int32,
    name: string.versions('2+').default('').tag(3),
    leader: struct({ id: int32.default(-1), ids: array(int32).versions('3+') })
      .versions('2+')
      .tag(0),
    many: array(string).versions('2+').tag(300),
  })

  it('are written in the order of their tags, each with its size, and only when not at their default', () => {
    expect(hexOf(fields, { id: 1 }, 2)).toBe('0000000100')
    expect(hexOf(fields, { id: 1, name: '', leader: { id: -1, ids: [] }, many: [] }, 2)).toBe('0000000100')
    const leader = '00 05 00000007 00'
    const name = '03 02 0261'
    const many = 'ac02 03 020262'
    expect(hexOf(fields, { id: 1, many: ['b'], name: 'a', leader: { id: 7 } }, 2)).toBe(packed(`00000001 03 ${leader} ${name} ${many}`))
  })

  it('count as default when they differ only in what the version does not have', () => {
    expect(hexOf(fields, { id: 1, leader: { ids: [5] } }, 2)).toBe('0000000100')
    expect(hexOf(fields, { id: 1, leader: { ids: [5] } }, 3)).toBe(packed('00000001 01 00 0a ffffffff 0200000005 00'))
  })

  it('may be larger than one byte of size can say', () => {
    const many = Array.from({ length: 3000 }, (_, index) => `name-${index}`)
    const [buffer, single] = [encode(fields, { id: 1, many }, 2), encode(fields, { id: 1, many: ['x'.repeat(120)] }, 2)]
    expect(codecOf(fields, 2).decode(new Reader(buffer))).toMatchObject({ id: 1, many })
    expect(codecOf(fields, 2).decode(new Reader(single))).toMatchObject({ many: ['x'.repeat(120)] })
  })

  it('are at their default when they are not there', () => {
    expect(decode(fields, '0000000100', 2)).toEqual({ id: 1, name: '', leader: { id: -1, ids: [] }, many: [] })
  })

  it('that are unknown are passed over, at every level', () => {
    const unknown = '63 03 aabbcc'
    const leader = `00 0a 00000007 01 ${unknown}`
    expect(decode(fields, `00000001 03 ${leader} 03 02 0261 ${unknown}`, 2)).toMatchObject({ id: 1, name: 'a', leader: { id: 7 } })
  })

  it('that are longer or shorter than they say are malformed', () => {
    expect(() => decode(fields, '00000001 01 00 04 00000007 00', 2)).toThrow(Malformed)
    expect(() => decode(fields, '00000001 01 00 06 00000007 0000', 2)).toThrow(Malformed)
    expect(() => decode(fields, '00000001 01 63 04 000000', 2)).toThrow(Malformed)
    expect(() => decode(fields, '00000001 01 63 ffffffff0f 000000', 2)).toThrow(Malformed)
  })
})

describe('large byte strings', () => {
  const fields = struct({ name: string, batches: records.nullable(), crc: int32 })

  it('are read as views of the frame', () => {
    const frame = encode(fields, { name: 'a', batches: Buffer.from('batch'), crc: 1 }, 0)
    const { batches } = codecOf(fields, 0).decode(new Reader(frame))
    expect(batches?.buffer).toBe(frame.buffer)
    expect(batches?.toString()).toBe('batch')
  })

  it('are written as the chunks they came in, small ones joined to what is around them', () => {
    const [large, small] = [Buffer.alloc(5000, 1), Buffer.from('small')]
    const writer = new Writer()
    codecOf(fields, 0).encode(writer, { name: 'a', batches: [large, small, large], crc: 1 })
    expect(writer.size).toBe(3 + 4 + 10_005 + 4)
    const chunks = writer.chunks()
    expect(chunks.map((chunk) => chunk.length)).toEqual([7, 5000, 5, 5000, 4])
    expect(chunks[1]).toBe(large)
    expect(chunks[3]).toBe(large)
    expect(Buffer.concat(chunks)).toEqual(encode(fields, { name: 'a', batches: Buffer.concat([large, small, large]), crc: 1 }, 0))
  })
})

describe('a uuid', () => {
  it("is Kafka's text for 16 bytes", () => {
    const fields = struct({ id: uuid })
    expect(hexOf(fields, { id: 'AAAAAAAAAAAAAAAAAAAAAA' }, 0)).toBe('00'.repeat(16))
    expect(hexOf(fields, { id: '_____________________w' }, 0)).toBe('ff'.repeat(16))
    expect(decode(fields, 'ff'.repeat(16), 0)).toEqual({ id: '_____________________w' })
    expect(decode(fields, `${'00'.repeat(15)}01`, 0)).toEqual({ id: 'AAAAAAAAAAAAAAAAAAAAAQ' })
    for (const id of ['', 'too short', 'x'.repeat(23), '!'.repeat(22)]) expect(() => encode(fields, { id }, 0)).toThrow(AssertionFailed)
  })
})

describe('int64', () => {
  it('is a number, saturated where a number is no longer exact', () => {
    const fields = struct({ offset: int64 })
    const cases: [hex: string, value: number][] = [
      ['001fffffffffffff', 2 ** 53 - 1],
      ['0020000000000000', 2 ** 53 - 1],
      ['0020000000000001', 2 ** 53 - 1],
      ['7fffffffffffffff', 2 ** 53 - 1],
      ['ffe0000000000001', -(2 ** 53 - 1)],
      ['ffe0000000000000', -(2 ** 53 - 1)],
      ['ffdfffffffffffff', -(2 ** 53 - 1)],
      ['8000000000000000', -(2 ** 53 - 1)],
      ['ffffffffffffffff', -1],
      ['00000000ffffffff', 2 ** 32 - 1],
      ['ffffffff00000000', -(2 ** 32)],
    ]
    for (const [hex, offset] of cases) expect(decode(fields, hex, 0)).toEqual({ offset })
    for (const [hex, offset] of cases.filter(([hex]) => /^(001f|ffe0000000000001|ffffffff|00000000)/.test(hex)))
      expect(hexOf(fields, { offset }, 0)).toBe(hex)
    for (const offset of [2 ** 53, -(2 ** 53), 0.5, Number.NaN]) expect(() => encode(fields, { offset }, 0)).toThrow(AssertionFailed)
  })
})
