import { describe, expect, it } from 'vitest'
import { overwriteFile } from '../../../src/disk/disk.ts'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { checkpointText } from '../../../src/log/checkpoints.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { append, FOLDER, openLog } from '../../support/test-log.ts'

const LOG = `${FOLDER}/00000000000000000000.log`
const SYNCED = 3
const WRITTEN = 5

describe('the last batch that was synced', () => {
  it('takes the log offline, and nothing is cut off, when its length is damaged, which leads to all that follows', async () => {
    const first = new MemoryDisk()
    const { log: written } = await openLog(first)
    for (let index = 0; index < WRITTEN; index++) await append(written, [`value ${index}`])
    const disk = await (await FaultDisk.onto(first, '/data')).afterPowerLoss(() => 'all', ['/'])
    await disk.replaceFile('/data/recovery-point-offset-checkpoint', Buffer.from(checkpointText([`orders 0 ${SYNCED}\n`])))
    const bytes = (await disk.readFile(LOG))!
    const lengthPosition = (bytes.length / WRITTEN) * (SYNCED - 1) + 8
    bytes.writeInt32BE(bytes.readInt32BE(lengthPosition) + 8, lengthPosition)
    await overwriteFile(disk, LOG, bytes, 'unsynced')
    const { log } = await openLog(disk)
    expect(log.offlineReason).toMatch(/is damaged at byte/)
    expect(await disk.readFile(LOG)).toEqual(bytes)
  })
})
