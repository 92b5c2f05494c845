import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { openJournaled } from '../../support/journaled-logs.ts'
import { readAll } from '../../support/read-log.ts'
import { append } from '../../support/test-log.ts'

const FOLDER = '/data/journal'

/** Two logs with three batches each, of which nothing but the journal survives a power loss. */
async function afterPowerLoss(): Promise<MemoryDisk> {
  const disk = new FaultDisk()
  const { logs } = await openJournaled(disk)
  for (const value of ['a', 'b', 'c']) for (const log of logs) await append(log, [value])
  return disk.afterPowerLoss(() => 'nothing', ['/', '/data'])
}

async function journalFile(disk: MemoryDisk): Promise<{ path: string; bytes: Buffer }> {
  const name = (await disk.list(FOLDER))!.find((one) => one.endsWith('.journal'))
  const path = `${FOLDER}/${name}`
  return { path, bytes: (await disk.readFile(path))! }
}

async function rewrite(disk: MemoryDisk, change: (bytes: Buffer) => void): Promise<void> {
  const { path, bytes } = await journalFile(disk)
  change(bytes)
  await disk.replaceFile(path, bytes)
}

/** Where the n-th entry begins. */
function entryAt(bytes: Buffer, index: number): number {
  let position = -1
  const mark = bytes.subarray(16, 20)
  for (let count = 0; count <= index; count++) position = bytes.indexOf(mark, Math.max(24, position + 1))
  return position - 4
}

const valuesOf = async (log: Parameters<typeof readAll>[0]): Promise<string[]> => (await readAll(log)).map(({ value }) => value)

describe('a replay of the journal', () => {
  it('appends to the logs what they lack', async () => {
    const { logs } = await openJournaled(await afterPowerLoss())
    expect(await Promise.all(logs.map(valuesOf))).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
  })

  it('makes it durable, and the journal empty, before anything else is written', async () => {
    const disk = await FaultDisk.onto(await afterPowerLoss(), '/data')
    await openJournaled(disk)
    const again = await disk.afterPowerLoss(() => 'nothing', ['/', '/data'])
    expect((await again.list(FOLDER))!.filter((name) => name.endsWith('.journal'))).toEqual([])
    const { logs } = await openJournaled(again)
    expect(await Promise.all(logs.map(valuesOf))).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
  })

  it('skips what the logs have: after a kill, nothing is appended', async () => {
    const disk = new MemoryDisk()
    const { logs } = await openJournaled(disk)
    for (const value of ['a', 'b', 'c']) await append(logs[0]!, [value])
    const again = await openJournaled(disk)
    expect(await valuesOf(again.logs[0]!)).toEqual(['a', 'b', 'c'])
  })

  it('keeps producers from repeating what it brought back', async () => {
    const disk = new FaultDisk()
    const { logs } = await openJournaled(disk)
    const producer = { producerId: 7, producerEpoch: 0 }
    await append(logs[0]!, ['a'], { ...producer, baseSequence: 0 })
    await append(logs[0]!, ['b'], { ...producer, baseSequence: 1 })
    const again = await openJournaled(await disk.afterPowerLoss(() => 'nothing', ['/', '/data']))
    expect((await append(again.logs[0]!, ['b'], { ...producer, baseSequence: 1 })).baseOffset).toBe(1)
    expect(await valuesOf(again.logs[0]!)).toEqual(['a', 'b'])
  })

  it('skips entries of topics that are gone', async () => {
    const disk = await afterPowerLoss()
    const { logs } = await openJournaled(disk, { partitionCount: 1 })
    expect(await valuesOf(logs[0]!)).toEqual(['a', 'b', 'c'])
  })

  it('does not bring back what was truncated', async () => {
    const disk = new FaultDisk()
    const { logs } = await openJournaled(disk)
    for (const value of ['a', 'b', 'c']) await append(logs[0]!, [value])
    await logs[0]!.truncateTo(1)
    await append(logs[0]!, ['new'])
    const again = await openJournaled(await disk.afterPowerLoss(() => 'nothing', ['/', '/data']))
    expect(await valuesOf(again.logs[0]!)).toEqual(['a', 'new'])
  })

  it('brings back the batch in which the log begins, wherever the power fails while its start is moved', async () => {
    for (let step = 0; ; step++) {
      const disk = new FaultDisk({ step, kind: 'stop' })
      let acknowledged: readonly string[] = []
      const live = async (): Promise<boolean> => {
        const { logs } = await openJournaled(disk)
        await append(logs[0]!, ['a', 'b', 'c'])
        await append(logs[0]!, ['d'])
        acknowledged = ['b', 'c', 'd']
        await logs[0]!.advanceLogStartOffset(1)
        return true
      }
      const isOver = await Promise.race([live(), disk.stopped.then(() => false)])
      const [log] = (await openJournaled(await disk.afterPowerLoss(() => 'nothing', ['/', '/data']))).logs
      expect(log!.offlineReason, `step ${step}`).toBeUndefined()
      expect(await valuesOf(log!), `step ${step}`).toEqual(expect.arrayContaining([...acknowledged]))
      if (isOver) break
    }
  })

  it('ends at the last entry when that is torn', async () => {
    const disk = await afterPowerLoss()
    await rewrite(disk, (bytes) => bytes.fill(0, entryAt(bytes, 5) + 70))
    const { logs } = await openJournaled(disk)
    expect(await Promise.all(logs.map(valuesOf))).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b'],
    ])
  })

  it('takes a log offline whose entry is damaged, and keeps what follows it apart', async () => {
    const disk = await afterPowerLoss()
    await rewrite(disk, (bytes) => (bytes[entryAt(bytes, 2) + 56 + 40]! ^= 1)) // in the batch "b" of the first log
    const { logs } = await openJournaled(disk)
    expect(logs[0]!.offlineReason).toMatch(/the journal goes on at offset 2, but the log ends at 1.*ottla verify/)
    expect(await valuesOf(logs[1]!)).toEqual(['a', 'b', 'c'])
    expect(await disk.list('/data/orders-0')).toContain('00000000000000000002.unreplayed')
  })

  it('takes a log offline whose last entry is damaged while later ones are there', async () => {
    const disk = await afterPowerLoss()
    await rewrite(disk, (bytes) => (bytes[entryAt(bytes, 4) + 56 + 40]! ^= 1)) // in the batch "c" of the first log
    const { logs } = await openJournaled(disk)
    expect(logs[0]!.offlineReason).toMatch(/cannot be read where it has offset 2/)
    expect(await valuesOf(logs[1]!)).toEqual(['a', 'b', 'c'])
  })

  it('ignores damage to what the log has', async () => {
    const disk = new MemoryDisk()
    const { logs } = await openJournaled(disk)
    for (const value of ['a', 'b', 'c']) await append(logs[0]!, [value])
    await rewrite(disk, (bytes) => (bytes[entryAt(bytes, 1) + 56 + 40]! ^= 1))
    const again = await openJournaled(disk)
    expect(await valuesOf(again.logs[0]!)).toEqual(['a', 'b', 'c'])
  })

  it('refuses to start when nobody knows whose entries are lost, and changes nothing', async () => {
    const disk = await afterPowerLoss()
    await rewrite(disk, (bytes) => (bytes[entryAt(bytes, 2) + 30]! ^= 1)) // in the topic id
    const before = (await journalFile(disk)).bytes
    await expect(openJournaled(disk)).rejects.toThrow('entries 3 to 3 of the journal, which were acknowledged, cannot be read')
    expect((await journalFile(disk)).bytes.equals(before)).toBe(true)
  })
})
