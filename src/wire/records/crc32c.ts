// CRC-32C (Castagnoli), the checksum of record batches: by the processor's own instructions where there is a binary for the platform, else in
// JavaScript, five times slower.

import { loadPackage } from './load-package.ts'

const native = loadPackage('@node-rs/crc32') as typeof import('@node-rs/crc32') | undefined

export const crc32cImplementation: 'native' | 'javascript' = native === undefined ? 'javascript' : 'native'

/** Unsigned. `seed` is the checksum of what comes before `bytes`. */
export const crc32c: (bytes: Uint8Array, seed?: number) => number = native?.crc32c ?? loadJavaScriptCrc32c()

export function loadJavaScriptCrc32c(): (bytes: Uint8Array, seed?: number) => number {
  const javaScript = loadPackage('crc-32/crc32c.js') as typeof import('crc-32')
  return (bytes, seed) => javaScript.buf(bytes, seed) >>> 0
}
