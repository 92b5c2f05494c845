import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { listLogFolders, removeDeletedLogFolders } from '../../src/log/log-folders.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { openJournaled } from '../support/journaled-logs.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { append, batchOf, FOLDER, openLog, settled, startAppend } from '../support/test-log.ts'

describe('a deleted log', () => {
  it('loses its name at once and its files after a while', async () => {
    const disk = new MemoryDisk()
    const clock = new ManualClock()
    const { log } = await openLog(disk, { clock })
    await append(log, ['a'])
    await log.delete()
    const renamed = ((await disk.list('/data')) ?? []).filter((name) => name.endsWith('-delete'))
    expect(renamed).toHaveLength(1)
    expect(await listLogFolders(disk, '/data')).toEqual([])
    expect(() => log.read(0, 1, { upTo: 1, atLeastOneBatch: true })).toThrow(
      expect.objectContaining({ error: 'UNKNOWN_TOPIC_OR_PARTITION' }),
    )
    clock.advance(60_000)
    await settled()
    expect(await disk.list(`/data/${renamed[0]}`)).toBeUndefined()
  })

  it('is removed by the next start when there was no time for it', async () => {
    const disk = new MemoryDisk()
    const { log, services } = await openLog(disk)
    await append(log, ['a'])
    await log.delete()
    await removeDeletedLogFolders(services, '/data')
    expect(((await disk.list('/data')) ?? []).filter((name) => name.startsWith('orders'))).toEqual([])
  })

  it('is left to the next start when the broker closes before its time', async () => {
    const disk = new MemoryDisk()
    const clock = new ManualClock()
    const { log, services } = await openLog(disk, { clock })
    await append(log, ['a'])
    await log.delete()
    await services.deletions.close()
    clock.advance(60_000)
    await settled()
    expect(((await disk.list('/data')) ?? []).filter((name) => name.endsWith('-delete'))).toHaveLength(1)
  })

  it('is no trouble when another start has removed it before its time', async () => {
    const disk = new MemoryDisk()
    const clock = new ManualClock()
    const { log, services } = await openLog(disk, { clock })
    const warnings: string[] = []
    services.diagnostics.warn = (message) => void warnings.push(message)
    await append(log, ['a'])
    await log.delete()
    await removeDeletedLogFolders(services, '/data')
    clock.advance(60_000)
    await settled()
    expect(warnings).toEqual([])
  })

  it('is no trouble to a checkpoint of the journal at the same time', async () => {
    const disk = new MemoryDisk()
    const { logs, journal } = await openJournaled(disk)
    const [deleted, kept] = logs as [PartitionLog, PartitionLog]
    await append(deleted, ['a'])
    const isGone = deleted.delete()
    await journal.checkpoint()
    await isGone
    await append(kept, ['b'])
    expect([kept.highWatermark, kept.readOnlyReason]).toEqual([1, undefined])
  })

  it('leaves the folder of another topic alone', async () => {
    const disk = new MemoryDisk()
    await disk.makeFolder(FOLDER)
    await disk.replaceFile(`${FOLDER}/partition.metadata`, Buffer.from('version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ'))
    const { log } = await openLog(disk)
    expect(log.offlineReason).toContain('belongs to another topic')
    await log.delete()
    expect(await disk.list('/data')).toEqual(['orders-0'])
  })

  it('leaves nothing to a later log of its name', async () => {
    const disk = new MemoryDisk()
    const clock = new ManualClock()
    const first = await openLog(disk, { clock })
    for (const value of 'abc') await append(first.log, [value])
    clock.advance(1000)
    await settled()
    await first.log.delete()
    const { log } = await openLog(disk)
    expect(log).toMatchObject({ offlineReason: undefined, logEndOffset: 0 })
  })

  it('takes its folder along when that was still being made', async () => {
    const disk = new MemoryDisk()
    const { log } = await openLog(disk)
    const makeFolder = disk.makeFolder.bind(disk)
    let release!: () => void
    const held = new Promise<void>((resolve) => (release = resolve))
    disk.makeFolder = (path) => held.then(() => makeFolder(path))
    const { done } = startAppend(log, await batchOf(['a']))
    const deleted = log.delete()
    await settled()
    release()
    await deleted
    await settled()
    await expect(done).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    expect(await listLogFolders(disk, '/data')).toEqual([])
  })

  it('refuses what was on its way', async () => {
    const { log } = await openLog(new MemoryDisk())
    const { done } = startAppend(log, await batchOf(['a']))
    await log.delete()
    await expect(done).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
  })
})
