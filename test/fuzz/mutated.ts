// Damage: bytes that were right once. What hits most is what a length, a count or a version could be mistaken for, so those values are written more often
// than any other.

import { below, chance, pick, type Random } from '../support/random.ts'

const INTERESTING_BYTES = [0, 1, 2, 0x7f, 0x80, 0xff]
const INTERESTING_INT16S = [0, 1, -1, 0x7fff, -0x8000]
const INTERESTING_INT32S = [0, 1, -1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x10_0000, 0x7fff_ffff, -0x8000_0000]
const INSERTED_MAX = 40
const DAMAGES_MAX = 4

export function noise(random: Random, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let index = 0; index < size; index++) bytes[index] = random() * 256
  return bytes
}

type Damage = (bytes: Buffer, random: Random) => Buffer

const place = (bytes: Buffer, random: Random): number => below(random, Math.max(1, bytes.length))

const DAMAGES: readonly Damage[] = [
  function flipBit(bytes, random) {
    const at = place(bytes, random)
    if (at < bytes.length) bytes[at]! ^= 1 << below(random, 8)
    return bytes
  },
  function setByte(bytes, random) {
    const at = place(bytes, random)
    if (at < bytes.length) bytes[at] = chance(random, 0.5) ? pick(random, INTERESTING_BYTES) : below(random, 256)
    return bytes
  },
  function setInt16(bytes, random) {
    if (bytes.length >= 2) bytes.writeInt16BE(pick(random, INTERESTING_INT16S), below(random, bytes.length - 1))
    return bytes
  },
  function setInt32(bytes, random) {
    if (bytes.length >= 4) bytes.writeInt32BE(pick(random, INTERESTING_INT32S), below(random, bytes.length - 3))
    return bytes
  },
  function cutOff(bytes, random) {
    return bytes.subarray(0, place(bytes, random))
  },
  function cutOut(bytes, random) {
    const start = place(bytes, random)
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + below(random, 8))])
  },
  function insertNoise(bytes, random) {
    const at = place(bytes, random)
    return Buffer.concat([bytes.subarray(0, at), noise(random, 1 + below(random, INSERTED_MAX)), bytes.subarray(at)])
  },
  function repeatPart(bytes, random) {
    const start = place(bytes, random)
    const part = bytes.subarray(start, start + 1 + below(random, INSERTED_MAX))
    return Buffer.concat([bytes.subarray(0, start), ...Array<Buffer>(1 + below(random, 4)).fill(part), bytes.subarray(start)])
  },
]

/** A copy of `bytes` with one damage or a few. */
export function mutated(bytes: Buffer, random: Random): Buffer {
  let result: Buffer = Buffer.from(bytes)
  for (let damages = 1 + below(random, DAMAGES_MAX); damages > 0; damages--) result = pick(random, DAMAGES)(result, random)
  return result
}
