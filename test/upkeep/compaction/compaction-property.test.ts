// Over random logs, whatever is compacted how often: the last record of each key is there, at its offset, with its bytes and its time; nothing is there that
// was not written; and what is left of the offsets means what it did.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { type Codec, CODECS } from '../../../src/wire/records/codecs.ts'
import { openCompactedLog, readKeyed, type SeenKey } from '../../support/compacted-log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const record = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  value: fc.option(fc.string({ maxLength: 30 }), { freq: 3 }),
  age: fc.nat(100_000),
})
const append = fc.record({
  kind: fc.constant('append' as const),
  codec: fc.constantFrom<Codec>(...CODECS),
  producerId: fc.constantFrom(-1, -1, 4, 5),
  records: fc.array(record, { minLength: 1, maxLength: 6 }),
})
const compact = fc.record({
  kind: fc.constant('compact' as const),
  slots: fc.constantFrom(2, 4, 100),
  deleteRetentionMs: fc.constantFrom(0, 1000, 86_400_000),
  minCleanableRatio: fc.constantFrom(0, 0.3),
  pauseMs: fc.nat(2000),
})
const reopen = fc.record({ kind: fc.constant('reopen' as const) })
const steps = fc.array(fc.oneof({ weight: 6, arbitrary: append }, { weight: 2, arbitrary: compact }, { weight: 1, arbitrary: reopen }), {
  maxLength: 40,
})

type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never

interface Outcome {
  readonly written: SeenKey[]
  readonly left: SeenKey[]
  /** First and last offset of each batch. */
  readonly batches: (readonly [number, number])[]
  readonly end: number
}

async function live(script: readonly Step[]): Promise<Outcome> {
  const disk = new MemoryDisk()
  const clock = new ManualClock()
  let epoch = 0
  const open = (): ReturnType<typeof openCompactedLog> => openCompactedLog(disk, clock, { segmentBytes: 600, leaderEpoch: epoch++ })
  let log = await open()
  const written: SeenKey[] = []
  const sequences = new Map<number, number>()
  for (const step of script) {
    if (step.kind === 'append') {
      const stamped = step.records.map(({ key, value, age }) => ({ key, value, timestamp: clock.now() - age }))
      const { codec, producerId } = step
      const sequence = sequences.get(producerId) ?? 0
      if (producerId >= 0) sequences.set(producerId, sequence + stamped.length)
      const producer = producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence: sequence }
      const baseOffset = await log.append(stamped, { codec, ...producer })
      for (const [index, one] of stamped.entries()) written.push({ offset: baseOffset + index, ...one })
    } else if (step.kind === 'compact') {
      clock.advance(step.pauseMs)
      const { deleteRetentionMs, minCleanableRatio, slots } = step
      await log.compact({ deleteRetentionMs, minCleanableRatio }, { dedupeBufferSize: 24 * slots })
    } else {
      await log.close()
      log = await open()
    }
  }
  await log.close()
  log = await open()
  if (log.log.offlineReason !== undefined) throw new Error(log.log.offlineReason)
  const { records, batches } = await readKeyed(log.log)
  const left = records.map(({ offset, timestamp, key, value }) => ({ offset, timestamp, key, value }))
  return { written, left, batches: batches.map((view) => [view.baseOffset, view.lastOffset] as const), end: log.log.logEndOffset }
}

describe('compaction of any log', { timeout: 60_000 }, () => {
  it('keeps the last of each key and the meaning of every offset', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const { written, left, batches, end } = await live(script)
        const last = new Map(written.map((one) => [one.key, one]))
        const byOffset = new Map(written.map((one) => [one.offset, one]))
        for (const one of left) expect(byOffset.get(one.offset)).toEqual(one)
        const leftOffsets = new Set(left.map(({ offset }) => offset))
        const lost = [...last.values()].filter(({ value, offset }) => value !== null && !leftOffsets.has(offset))
        expect(lost).toEqual([])
        const lastLeft = new Map(left.map((one) => [one.key, one]))
        for (const [key, one] of lastLeft) expect([key, one.offset]).toEqual([key, last.get(key)!.offset])
        expect(end).toBe(written.length)
        for (const [index, [base, lastOffset]] of batches.entries()) {
          expect(base).toBeLessThanOrEqual(lastOffset)
          expect(base).toBeGreaterThan(batches[index - 1]?.[1] ?? -1)
        }
        expect(batches.at(-1)?.[1] ?? -1).toBe(end - 1)
      }),
      { numRuns: 60 },
    )
  })
})
