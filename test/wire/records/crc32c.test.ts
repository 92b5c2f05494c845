import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c, crc32cImplementation, loadJavaScriptCrc32c } from '../../../src/wire/records/crc32c.ts'

describe('CRC-32C', () => {
  it('is 0xe3069283 for the digits 1 to 9, and 0 for nothing', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(0))).toBe(0)
  })

  it('goes on from the checksum of what comes before', () => {
    expect(crc32c(Buffer.from('56789'), crc32c(Buffer.from('1234')))).toBe(0xe3069283)
  })

  it('comes from the native binding where there is one', () => {
    expect(crc32cImplementation).toBe('native')
  })

  it('is the same in JavaScript', () => {
    const inJavaScript = loadJavaScriptCrc32c()
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
        expect(inJavaScript(second, inJavaScript(first))).toBe(crc32c(second, crc32c(first)))
      }),
    )
  })
})
