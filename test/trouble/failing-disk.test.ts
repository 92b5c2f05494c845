// A disk that fails under a broker process: what the client, the log line, the status and the exit code say, and what is there after a restart.

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type OttlaProcess, ottlaCommand, startOttla, temporaryFolder } from '../support/broker-process.ts'
import { Ledger } from './ledger.ts'

/** `flush.messages` 1: each append is synced in the partition's own file. */
const SYNCED = { durability: 'os', 'flush.messages': '1' }
const FAILING_CALLS = resolve('test/trouble/failing-calls.cjs')

let broker: OttlaProcess
let ledger: Ledger
let failures: string

afterEach(async () => {
  ledger.close()
  await broker.kill()
})

const ottla = (...flags: string[]) => spawnSync(process.execPath, [ottlaCommand, ...flags], { encoding: 'utf8' })

async function start(dataFolder = temporaryFolder()): Promise<void> {
  failures = join(temporaryFolder(), 'failures')
  const environment = { NODE_OPTIONS: `--require=${FAILING_CALLS}`, TEST_FAILING_CALLS: failures }
  broker = await startOttla({ dataFolder, environment })
}

async function startAgain(): Promise<void> {
  await start(broker.dataFolder)
  await ledger.reconnect(broker.bootstrap)
}

/** From now on the call fails on files whose path has the part in it. */
const fail = (call: string, code: string, part: string): void => writeFileSync(failures, `${call} ${code} ${part}\n`)

describe('a partition whose disk', () => {
  it.each([
    ['cannot be synced', 'fdatasync', 'EIO', 'the log could not be synced: EIO: fdatasync'],
    ['cannot be written', 'write', 'EIO', 'the log could not be written: EIO: write'],
    ['becomes read-only', 'write', 'EROFS', 'the log could not be written: EROFS: write'],
  ])('%s takes no more until a restart, says so everywhere, and costs nobody else', async (_, call, code, reason) => {
    await start()
    ledger = await Ledger.create(broker.bootstrap, 'kept', 2, SYNCED)
    for (let count = 0; count < 20; count++) await ledger.send(count % 2)
    fail(call, code, '/kept-0/')
    expect(await ledger.send(0)).toEqual({ error: 'KAFKA_STORAGE_ERROR', message: reason })
    rmSync(failures)
    const lasting = `${reason}; the log takes no more writes until a restart`
    expect(await ledger.send(0)).toEqual({ error: 'KAFKA_STORAGE_ERROR', message: lasting })
    expect((await ledger.send(1)).error).toBe('NONE')
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    await expect
      .poll(() => broker.output)
      .toContain(`error a log takes no more writes until a restart  folder=${broker.dataFolder}/kept-0  reason=${reason}`)
    expect(ottla('status', '--data', broker.dataFolder).stdout).toContain(`\n  ! kept-0 takes no more records: ${lasting}\n`)
    await broker.stop()
    await startAgain()
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    expect((await ledger.send(0)).error).toBe('NONE')
    await broker.stop()
    expect(ottla('verify', broker.dataFolder)).toMatchObject({ status: 0 })
  })

  it('fails a read refuses that read, and is read again', async () => {
    await start()
    ledger = await Ledger.create(broker.bootstrap, 'kept', 1, SYNCED)
    for (let count = 0; count < 20; count++) await ledger.send(0)
    await broker.stop()
    await startAgain() // nothing is in memory
    await ledger.send(0) // opens the log
    fail('read', 'EIO', '/kept-0/')
    await expect(ledger.broken(broker.bootstrap)).rejects.toThrow('KAFKA_STORAGE_ERROR')
    await expect.poll(() => broker.output).toMatch(/error a log could not be read .*EIO/)
    rmSync(failures)
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    expect((await ledger.send(0)).error).toBe('NONE')
  })
})

describe('a broker whose metadata log', () => {
  it.each([
    ['synced', 'fdatasync'],
    ['written', 'write'],
  ])('cannot be %s refuses the change, stops, says why, and ends with exit code 5', async (_, call) => {
    await start()
    ledger = await Ledger.create(broker.bootstrap, 'kept', 1)
    await ledger.send(0)
    fail(call, 'EIO', '/__cluster_metadata-0/')
    const refused = ottla('topic', 'create', 'more', '--bootstrap', broker.bootstrap)
    expect(refused.status).not.toBe(0)
    await expect.poll(() => broker.output).toMatch(/error: the metadata log could not be written, so the broker stopped/)
    expect(await broker.ended()).toBe(5)
    await startAgain()
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    expect((await ledger.send(0)).error).toBe('NONE')
    expect(ottla('topic', 'create', 'more', '--bootstrap', broker.bootstrap).status).toBe(0)
  })
})

describe('a data folder that is removed under the broker', () => {
  it('gets no more records than a second’s, and the broker says that it is gone', async () => {
    await start()
    ledger = await Ledger.create(broker.bootstrap, 'kept', 1)
    await ledger.send(0)
    rmSync(broker.dataFolder, { recursive: true })
    const told = await ledger.sendUntilRefused(100, 1_000_000)
    expect(told.error).toBe('KAFKA_STORAGE_ERROR')
    expect(told.message).toBe(
      `the data folder ${broker.dataFolder} was removed, replaced or taken over; the broker takes no more writes until it is started again`,
    )
    await expect.poll(() => broker.output).toContain('error no more writes are taken until the broker is started again')
  })
})
