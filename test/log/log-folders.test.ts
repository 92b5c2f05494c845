import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { deleteLogFolder, listLogFolders, removeDeletedLogFolders } from '../../src/log/log-folders.ts'
import { FaultDisk } from '../support/fault-disk.ts'
import { silent } from '../support/log-services.ts'
import { append, FOLDER, openLog, TOPIC_ID } from '../support/test-log.ts'

describe('the folders of a data folder', () => {
  it('are listed with the topic id that each of them states', async () => {
    const disk = new MemoryDisk()
    const { log } = await openLog(disk)
    await append(log, ['a'])
    await disk.makeFolder('/data/payments-7')
    await disk.replaceFile('/data/payments-7/partition.metadata', Buffer.from('version: 0\n'))
    await disk.replaceFile('/data/not-a-folder-1', Buffer.from(''))
    await disk.makeFolder('/data/something else')
    expect((await listLogFolders(disk, '/data')).filter(({ topic }) => topic !== 'not-a-folder')).toEqual([
      { folder: FOLDER, topic: 'orders', partition: 0, topicId: TOPIC_ID },
      { folder: '/data/payments-7', topic: 'payments', partition: 7, topicId: undefined },
    ])
  })

  it('are removed without a gap: after a crash on the way only the end of a log is left', async () => {
    const image = await logOfManySegments()
    for (let step = 0; ; step++) {
      const disk = await FaultDisk.onto(await (await FaultDisk.onto(image, '/data')).afterPowerLoss(() => 'all', ['/']), '/data', {
        step,
        kind: 'stop',
      })
      const isOver = await Promise.race([
        deleteLogFolder({ disk, diagnostics: silent }, FOLDER).then(() => true),
        disk.stopped.then(() => false),
      ])
      const after = await disk.afterPowerLoss(() => 'all', ['/'])
      const left = await logsIn(after)
      expect(left).toEqual((await logsIn(image)).slice(-left.length || Number.POSITIVE_INFINITY))
      await removeDeletedLogFolders({ disk: after, diagnostics: silent }, '/data')
      expect(await listLogFolders(after, '/data')).toHaveLength(step === 0 ? 1 : 0)
      if (isOver) break
    }
  })
})

async function logOfManySegments(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const { log } = await openLog(disk, { settings: { segmentBytes: 200 } })
  for (let index = 0; index < 6; index++) await append(log, ['v'])
  await log.close()
  return disk
}

async function logsIn(disk: MemoryDisk): Promise<string[]> {
  const folder = ((await disk.list('/data')) ?? []).find((name) => name.startsWith('orders'))
  const names = folder === undefined ? [] : ((await disk.list(`/data/${folder}`)) ?? [])
  return names.filter((name) => name.endsWith('.log')).toSorted()
}
