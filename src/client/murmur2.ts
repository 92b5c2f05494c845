// MurmurHash2, 32 bits, with Kafka's seed: the hash by which clients choose the partition of a key. Any other would part a key's records from those of other clients.

const SEED = 0x9747b28c
const MULTIPLIER = 0x5bd1e995

/** A signed 32-bit number, as in Java. */
export function murmur2(bytes: Buffer): number {
  let hash = SEED ^ bytes.length
  let position = 0
  for (; bytes.length - position >= 4; position += 4) {
    let word = Math.imul(bytes.readInt32LE(position), MULTIPLIER)
    word ^= word >>> 24
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER)
  }
  const rest = bytes.length - position
  if (rest === 3) hash ^= bytes[position + 2]! << 16
  if (rest >= 2) hash ^= bytes[position + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[position]!, MULTIPLIER)
  hash ^= hash >>> 13
  hash = Math.imul(hash, MULTIPLIER)
  return hash ^ (hash >>> 15)
}

/** As Kafka's default partitioner. */
export function partitionOfKey(key: Buffer, partitionCount: number): number {
  return (murmur2(key) & 0x7fff_ffff) % partitionCount
}
