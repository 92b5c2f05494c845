// A disk that fills up under load, and has room again: a real one, and small.

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deleteRecords } from '../../src/wire/messages/delete-records.ts'
import { deleteTopics } from '../../src/wire/messages/delete-topics.ts'
import { errorName } from '../../src/wire/error-codes.ts'
import { type OttlaProcess, ottlaCommand, startOttla } from '../support/broker-process.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { Ledger } from './ledger.ts'
import { canFill, mountMemory, type SmallDisk } from './small-disk.ts'

const PARTITIONS = 4
const MANY = 10_000
const RECORD_BYTES = 64 << 10

let disk: SmallDisk
let broker: OttlaProcess
let ledger: Ledger

beforeEach(() => {
  disk = mountMemory(160)!
})
afterEach(async () => {
  ledger.close()
  await broker.kill()
  disk.unmount()
})

const ottla = (...flags: string[]) => spawnSync(process.execPath, [ottlaCommand, ...flags], { encoding: 'utf8' })
const dataFolder = (): string => join(disk.path, 'data')

async function start(durability: 'fsync' | 'interval' | 'os', minFreeBytes: number): Promise<void> {
  const flags = ['--set', `min.free.bytes=${minFreeBytes}`, '--set', 'log.segment.delete.delay.ms=0']
  broker = await startOttla({ dataFolder: dataFolder(), durability, flags })
}

async function restart(durability: 'fsync' | 'interval' | 'os'): Promise<void> {
  await start(durability, 0)
  await ledger.reconnect(broker.bootstrap)
}

/** Of every partition; the name of what went wrong, once for each kind. */
async function deleteRecordsBelow(offset: number): Promise<string[]> {
  const connection = await WireConnection.connect(broker.bootstrap)
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({ partitionIndex, offset }))
  const { topics } = await connection.request(deleteRecords, 2, { topics: [{ name: 'filled', partitions }], timeoutMs: 30_000 })
  connection.close()
  return [...new Set(topics[0]!.partitions.map(({ errorCode }) => errorName(errorCode)))]
}

describe.runIf(canFill).each(['fsync', 'interval', 'os'] as const)('with durability %s, on a disk that fills up', (durability) => {
  it('records are refused while there is still room to delete some, and taken by themselves after that', async () => {
    await start(durability, 16 << 20)
    ledger = await Ledger.create(broker.bootstrap, 'filled', PARTITIONS, { 'segment.bytes': String(1 << 20) })
    const told = await ledger.sendUntilRefused(RECORD_BYTES, MANY)
    expect(told.error).toBe('KAFKA_STORAGE_ERROR')
    expect(told.message).toMatch(/^the disk is nearly full: \d+\.\d MiB free, and writes stop below min\.free\.bytes \(16\.0 MiB\)$/)
    await expect.poll(() => broker.output).toMatch(/ warn +no writes are taken for now +reason=the disk is nearly full/)
    expect(ottla('status', '--data', dataFolder()).stdout).toMatch(/\n {2}! No records are taken: the disk is nearly full: .*\.\n/)
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    expect(await deleteRecordsBelow(100)).toEqual(['NONE'])
    await ledger.sendUntilTaken(0, 10_000)
    await expect.poll(() => broker.output).toMatch(/ info +writes are taken again/)
    expect(await ledger.broken(broker.bootstrap, 100)).toEqual([])
    await broker.kill()
    await restart(durability)
    expect(await ledger.broken(broker.bootstrap, 100)).toEqual([])
  })

  it('without a limit the disk itself says when: what is refused is nowhere, what was acknowledged stays, and it goes on when there is room', async () => {
    writeFileSync(join(disk.path, 'others'), Buffer.alloc(20 << 20))
    await start(durability, 0)
    ledger = await Ledger.create(broker.bootstrap, 'filled', PARTITIONS, { 'segment.bytes': String(1 << 20) })
    const told = await ledger.sendUntilRefused(RECORD_BYTES, MANY)
    expect(told.error).toBe('KAFKA_STORAGE_ERROR')
    expect(told.message).toMatch(/^the log could not be written: .*(ENOSPC|only a part)/)
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    for (let partition = 0; partition < PARTITIONS; partition++) await ledger.send(partition, RECORD_BYTES)
    rmSync(join(disk.path, 'others'))
    for (let partition = 0; partition < PARTITIONS; partition++) await ledger.sendUntilTaken(partition, 10_000)
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    await broker.kill()
    await restart(durability)
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    await broker.stop()
    expect(ottla('verify', dataFolder())).toMatchObject({ status: 0 })
  })

  it('what makes room is possible when there is none at all: deleting records, and topics', async () => {
    await start(durability, 0)
    ledger = await Ledger.create(broker.bootstrap, 'filled', PARTITIONS, { 'segment.bytes': String(1 << 20) })
    const other = await Ledger.create(broker.bootstrap, 'other', 1, { 'segment.bytes': String(1 << 20) })
    for (let count = 0; count < 100; count++) await other.send(0, RECORD_BYTES)
    other.close()
    await ledger.sendUntilRefused(RECORD_BYTES, MANY)
    for (let size = 32 << 10; size >= 128; size >>= 1) while ((await ledger.send(0, size)).error === 'NONE');
    expect(await deleteRecordsBelow(100)).toEqual(['NONE'])
    await ledger.sendUntilTaken(0, 10_000)
    await ledger.sendUntilRefused(RECORD_BYTES, MANY)
    const connection = await WireConnection.connect(broker.bootstrap)
    const { responses } = await connection.request(deleteTopics, 5, { topicNames: ['other'], timeoutMs: 30_000 })
    expect(errorName(responses[0]!.errorCode)).toBe('NONE')
    connection.close()
    await ledger.sendUntilTaken(0, 10_000)
    expect(await ledger.broken(broker.bootstrap, 100)).toEqual([])
  })
})
