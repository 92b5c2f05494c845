import { describe, expect, it } from 'vitest'
import { FaultDisk } from '../support/fault-disk.ts'
import { readAll } from '../support/read-log.ts'
import { append, batchOf, FOLDER, openLog, startAppend } from '../support/test-log.ts'

const fullOnce = (step: number, repeat = 0): FaultDisk => new FaultDisk({ step, repeat, kind: 'error', code: 'ENOSPC', only: 'write' })

describe('an append that could not be written', () => {
  it('is new to the log when its producer sends it again, and so are those that waited behind it', async () => {
    const { log } = await openLog(fullOnce(0))
    const producer = { producerId: 5, producerEpoch: 0 }
    const sequences = [0, 1, 2]
    const dones = await Promise.all(
      sequences.map(async (baseSequence) =>
        startAppend(log, await batchOf(['v'], { ...producer, baseSequence })).done.catch(() => 'refused'),
      ),
    )
    expect(dones).toEqual(['refused', 'refused', 'refused'])
    for (const baseSequence of sequences) await append(log, [`again ${baseSequence}`], { ...producer, baseSequence })
    expect((await readAll(log)).map(({ value }) => value)).toEqual(['again 0', 'again 1', 'again 2'])
  })

  it('leaves its offset to the next', async () => {
    const { log } = await openLog(fullOnce(2, 1)) // a small write is tried twice
    await append(log, ['a'])
    await expect(append(log, ['refused', 'refused'])).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    expect((await append(log, ['b'])).baseOffset).toBe(1)
    expect(log.sizeBytes).toBe(2 * (await batchOf(['a'])).bytes.length)
  })

  it('begins no leader epoch', async () => {
    const disk = fullOnce(1)
    const opened = await openLog(disk, { leaderEpoch: 3 })
    await expect(append(opened.log, ['a'])).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    await opened.close()
    expect(await disk.readFile(`${FOLDER}/leader-epoch-checkpoint`)).toBeUndefined()
  })

  it('begins no segment', async () => {
    const disk = fullOnce(3)
    const settings = { segmentBytes: 200 }
    const { log } = await openLog(disk, { settings })
    for (const value of ['a', 'b']) await append(log, [value])
    await expect(append(log, ['c'.repeat(20)])).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    await append(log, ['d'])
    const { log: reopened } = await openLog(await disk.afterPowerLoss(() => 'all', ['/', '/data']), { settings })
    expect((await readAll(reopened)).map(({ value }) => value)).toEqual(['a', 'b', 'd'])
  })
})
