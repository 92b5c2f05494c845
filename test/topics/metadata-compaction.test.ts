// The metadata log does not grow with what was changed, but with what there is.

import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { changedBy } from '../../src/topics/config-edits.ts'
import { filesOf } from '../support/disk-files.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { settled } from '../support/test-log.ts'
import { openTestStorage, type TestStorage } from '../support/test-storage.ts'

const DAY_MS = 86_400_000
const SIZES = { metadataSegmentBytes: 2000 }
const FLAGS = { 'log.cleaner.backoff.ms': 1000 }
const ROUNDS = 40

const clock = new ManualClock()

async function pass(ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += ms / 10) {
    clock.advance(ms / 10)
    await settled()
  }
}

async function setRetention(storage: TestStorage, topic: string, ms: number): Promise<void> {
  await storage.catalog.alterConfigs(topic, changedBy([{ name: 'retention.ms', operation: 'set', value: String(ms) }]))
}

async function metadataBytes(disk: MemoryDisk): Promise<number> {
  const files = await filesOf(disk, '/data')
  return [...files].filter(([path]) => /__cluster_metadata-0.*[.]log$/.test(path)).reduce((sum, [, { length }]) => sum + length, 0)
}

describe('a metadata log with many changes', { timeout: 30_000 }, () => {
  it('is compacted, and a start finds what there was', async () => {
    const disk = new MemoryDisk(() => clock.now())
    const storage = await openTestStorage(disk, clock, FLAGS, SIZES)
    await storage.createTopic('kept', 2)
    const kept = storage.catalog.byName('kept')
    for (let round = 1; round <= ROUNDS; round++) {
      await setRetention(storage, 'kept', round)
      await storage.createTopic('passing', 1)
      await storage.catalog.delete(storage.catalog.byName('passing'))
    }
    const before = await metadataBytes(disk)
    await pass(60_000)
    await pass(DAY_MS) // then the deletions need not be remembered any more
    await storage.createTopic('last', 1)
    await pass(60_000)
    expect(await metadataBytes(disk)).toBeLessThan(before / 2)
    await storage.close()

    const again = await openTestStorage(disk, clock, FLAGS, SIZES)
    expect([...again.catalog.topics].map(({ name }) => name)).toEqual(['kept', 'last'])
    expect(again.catalog.byName('kept')).toMatchObject({ id: kept.id, partitionCount: 2, configOverrides: { 'retention.ms': `${ROUNDS}` } })
    expect(again.leaderEpoch).toBe(1)
    expect(again.lines).toEqual([])
    await again.close()
  })
})
