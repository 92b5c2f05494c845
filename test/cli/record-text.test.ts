import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Format, recordFormatter, recordParser } from '../../src/cli/record-text.ts'

const buffer = (array: Uint8Array | null) => (array === null ? null : Buffer.from(array))
const parse = (format: Format, line: string | Buffer, separator = ':') => recordParser(format, separator)(Buffer.from(line))
const record = (parts: object) => ({ offset: 7, timestamp: Date.UTC(2026, 0, 31), key: null, value: null, headers: [], ...parts })
const print = (format: Format, parts: object, separator = ':') => recordFormatter(format, separator, 'orders')(3, record(parts)).toString()

describe('a printed record', () => {
  it('is its value, or key and value, and a line end', () => {
    const parts = { key: Buffer.from('a'), value: Buffer.from('1') }
    expect(print('value', parts)).toBe('1\n')
    expect(print('key:value', parts)).toBe('a:1\n')
    expect(print('key:value', parts, '\t')).toBe('a\t1\n')
    expect(print('key:value', {})).toBe(':\n')
  })

  it('keeps bytes that are not UTF-8', () => {
    expect(recordFormatter('value', ':', 'orders')(0, record({ value: Buffer.from([0xff, 0x00]) }))).toEqual(
      Buffer.from([0xff, 0x00, 0x0a]),
    )
  })

  it('as JSON tells where and when it is', () => {
    expect(JSON.parse(print('json', { value: Buffer.from('é'), headers: [{ key: 'h', value: null }] }))).toEqual({
      topic: 'orders',
      partition: 3,
      offset: 7,
      timestamp: '2026-01-31T00:00:00.000Z',
      key: null,
      value: 'é',
      headers: [{ key: 'h', value: null }],
    })
    expect(JSON.parse(print('json', { timestamp: -1 }))).toMatchObject({ timestamp: null })
  })

  it('as JSON marks what is not UTF-8', () => {
    expect(JSON.parse(print('json', { key: Buffer.from([0xff]) }))).toMatchObject({ key: { base64: '/w==' } })
  })
})

describe('a line to write', () => {
  it('is a value as it stands', () => {
    expect(parse('value', 'a:1')).toEqual({ key: null, value: Buffer.from('a:1') })
    expect(parse('value', '')).toEqual({ key: null, value: Buffer.alloc(0) })
  })

  it('is parted at the first separator, which may be longer than a character', () => {
    expect(parse('key:value', 'a:1:2')).toEqual({ key: Buffer.from('a'), value: Buffer.from('1:2') })
    expect(parse('key:value', 'a=>1', '=>')).toEqual({ key: Buffer.from('a'), value: Buffer.from('1') })
    expect(parse('key:value', 'a→1', '→')).toEqual({ key: Buffer.from('a'), value: Buffer.from('1') })
    expect(() => parse('key:value', 'a1')).toThrow('there is no ":" between key and value')
  })

  it('in JSON has text, null, marked bytes, or other JSON, which is kept as JSON', () => {
    expect(parse('json', '{"key":"a","value":{"x":[1,2]}}')).toMatchObject({ key: Buffer.from('a'), value: Buffer.from('{"x":[1,2]}') })
    expect(parse('json', '{"value":{"base64":"/w=="}}')).toMatchObject({ key: null, value: Buffer.from([0xff]) })
    expect(parse('json', '{"key":"gone","value":null}')).toMatchObject({ value: null })
    expect(parse('json', '{"key":5,"value":false}')).toMatchObject({ key: Buffer.from('5'), value: Buffer.from('false') })
  })

  it('in JSON has headers as a list or an object, a time and a partition', () => {
    expect(parse('json', '{"headers":{"a":"1"},"timestamp":"2026-01-31T00:00:00Z","partition":2}')).toMatchObject({
      headers: [{ key: 'a', value: Buffer.from('1') }],
      timestamp: Date.UTC(2026, 0, 31),
      partition: 2,
    })
    expect(parse('json', '{"headers":[{"key":"a"},{"key":"a","value":"2"}],"timestamp":17}')).toMatchObject({
      headers: [
        { key: 'a', value: null },
        { key: 'a', value: Buffer.from('2') },
      ],
      timestamp: 17,
    })
  })

  it.each([
    ['nonsense', 'it is not JSON'],
    ['[1]', 'it is not an object'],
    ['{"name":"x"}', 'a record has no "name". To write the object as it is: --format value'],
    ['{"value":{"base64":"!"}}', '"base64" is not base64 text'],
    ['{"headers":[1]}', 'a header must be'],
    ['{"headers":"x"}', 'headers must be a list'],
    ['{"timestamp":"soon"}', 'timestamp must be ms since 1970'],
    ['{"partition":-1}', 'partition must be a whole number'],
  ])('in JSON is refused when it is %s', (line, sentence) => {
    expect(() => parse('json', line)).toThrow(sentence)
  })
})

describe('a record that is printed as JSON and read again', () => {
  it('has the same bytes, whatever they are', () => {
    const bytes = fc.option(
      fc.oneof(
        fc.uint8Array(),
        fc.string().map((text) => new TextEncoder().encode(text)),
      ),
    )
    fc.assert(
      fc.property(bytes, bytes, fc.array(fc.record({ key: fc.string(), value: bytes })), fc.nat(), (key, value, headers, timestamp) => {
        const original = {
          key: buffer(key),
          value: buffer(value),
          headers: headers.map((header) => ({ key: header.key, value: buffer(header.value) })),
          timestamp,
        }
        const line = recordFormatter('json', ':', 'orders')(3, { offset: 0, ...original })
        expect(recordParser('json', ':')(line.subarray(0, -1))).toEqual({ ...original, partition: 3 })
      }),
    )
  })
})
