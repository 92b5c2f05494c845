// A log against an array of records: whatever is done to it, in any order, it serves what the array holds.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { logCommands, type Model, type Real } from '../support/log-model.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { openLog } from '../support/test-log.ts'

describe.each(['fsync', 'interval', 'os'] as const)('a log with durability %s', (durability) => {
  it('serves what an array would, whatever is done to it', { timeout: 120_000 }, async () => {
    const settings = { durability, segmentBytes: 1000, indexIntervalBytes: 200 }
    const property = fc.asyncProperty(fc.commands(logCommands, { size: 'medium', maxCommands: 40 }), async (list) => {
      const disk = new MemoryDisk()
      const clock = new ManualClock()
      const model: Model = { records: [], batchStarts: [], logStartOffset: 0, leaderEpoch: 0, epochStarts: [] }
      const real: Real = { disk, clock, settings, opened: await openLog(disk, { settings, clock }) }
      await fc.asyncModelRun(() => ({ model, real }), list)
    })
    await expect(fc.assert(property, { numRuns: 100 })).resolves.toBeUndefined()
  })
})
