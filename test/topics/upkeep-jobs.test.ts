// The jobs of a whole broker without sockets, on a clock of the test's: what the configs of topics and brokers, altered while it runs, make of them.

import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { checkpointText } from '../../src/log/checkpoints.ts'
import { changedBy } from '../../src/topics/config-edits.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { settled } from '../support/test-log.ts'
import { openTestStorage, type TestStorage } from '../support/test-storage.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const RETENTION_CHECK_MS = 5 * MINUTE_MS

interface Running extends TestStorage {
  readonly clock: ManualClock
  readonly disk: MemoryDisk
  /** Time goes by, and what comes due is done. */
  pass(ms: number): Promise<void>
  alter(topic: string, configs: Record<string, string>): Promise<void>
  startOf(topic: string): Promise<number>
}

async function open(flags: Record<string, string | number | boolean> = {}, disk?: MemoryDisk): Promise<Running> {
  const clock = new ManualClock()
  const ownDisk = disk ?? new MemoryDisk(() => clock.now())
  const storage = await openTestStorage(ownDisk, clock, flags)
  return {
    ...storage,
    clock,
    disk: ownDisk,
    async pass(ms) {
      for (let passedMs = 0; passedMs < ms; passedMs += 1000) {
        clock.advance(Math.min(1000, ms - passedMs))
        await settled()
      }
    },
    alter: (topic, configs) =>
      storage.catalog.alterConfigs(
        topic,
        changedBy(Object.entries(configs).map(([name, value]) => ({ name, operation: 'set' as const, value }))),
      ),
    startOf: async (topic) => (await storage.records.bounds(storage.catalog.byName(topic).id, 0)).logStartOffset,
  }
}

describe('retention in a broker', { timeout: 30_000 }, () => {
  it('removes what is too old, by the configs of the topic as they are by then', async () => {
    const broker = await open()
    await broker.createTopic('a', 1)
    await broker.append('a', 0, 'x')
    await broker.pass(RETENTION_CHECK_MS + MINUTE_MS)
    expect(await broker.startOf('a')).toBe(0)
    await broker.alter('a', { 'retention.ms': '1000' })
    await broker.pass(RETENTION_CHECK_MS)
    expect(await broker.startOf('a')).toBe(1)
    await broker.close()
  })

  it('takes hours and minutes from the broker, and -1 as no limit', async () => {
    const broker = await open({ 'log.retention.hours': 1, 'log.retention.check.interval.ms': MINUTE_MS })
    await broker.createTopic('a', 1)
    await broker.createTopic('kept', 1, { 'retention.ms': '-1' })
    for (const topic of ['a', 'kept']) await broker.append(topic, 0, 'x')
    broker.clock.jumpTo(broker.clock.now() + HOUR_MS - MINUTE_MS)
    await broker.pass(MINUTE_MS)
    expect(await broker.startOf('a')).toBe(0)
    await broker.pass(2 * MINUTE_MS)
    expect([await broker.startOf('a'), await broker.startOf('kept')]).toEqual([1, 0])
    await broker.close()
  })

  it('stops at the close', async () => {
    const broker = await open()
    await broker.close()
    expect(broker.clock.pendingTimerCount).toBe(0)
  })
})

describe('compaction in a broker', { timeout: 30_000 }, () => {
  const COMPACT = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0', 'max.compaction.lag.ms': '1000' }

  it('begins when a topic is to be compacted, and ends when it is so no more', async () => {
    const broker = await open()
    await broker.createTopic('a', 1)
    for (const value of ['1', '2', '3']) await broker.append('a', 0, value, 'key')
    await broker.pass(MINUTE_MS)
    expect(broker.upkeep.compactionRuns.value).toBe(0)
    await broker.alter('a', COMPACT)
    await broker.pass(MINUTE_MS)
    expect(broker.upkeep.compactionRuns.value).toBe(1)
    await broker.alter('a', { 'cleanup.policy': 'delete' })
    for (const value of ['4', '5']) await broker.append('a', 0, value, 'key')
    await broker.pass(MINUTE_MS)
    expect(broker.upkeep.compactionRuns.value).toBe(1)
    await broker.close()
  })

  it('leaves gaps that a later start takes for none, also when to compact was but a default of the broker', async () => {
    const broker = await open({
      'log.cleanup.policy': 'compact',
      'log.cleaner.min.cleanable.ratio': 0,
      'log.cleaner.max.compaction.lag.ms': 1000,
    })
    await broker.createTopic('a', 1, { 'segment.ms': '1' })
    for (const value of ['1', '2', '3', '4']) {
      await broker.append('a', 0, value, 'key')
      await broker.pass(1000)
    }
    await broker.pass(MINUTE_MS)
    expect(broker.upkeep.compactionRuns.value).toBeGreaterThan(0)
    await broker.append('a', 0, '5', 'key')
    await broker.close()
    const again = await open({}, broker.disk)
    expect(await again.append('a', 0, '6', 'key')).toBe(5)
    const read = { topicId: again.catalog.byName('a').id, partitionIndex: 0, offset: 0, maxBytes: 1000, lastFetchedEpoch: -1 }
    const limits = { maxBytes: 1000, atLeastOneBatch: true, readCommitted: false, stopsWhenFull: false }
    expect(await again.records.read({ reads: [read], ...limits })).toEqual([expect.objectContaining({ logStartOffset: 0 })])
    expect(again.lines).toEqual([])
    await again.close()
  })

  it('forgets how far it came in a topic that is deleted', async () => {
    const broker = await open()
    await broker.createTopic('a', 1, COMPACT)
    for (const value of ['1', '2', '3']) await broker.append('a', 0, value, 'key')
    await broker.pass(MINUTE_MS)
    await broker.catalog.delete(broker.catalog.byName('a'))
    expect(String(await broker.disk.readFile('/data/cleaner-offset-checkpoint'))).toBe(checkpointText([]))
    await broker.close()
  })

  it('does nothing when log.cleaner.enable is false', async () => {
    const broker = await open({ 'log.cleaner.enable': false })
    await broker.createTopic('a', 1, COMPACT)
    for (const value of ['1', '2', '3']) await broker.append('a', 0, value, 'key')
    await broker.pass(MINUTE_MS)
    expect(broker.upkeep.compactionRuns.value).toBe(0)
    await broker.close()
  })
})
