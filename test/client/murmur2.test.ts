import { describe, expect, it } from 'vitest'
import { murmur2, partitionOfKey } from '../../src/client/murmur2.ts'

describe('the partition of a key', () => {
  it.each<[string, number]>([
    ['', 275646681],
    ['a', -1563381124],
    ['ab', 316155434],
    ['abc', 479470107],
    ['abcd', -1323649548],
    ['orders', -1029842276],
    ['key-12345', -952703915],
    ['ünïcödé', 201421315],
    ['a-longer-key-with-some-more-text-in-it', -2008843232],
  ])('has the hash of Kafka’s Java client: %j', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash)
  })

  it('has it for bytes above 127 too, at every place of a word', () => {
    expect(murmur2(Buffer.from('ff80fe', 'hex'))).toBe(957058525)
    expect(murmur2(Buffer.from('ffffffff808182', 'hex'))).toBe(130508309)
  })

  it('is its hash without the sign, modulo the count', () => {
    expect(partitionOfKey(Buffer.from('a'), 12)).toBe((-1563381124 & 0x7fffffff) % 12)
    expect(partitionOfKey(Buffer.from('abc'), 12)).toBe(479470107 % 12)
  })
})
