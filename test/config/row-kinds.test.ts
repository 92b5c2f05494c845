import { describe, expect, it } from 'vitest'
import { boolean, double, int, list, long, parseValue, string } from '../../src/config/row-kinds.ts'

const doc = 'A setting.'

describe('a value', () => {
  it('is refused with a sentence that names the setting, what it must be, and what it was', () => {
    expect(() => parseValue('segment.bytes', int({ default: 5, atLeast: 3, doc }), '2')).toThrow(
      'segment.bytes must be a whole number from 3 to 2147483647, not "2"',
    )
    expect(() => parseValue('flush.ms', long({ default: 5, atLeast: 0, doc }), 'soon')).toThrow(
      'flush.ms must be a whole number of at least 0, not "soon"',
    )
    expect(() => parseValue('level', int({ default: -1, atLeast: 1, atMost: 9, or: -1, doc }), '0')).toThrow(
      'level must be a whole number from 1 to 9 or -1, not "0"',
    )
    expect(() => parseValue('--log-level', string({ default: 'a', oneOf: ['a', 'b'], doc }), 'A')).toThrow(
      '--log-level must be one of a, b, not "A"',
    )
    expect(() => parseValue('x', boolean({ default: true, doc }), 'yes')).toThrow('x must be true or false, not "yes"')
  })

  it('that is absurdly long is cut in the sentence', () => {
    expect(() => parseValue('x', int({ default: 0, doc }), '9'.repeat(10_000))).toThrow(/^x must be .{1,160}…"$/)
  })
})

describe('a long', () => {
  const row = long({ default: 0, doc })

  it('keeps its text where a number cannot hold it, and counts as the largest safe number', () => {
    expect(row.read('9223372036854775807')).toEqual({ text: '9223372036854775807', value: Number.MAX_SAFE_INTEGER })
    expect(row.read('-9223372036854775808')).toEqual({ text: '-9223372036854775808', value: Number.MIN_SAFE_INTEGER })
    expect(row.read('9007199254740993')).toEqual({ text: '9007199254740993', value: Number.MAX_SAFE_INTEGER })
  })

  it('is refused past 64 bits', () => {
    expect(row.read('9223372036854775808')).toBeUndefined()
    expect(row.read('-9223372036854775809')).toBeUndefined()
  })

  it('is written without plus sign, spaces and leading zeros', () => {
    expect(['+5', ' 5 ', '005', '-0'].map((text) => row.read(text)?.text)).toEqual(['5', '5', '5', '0'])
  })
})

describe('a double', () => {
  const row = double({ default: 0.5, atLeast: 0, atMost: 1, doc })

  it('is written with a fraction, as Kafka does', () => {
    expect(['1', '1e-1', ' 0.50', '0'].map((text) => row.read(text)?.text)).toEqual(['1.0', '0.1', '0.5', '0.0'])
  })

  it('is refused outside its limits, when empty and when it is no number', () => {
    expect(['2', '-0.1', '', ' ', 'NaN', 'x'].filter((text) => row.read(text) !== undefined)).toEqual([])
  })
})

describe('a list', () => {
  const row = list({ default: 'a', takes: 'a, b', accepts: (values) => values.every((value) => 'ab'.includes(value)), doc })

  it('is trimmed, each value kept once', () => {
    expect(row.read(' a, b,a ')).toEqual({ value: ['a', 'b'], text: 'a,b' })
  })

  it('may be empty, but has no empty values', () => {
    expect(row.read('  ')).toEqual({ value: [], text: '' })
    expect(row.read('a,,b')).toBeUndefined()
  })
})
