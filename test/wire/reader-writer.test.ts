import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionFailed } from '../../src/lib/assert.ts'
import { Malformed, Reader } from '../../src/wire/reader.ts'
import { Writer } from '../../src/wire/writer.ts'

function written(write: (writer: Writer) => void): Buffer {
  const writer = new Writer()
  write(writer)
  const { size } = writer
  const bytes = Buffer.concat(writer.chunks())
  expect(bytes.length).toBe(size)
  return bytes
}
const readerOf = (hex: string): Reader => new Reader(Buffer.from(hex, 'hex'))

describe('numbers', () => {
  it.each([
    ['int8', [0, 127, -128, -1]],
    ['int16', [0, 32_767, -32_768, -1, 256]],
    ['uint16', [0, 65_535, 256]],
    ['int32', [0, 2 ** 31 - 1, -(2 ** 31), -1, 65_536]],
    ['int64', [0, 2 ** 53 - 1, -(2 ** 53 - 1), -1, 2 ** 32, -(2 ** 32) - 1, 2 ** 31]],
    ['float64', [0, 0.1, -1e300, Infinity]],
    ['unsignedVarint', [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456, 2 ** 32 - 1]],
  ] as const)('of type %s are read as they were written', (type, values) => {
    const bytes = written((writer) => values.forEach((value) => writer[type](value)))
    const reader = new Reader(bytes)
    expect(values.map(() => reader[type]())).toEqual(values)
    expect(reader.remaining).toBe(0)
  })

  it.each([
    ['int8', [128, -129, 0.5, Number.NaN]],
    ['int16', [32_768, -32_769]],
    ['uint16', [65_536, -1]],
    ['int32', [2 ** 31, -(2 ** 31) - 1]],
    ['int64', [2 ** 53, -(2 ** 53), 0.1]],
    ['unsignedVarint', [-1, 2 ** 32]],
  ] as const)('that are no %s are not written', (type, values) => {
    for (const value of values) expect(() => written((writer) => writer[type](value))).toThrow(AssertionFailed)
  })

  it('take the same bytes as in Java', () => {
    expect(written((writer) => writer.int64(-2)).toString('hex')).toBe('fffffffffffffffe')
    expect(written((writer) => writer.int64(2 ** 40 + 5)).toString('hex')).toBe('0000010000000005')
    expect(written((writer) => writer.unsignedVarint(300)).toString('hex')).toBe('ac02')
    expect(written((writer) => writer.unsignedVarint(2 ** 32 - 1)).toString('hex')).toBe('ffffffff0f')
  })

  it('have a bool that is false only for zero', () => {
    expect(readerOf('00').bool()).toBe(false)
    expect(readerOf('01').bool()).toBe(true)
    expect(readerOf('ff').bool()).toBe(true)
    expect(written((writer) => [true, false].forEach((value) => writer.bool(value))).toString('hex')).toBe('0100')
  })
})

describe('an unsigned varint', () => {
  it('may be longer than it needs to be', () => {
    expect(readerOf('8080808000').unsignedVarint()).toBe(0)
    expect(readerOf('8100').unsignedVarint()).toBe(1)
  })

  it('is malformed beyond 32 bits, and beyond five bytes', () => {
    expect(() => readerOf('ffffffff1f').unsignedVarint()).toThrow(Malformed)
    expect(() => readerOf('808080808000').unsignedVarint()).toThrow(Malformed)
    expect(() => readerOf('ffffffffffffffffff').unsignedVarint()).toThrow(Malformed)
  })

  it('is malformed when it does not end', () => {
    for (const hex of ['', '80', '8080', 'ffffffff']) expect(() => readerOf(hex).unsignedVarint()).toThrow(Malformed)
  })
})

describe('a reader', () => {
  it('reads its part of the buffer and nothing beyond it', () => {
    const reader = new Reader(Buffer.from('00112233445566', 'hex'), 1, 5)
    expect(reader.int16()).toBe(0x1122)
    expect(() => reader.int32()).toThrow(Malformed)
    expect(reader.remaining).toBe(2)
    expect(reader.int16()).toBe(0x3344)
    expect(() => reader.int8()).toThrow(Malformed)
  })

  it('never goes back', () => {
    const reader = new Reader(Buffer.alloc(8), 4)
    for (const size of [-1, -5]) {
      expect(() => reader.skip(size)).toThrow(Malformed)
      expect(() => reader.bytes(size)).toThrow(Malformed)
      expect(() => reader.string(size)).toThrow(Malformed)
    }
    expect(reader.position).toBe(4)
  })

  it('reads what is not UTF-8 as U+FFFD', () => {
    expect(readerOf('61ff62').string(3)).toBe('a\uFFFDb')
  })
})

describe('a string', () => {
  it('is read as it was written, in both forms, whatever its length and alphabet', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.integer({ min: 0, max: 60 }).map((length) => 'é€𝄞a'.repeat(length)),
    )
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
        const bytes = written((writer) => {
          for (const value of texts) {
            writer.string(value)
            writer.compactString(value)
          }
        })
        const reader = new Reader(bytes)
        const read = texts.map(() => [reader.string(reader.int16()), reader.string(reader.unsignedVarint() - 1)])
        expect(read).toEqual(texts.map((value) => [value, value]))
      }),
    )
  })

  it('of more than 32767 bytes is not written', () => {
    expect(written((writer) => writer.string('x'.repeat(32_767))).length).toBe(32_769)
    expect(() => written((writer) => writer.string('é'.repeat(16_384)))).toThrow(AssertionFailed)
    expect(() => written((writer) => writer.compactString('x'.repeat(32_768)))).toThrow(AssertionFailed)
  })
})

describe('a writer', () => {
  it('keeps what it has written while it grows and while it sets large byte strings apart', () => {
    const part = fc.oneof(
      fc.integer({ min: 0, max: 900 }).map((size) => ({ size, isBytes: false })),
      fc.constantFrom(0, 1, 1024, 1025, 5000).map((size) => ({ size, isBytes: true })),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const expected: Buffer[] = []
        const bytes = written((writer) => {
          for (const [index, { size, isBytes }] of parts.entries()) {
            const content = Buffer.alloc(size, index + 1)
            if (isBytes) writer.bytes(content)
            else for (const octet of content) writer.int8(octet)
            expected.push(content)
          }
        })
        expect(bytes.equals(Buffer.concat(expected))).toBe(true)
      }),
    )
  })

  it('copies byte strings of up to 1 KB, and hands on larger ones as they are', () => {
    const [small, large] = [Buffer.alloc(1024, 1), Buffer.alloc(1025, 2)]
    const writer = new Writer()
    for (const value of [small, large, small]) writer.bytes(value)
    const chunks = writer.chunks()
    expect(chunks.map((chunk) => chunk.length)).toEqual([1024, 1025, 1024])
    expect(chunks[1]).toBe(large)
    expect(chunks[0]!.buffer).not.toBe(small.buffer)
  })

  it('begins another chunk where one is long, so that what was written is not copied again and again', () => {
    const writer = new Writer()
    const part = Buffer.alloc(1000, 5)
    for (let index = 0; index < 2000; index++) writer.bytes(part)
    const chunks = writer.chunks()
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(600_000)
    expect(chunks.length).toBeLessThan(10)
    expect(Buffer.concat(chunks).equals(Buffer.alloc(2_000_000, 5))).toBe(true)
  })

  it('writes the size of a section before it, sections within sections and large byte strings included', () => {
    const inner = Buffer.alloc(3000, 7)
    const writer = new Writer()
    writer.int8(1)
    const section = writer.openSection()
    writer.int8(2)
    const nested = writer.openSection()
    writer.bytes(inner)
    writer.closeSection(nested)
    writer.int8(3)
    writer.closeSection(section)
    writer.bytes(inner)
    const chunks = writer.chunks()
    expect(chunks[1]).toBe(inner)
    const reader = new Reader(Buffer.concat(chunks))
    expect([reader.int8(), reader.unsignedVarint(), reader.int8(), reader.unsignedVarint()]).toEqual([1, 3004, 2, 3000])
    expect(reader.bytes(3000).equals(inner)).toBe(true)
    expect([reader.int8(), reader.remaining]).toEqual([3, 3000])
  })
})
