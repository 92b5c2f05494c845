// Lines of a stream of bytes, whatever their encoding: parted by \n alone, so that every other byte is kept. The last one need not end.
// As many at a time as a chunk holds: no promise per line, and nothing more is read before they are taken.

import { Failure } from './failure.ts'

const NEWLINE = 0x0a
const LINE_BYTES_MAX = 256 << 20

export async function* readLines(stream: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer[]> {
  let begun: Buffer[] = [] // the line that has no end yet
  let begunBytes = 0
  for await (const piece of stream) {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end)
      lines.push(begun.length === 0 ? rest : Buffer.concat([...begun, rest]))
      begun = []
      begunBytes = 0
      start = end + 1
    }
    if (start < chunk.length) {
      begun.push(chunk.subarray(start))
      begunBytes += chunk.length - start
    }
    if (begunBytes > LINE_BYTES_MAX) throw new Failure('failed', `a line has more than ${LINE_BYTES_MAX} bytes; records are lines`)
    if (lines.length > 0) yield lines
  }
  if (begun.length > 0) yield [Buffer.concat(begun)]
}
