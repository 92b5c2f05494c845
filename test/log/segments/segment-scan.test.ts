import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scanBatches } from '../../../src/log/segments/segment-scan.ts'
import { BatchView } from '../../../src/wire/records/batch.ts'
import { encodeBatch } from '../../../src/wire/records/record.ts'

/** A segment of batches with values of these sizes; the larger they are, the fewer fit in a chunk. */
async function segmentOf(sizes: readonly number[]): Promise<Buffer> {
  const batches: Buffer[] = []
  for (const [offset, size] of sizes.entries()) {
    const bytes = Buffer.from(await encodeBatch({ records: [{ timestamp: offset, key: null, value: Buffer.alloc(size, offset + 1) }] }))
    new BatchView(bytes).baseOffset = offset
    batches.push(bytes)
  }
  return Buffer.concat(batches)
}

/** Answers later, and tells how much was read at a time. */
function fileOf(bytes: Buffer) {
  const reads: number[] = []
  let underWay = 0
  let underWayMax = 0
  const file = {
    async read(into: Buffer, position: number): Promise<number> {
      reads.push(into.length)
      underWayMax = Math.max(underWayMax, ++underWay)
      await new Promise((resolve) => setImmediate(resolve))
      underWay--
      return bytes.copy(into, 0, position)
    },
  }
  return { file, reads, underWayMax: () => underWayMax }
}

async function scanned(bytes: Buffer, end: number, readsAhead: boolean): Promise<unknown[]> {
  const seen: unknown[] = []
  const range = { start: 0, end, nextOffset: 0, checksumFrom: 0, readsAhead }
  const found = await scanBatches(fileOf(bytes).file, range, async (view, position) => {
    await new Promise((resolve) => setImmediate(resolve)) // what is read ahead arrives meanwhile
    seen.push([position, view.baseOffset, view.packedRecords.at(-2), view.isCrcValid])
    return true
  })
  return [...seen, found]
}

const sizes = fc.array(fc.oneof(fc.nat(300), fc.integer({ min: 200_000, max: 500_000 }), fc.integer({ min: 900_000, max: 2_500_000 })), {
  minLength: 1,
  maxLength: 8,
})

describe('a scan that reads ahead', () => {
  it('finds what one finds that does not, in whole files, cut ones and damaged ones', { timeout: 60_000 }, async () => {
    const property = fc.asyncProperty(sizes, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3), async (list, place, damage) => {
      const bytes = await segmentOf(list)
      const position = Math.floor(place * (bytes.length - 1))
      if (damage === 1) bytes[position]! ^= 0x55
      const end = damage === 2 ? position : bytes.length
      const missing = damage === 3 ? bytes.subarray(0, position) : bytes
      expect(await scanned(missing, end, true)).toEqual(await scanned(missing, end, false))
    })
    await fc.assert(property, { numRuns: 60 })
  })

  it('reads one chunk while it looks at another, and each byte about once', async () => {
    const bytes = await segmentOf(Array.from({ length: 40 }, () => 100_000))
    const { file, reads, underWayMax } = fileOf(bytes)
    let lookedAtWhileReading = 0
    await scanBatches(file, { start: 0, end: bytes.length, nextOffset: 0, checksumFrom: 0, readsAhead: true }, () => {
      lookedAtWhileReading += reads.length > 1 ? 1 : 0
      return true
    })
    expect(lookedAtWhileReading).toBe(40)
    expect(underWayMax()).toBe(1)
    expect(reads.reduce((sum, size) => sum + size, 0)).toBeLessThan(1.15 * bytes.length)
  })
})
