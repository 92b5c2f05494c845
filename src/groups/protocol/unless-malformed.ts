// Bytes that clients hand to each other need not be what the broker takes them for.

import { Malformed } from '../../wire/reader.ts'

/** What `decode` gives; undefined when the bytes are malformed. */
export function unlessMalformed<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}
