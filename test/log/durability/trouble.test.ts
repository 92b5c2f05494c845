// What the disk may say, and what becomes of the log: whether it goes on by itself, and what producers and readers are told.

import { beforeEach, describe, expect, it } from 'vitest'
import type { Durability } from '../../../src/log/log-settings.ts'
import { PartitionLog } from '../../../src/log/partition-log.ts'
import { Refusal } from '../../../src/wire/error-codes.ts'
import { FaultDisk } from '../../support/fault-disk.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { readAll } from '../../support/read-log.ts'
import { batchOf, FOLDER, openLog, settled, TOPIC_ID, startAppend } from '../../support/test-log.ts'
import { TroubledDisk } from '../../support/troubled-disk.ts'

const MODES: readonly Durability[] = ['fsync', 'interval', 'os']

let disk: FaultDisk
let troubled: TroubledDisk
let clock: ManualClock
beforeEach(() => {
  disk = new FaultDisk()
  troubled = new TroubledDisk(disk)
  clock = new ManualClock()
})

/** Rolls often. */
const open = async (durability: Durability): Promise<PartitionLog> =>
  (await openLog(troubled.disk, { settings: { durability, segmentBytes: 160 }, clock })).log

/** `acknowledged`, or the refusal. */
async function told(log: PartitionLog, value: string): Promise<string> {
  try {
    await startAppend(log, await batchOf([value])).done
    return 'acknowledged'
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return `${error.error}: ${error.message}`
  }
}

const valuesOf = async (log: PartitionLog): Promise<(string | undefined)[]> => (await readAll(log)).map(({ value }) => value)

/** After a kill: what the disk was told is there. */
const valuesAfterRestart = async (): Promise<(string | undefined)[]> =>
  valuesOf((await openLog(await disk.afterPowerLoss(() => 'all', ['/', '/data']))).log)

describe.each(MODES)('with durability %s, a log', (durability) => {
  it.each([
    ['the disk is full', 'ENOSPC', 'write'],
    ['its quota is used up', 'EDQUOT', 'write'],
    ['a file must not grow any more', 'EFBIG', 'write'],
    ['there is no memory', 'ENOMEM', 'write'],
    ['the process has no file descriptor', 'EMFILE', 'open'],
    ['the system has none', 'ENFILE', 'open'],
  ] as const)('refuses what comes while %s, says why, and goes on by itself', async (_, code, operation) => {
    const log = await open(durability)
    for (const value of 'abc') expect(await told(log, value)).toBe('acknowledged')
    troubled.fails.set(operation, code)
    const refused: string[] = []
    for (const value of 'de') refused.push(await told(log, value)) // the second of them would begin a segment
    expect(refused.at(-1)).toBe(`KAFKA_STORAGE_ERROR: the log could not be written: ${code}: ${operation}`)
    expect([log.readOnlyReason, log.offlineReason]).toEqual([undefined, undefined])
    troubled.fails.clear()
    const before = await valuesOf(log)
    expect(await told(log, 'f')).toBe('acknowledged')
    const values = ['a', 'b', 'c', ...(refused[0] === 'acknowledged' ? ['d'] : [])]
    expect([before, await valuesOf(log)]).toEqual([values, [...values, 'f']])
    expect(await valuesAfterRestart()).toEqual([...values, 'f'])
  })

  it.each([
    ['cannot be written', 'EIO'],
    ['was made read-only', 'EROFS'],
  ])('whose disk %s takes no more until a restart, says so, and serves what it has', async (_, code) => {
    const log = await open(durability)
    expect(await told(log, 'a')).toBe('acknowledged')
    troubled.fails.set('write', code)
    expect(await told(log, 'b')).toBe(`KAFKA_STORAGE_ERROR: the log could not be written: ${code}: write`)
    troubled.fails.clear()
    const reason = `the log could not be written: ${code}: write; the log takes no more writes until a restart`
    expect(await told(log, 'c')).toBe(`KAFKA_STORAGE_ERROR: ${reason}`)
    expect([log.readOnlyReason, await valuesOf(log), await valuesAfterRestart()]).toEqual([reason, ['a'], ['a']])
  })

  it('refuses a read that fails, and that alone', async () => {
    const written = await open(durability)
    for (const value of 'abc') await told(written, value)
    await written.close()
    const log = await open(durability)
    troubled.fails.set('read', 'EIO')
    await expect(readAll(log)).rejects.toThrow(
      expect.objectContaining({ error: 'KAFKA_STORAGE_ERROR', message: expect.stringContaining('the log could not be read: Error: EIO') }),
    )
    expect(await told(log, 'd')).toBe('acknowledged')
    troubled.fails.clear()
    expect([log.readOnlyReason, log.offlineReason, await valuesOf(log)]).toEqual([undefined, undefined, ['a', 'b', 'c', 'd']])
  })
})

describe('a log that cannot be opened', () => {
  const reopen = (): ReturnType<typeof PartitionLog.open> => PartitionLog.open(options, { elseOffline: true })
  let options: Parameters<typeof PartitionLog.open>[0]
  beforeEach(async () => {
    const { log, services, settings } = await openLog(troubled.disk)
    for (const value of 'abc') await told(log, value)
    options = { folder: FOLDER, topicId: TOPIC_ID, topic: 'orders', partition: 0, leaderEpoch: 0, settings, services }
  })

  it.each(['EMFILE', 'ENFILE', 'ENOMEM'])('with %s is refused, and opened at its next use', async (code) => {
    troubled.fails.set('read', code)
    await expect(reopen()).rejects.toThrow(
      expect.objectContaining({ error: 'KAFKA_STORAGE_ERROR', message: `the log could not be opened: Error: ${code}: read` }),
    )
    troubled.fails.clear()
    expect(await valuesOf(await reopen())).toEqual(['a', 'b', 'c'])
  })

  it('with EIO is offline, and says what to do', async () => {
    troubled.fails.set('read', 'EIO')
    expect((await reopen()).offlineReason).toMatch(
      /^the log could not be opened: Error: EIO: read\. See that the broker can read and write the folder/,
    )
  })
})

describe('records that are to be deleted while that cannot be written down', () => {
  it('stay in their files, and are deleted when it is asked again', async () => {
    const log = await open('fsync')
    for (const value of 'abcdef') await told(log, value)
    const files = async (): Promise<number> => (await disk.list(FOLDER))!.filter((name) => name.endsWith('.log')).length
    const before = await files()
    troubled.fails.set('replace', 'ENOSPC')
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(log.advanceLogStartOffset(5)).rejects.toThrow(
        expect.objectContaining({ error: 'KAFKA_STORAGE_ERROR', message: 'the checkpoints could not be written: Error: ENOSPC: replace' }),
      )
    expect(await files()).toBe(before)
    troubled.fails.clear()
    await log.advanceLogStartOffset(5)
    expect(await files()).toBeLessThan(before)
    expect(await valuesAfterRestart()).toEqual(['f'])
  })
})

describe.each(['EIO', 'ENOSPC'])('a sync that fails with %s', (code) => {
  const reason = `the log could not be synced: ${code}: sync`

  it('is not tried again: what waits for it is refused, and no more is taken until a restart', async () => {
    const log = await open('fsync')
    expect(await told(log, 'a')).toBe('acknowledged')
    troubled.fails.set('sync', code)
    expect(await told(log, 'b')).toBe(`KAFKA_STORAGE_ERROR: ${reason}`)
    troubled.fails.clear()
    expect(await told(log, 'c')).toBe(`KAFKA_STORAGE_ERROR: ${reason}; the log takes no more writes until a restart`)
    expect([await valuesOf(log), await valuesAfterRestart()]).toEqual([['a'], ['a']])
  })

  it('in the background ends the log as well: what was acknowledged before stays readable', async () => {
    const log = await open('interval')
    expect(await told(log, 'a')).toBe('acknowledged')
    troubled.fails.set('sync', code)
    clock.advance(1000)
    await settled()
    troubled.fails.clear()
    expect(await told(log, 'b')).toBe(`KAFKA_STORAGE_ERROR: ${reason}; the log takes no more writes until a restart`)
    expect(await valuesOf(log)).toEqual(['a'])
  })
})
