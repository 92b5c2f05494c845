import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { append, FOLDER, openLog } from '../../support/test-log.ts'

const SMALL = { segmentBytes: 600, indexIntervalBytes: 150 }

async function filesOf(disk: MemoryDisk): Promise<[string, string][]> {
  const names = ((await disk.list(FOLDER)) ?? []).toSorted()
  return Promise.all(
    names.map(async (name): Promise<[string, string]> => [name, String((await disk.readFile(`${FOLDER}/${name}`))?.toString('hex'))]),
  )
}

async function written(count: number): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const opened = await openLog(disk, { settings: SMALL })
  for (let index = 0; index < count; index++) await append(opened.log, [`value ${index}`])
  await opened.close()
  await disk.unlink('/data/.ottla-cleanshutdown')
  return disk
}

describe('a log that is said to begin behind its end', () => {
  async function beginning(at: number, recoveryPoint: number): Promise<MemoryDisk> {
    const disk = await written(20)
    await disk.replaceFile('/data/recovery-point-offset-checkpoint', Buffer.from(`0\n1\norders 0 ${recoveryPoint}\n`))
    await disk.replaceFile('/data/log-start-offset-checkpoint', Buffer.from(`0\n1\norders 0 ${at}\n`))
    return disk
  }

  it('is offline and left as it is when that was synced: the offset is damaged', async () => {
    const disk = await beginning(90, 20)
    const before = await filesOf(disk)
    expect((await openLog(disk)).log.offlineReason).toMatch(
      /said to begin at offset 90, but ends at 20\. Nothing was changed.*ottla verify/,
    )
    expect(await filesOf(disk)).toEqual(before)
  })

  it('begins there after a crash, and keeps what is there apart', async () => {
    const disk = await beginning(90, 7)
    const sizes = (await filesOf(disk)).filter(([name]) => name.endsWith('.log')).map(([, bytes]) => bytes)
    const { log, lines } = await openLog(disk, { settings: SMALL })
    expect([log.offlineReason, log.logStartOffset, log.logEndOffset]).toEqual([undefined, 90, 90])
    const after = await filesOf(disk)
    expect(after.filter(([name]) => name.endsWith('.cut')).map(([, bytes]) => bytes)).toEqual(sizes)
    expect(lines.map(({ message }) => message)).toContain('all that is left of a log lies below its start; it is kept in .cut files')
    expect((await append(log, ['next'])).baseOffset).toBe(90)
  })
})
