// A disk that does not answer for a while, as a network disk or a busy one may: frozen under a running broker.

import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { type OttlaProcess, startOttla } from '../support/broker-process.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { Ledger } from './ledger.ts'
import { canFreeze, mountExt4, type SmallDisk } from './small-disk.ts'

let disk: SmallDisk
let broker: OttlaProcess
let ledger: Ledger

beforeEach(() => {
  disk = mountExt4(64)!
})
afterEach(async () => {
  disk.thaw()
  ledger.close()
  await broker.kill()
  disk.unmount()
})

describe.runIf(canFreeze).each(['fsync', 'interval', 'os'] as const)('with durability %s, on a disk that does not answer', (durability) => {
  it('appends time out as their clients asked, everything else is answered, and all goes on when it answers again', async () => {
    broker = await startOttla({ dataFolder: join(disk.path, 'data'), durability, flags: ['--set', 'min.free.bytes=0'] })
    ledger = await Ledger.create(broker.bootstrap, 'waiting', 3)
    for (let count = 0; count < 30; count++) await ledger.send(count % 3)
    disk.freeze()
    const startMs = Date.now()
    const told = await Promise.all([0, 1, 2].map((partition) => ledger.send(partition, 30_000, 1000)))
    expect(told.map(({ error }) => error)).toEqual(['REQUEST_TIMED_OUT', 'REQUEST_TIMED_OUT', 'REQUEST_TIMED_OUT'])
    expect(Date.now() - startMs).toBeLessThan(5000)
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    const connection = await WireConnection.connect(broker.bootstrap)
    const { topics } = await connection.request(metadata, 9, { topics: [{ name: 'waiting' }], allowAutoTopicCreation: false })
    expect(topics[0]!.partitions).toHaveLength(3)
    connection.close()
    disk.thaw()
    for (const partition of [0, 1, 2]) await ledger.sendUntilTaken(partition, 10_000)
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    await broker.stop()
  })
})
