// 64-bit integers at a place in a buffer, as numbers. Beyond ±(2^53 - 1) a read value is that bound: what is stored or sent is never made from it.

const TWO_TO_32 = 2 ** 32

export function readInt64(buffer: Buffer, position: number): number {
  const value = buffer.readInt32BE(position) * TWO_TO_32 + buffer.readUInt32BE(position + 4)
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER
  return value < Number.MIN_SAFE_INTEGER ? Number.MIN_SAFE_INTEGER : value
}

export function writeInt64(buffer: Buffer, value: number, position: number): void {
  buffer.writeInt32BE(Math.floor(value / TWO_TO_32), position)
  buffer.writeInt32BE(value | 0, position + 4)
}
