// The types that always take the same number of bytes, big-endian, at a place in a buffer that is known to hold them.

import type { FixedSizeType } from './schema.ts'
import { ZERO_UUID } from './uuid.ts'

export const UUID_SIZE = 16

/** In bytes. */
export const FIXED_SIZES: Readonly<Record<FixedSizeType['kind'], number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  int64: 8,
  float64: 8,
  uuid: UUID_SIZE,
}

const TWO_TO_32 = 2 ** 32

export const boolAt = (buffer: Buffer, at: number): boolean => buffer[at] !== 0
export const int8At = (buffer: Buffer, at: number): number => (buffer[at]! << 24) >> 24
export const int16At = (buffer: Buffer, at: number): number => (uint16At(buffer, at) << 16) >> 16
export const uint16At = (buffer: Buffer, at: number): number => (buffer[at]! << 8) | buffer[at + 1]!
export const int32At = (buffer: Buffer, at: number): number =>
  (buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!

/** Saturates: beyond ±(2^53 - 1) it is that. */
export function int64At(buffer: Buffer, at: number): number {
  const value = int32At(buffer, at) * TWO_TO_32 + (int32At(buffer, at + 4) >>> 0)
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER
  return value < Number.MIN_SAFE_INTEGER ? Number.MIN_SAFE_INTEGER : value
}

/** `value` is a safe integer. */
export function writeInt64At(buffer: Buffer, value: number, at: number): void {
  buffer.writeInt32BE(Math.floor(value / TWO_TO_32), at)
  buffer.writeInt32BE(value | 0, at + 4)
}

export const float64At = (buffer: Buffer, at: number): number => buffer.readDoubleBE(at)

/** Most are zero: then no string is made. */
export function uuidAt(buffer: Buffer, at: number): string {
  const isZero = (int32At(buffer, at) | int32At(buffer, at + 4) | int32At(buffer, at + 8) | int32At(buffer, at + 12)) === 0
  return isZero ? ZERO_UUID : buffer.toString('base64url', at, at + UUID_SIZE)
}
