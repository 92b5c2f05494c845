import { describe, expect, it } from 'vitest'
import { parseProperties } from '../../src/config/properties.ts'

const parsed = (text: string) => Object.fromEntries(parseProperties(text))

describe('a properties file', () => {
  it('has a key and a value on each line, parted by =, : or space', () => {
    expect(parsed('a=1\nb: 2\nc 3\n d = 4\r\ne\t5\rf')).toEqual({ a: '1', b: '2', c: '3', d: '4', e: '5', f: '' })
  })

  it('keeps further separators in the value', () => {
    expect(parsed('listeners=PLAINTEXT://:9092\na = = b')).toEqual({ listeners: 'PLAINTEXT://:9092', a: '= b' })
  })

  it('has comments after # and !, at the start of a line only', () => {
    expect(parsed('# one\n  ! two\n\na=1 # not a comment')).toEqual({ a: '1 # not a comment' })
  })

  it('continues a line that ends in an odd number of backslashes, without the next line’s indentation', () => {
    expect(parsed('a=1,\\\n   2,\\\n#3\nb=\\\\\nc=4\\')).toEqual({ a: '1,2,#3', b: '\\', c: '4' })
  })

  it('has escapes in keys and values', () => {
    expect(parsed('a\\ b\\=c=\\u00e9\\t\\x')).toEqual({ 'a b=c': 'é\tx' })
  })

  it('takes the last of two equal keys', () => {
    expect(parsed('a=1\na=2')).toEqual({ a: '2' })
  })
})
