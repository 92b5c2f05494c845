// The variable-length integers of records: zigzag (the sign is the lowest bit), seven bits a byte, the lowest first; at most 32 bits (varint) or
// 64 (varlong). Sized and written here, straight into a buffer that is known to be large enough; RecordCursor reads them.

const BITS_32 = 2 ** 32

/** How many bytes an integer takes, as a varint or a varlong. */
export function varintSize(value: number): number {
  let rest = Math.floor(magnitude(value) / 0x40)
  let size = 1
  for (; rest > 0; rest = Math.floor(rest / 0x80)) size++
  return size
}

/** Answers the position behind it. */
export function writeVarint(buffer: Buffer, value: number, position: number): number {
  const whole = magnitude(value)
  let at = position
  let byte = (whole % 0x40) * 2 + (value < 0 ? 1 : 0)
  let rest = Math.floor(whole / 0x40)
  while (rest > 0) {
    buffer[at++] = byte | 0x80
    byte = rest % 0x80
    rest = rest < BITS_32 ? rest >>> 7 : Math.floor(rest / 0x80)
  }
  buffer[at] = byte
  return at + 1
}

/** What follows the sign bit: exact for every safe integer, which 2 · value would not be. */
function magnitude(value: number): number {
  return value < 0 ? -value - 1 : value
}
