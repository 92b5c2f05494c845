// A broker process that may not open more files, or write larger ones: limits that its shell sets.

import { afterEach, describe, expect, it } from 'vitest'
import { type OttlaProcess, startOttla } from '../support/broker-process.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { Ledger } from './ledger.ts'

let broker: OttlaProcess
let ledger: Ledger

afterEach(async () => {
  ledger.close()
  await broker.kill()
})

describe.each(['fsync', 'interval', 'os'] as const)('with durability %s, a broker', (durability) => {
  it('that has no file descriptor left refuses what needs one, and takes it when there are some again', async () => {
    broker = await startOttla({ durability, limits: 'ulimit -n 60' })
    ledger = await Ledger.create(broker.bootstrap, 'limited', 10)
    for (let partition = 0; partition < 3; partition++) expect((await ledger.send(partition)).error).toBe('NONE')
    const crowd = await Promise.all(Array.from({ length: 60 }, () => WireConnection.connect(broker.bootstrap)))
    const answers = crowd.map((connection) =>
      connection.request(metadata, 9, { topics: null, allowAutoTopicCreation: false }).catch(() => undefined),
    )
    await Promise.race([Promise.all(answers), new Promise((resolve) => setTimeout(resolve, 1000))])
    const told = new Set<string>()
    for (let partition = 0; partition < 10; partition++) told.add((await ledger.send(partition, 100, 3000)).error)
    expect([...told]).toContain('KAFKA_STORAGE_ERROR')
    for (const connection of crowd) connection.close()
    for (let partition = 0; partition < 10; partition++) await ledger.sendUntilTaken(partition, 10_000)
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
  })
})

describe.each(['fsync', 'interval', 'os'] as const)('with durability %s, a broker', (durability) => {
  it('whose files must not grow beyond a size refuses what would not fit, and goes on without the limit after a restart', async () => {
    broker = await startOttla({ durability, limits: 'ulimit -f 1024' }) // KiB
    ledger = await Ledger.create(broker.bootstrap, 'limited', 2)
    const told = await ledger.sendUntilRefused(64 << 10, 100)
    expect(told.error).toBe('KAFKA_STORAGE_ERROR')
    expect(told.message).toMatch(/^the log could not be written: (EFBIG|the disk took only a part of it)/)
    expect((await ledger.send(0, 100)).error).toMatch(/NONE|KAFKA_STORAGE_ERROR/)
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    await broker.kill()
    broker = await startOttla({ durability, dataFolder: broker.dataFolder })
    await ledger.reconnect(broker.bootstrap)
    expect(await ledger.broken(broker.bootstrap)).toEqual([])
    expect((await ledger.send(0, 64 << 10)).error).toBe('NONE')
  })
})
