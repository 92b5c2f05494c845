import { describe, expect, it } from 'vitest'
import { parseAddressLimits } from '../../src/config/endpoints.ts'

describe('limits by address', () => {
  it('are read as Kafka writes them, of both families', () => {
    expect([...parseAddressLimits('127.0.0.1:200, ::1:5,[fe80::2]:0')!]).toEqual([
      ['127.0.0.1', 200],
      ['::1', 5],
      ['fe80::2', 0],
    ])
    expect(parseAddressLimits('')!.size).toBe(0)
  })

  it.each(['127.0.0.1', 'localhost:5', '127.0.0.1:-1', '127.0.0.1:5,', '10.0.0:5'])('are not read from %j', (text) => {
    expect(parseAddressLimits(text)).toBeUndefined()
  })
})
