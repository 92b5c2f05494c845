import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Connection, Disconnected } from '../../src/client/connection.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { ScriptedBroker } from './scripted-broker.ts'

const NO_TOPICS = { topics: [] }
const emptyCluster = (clusterId: string) => ({ brokers: [], clusterId, topics: [], errorCode: 0 })

let broker: ScriptedBroker
let connection: Connection | undefined
beforeEach(async () => {
  broker = await ScriptedBroker.start()
})
afterEach(async () => {
  connection?.close()
  await broker.stop()
})

describe('a connection', () => {
  it('speaks the highest version that both sides know', async () => {
    broker.on(metadata, () => emptyCluster('a'), { minVersion: 0, maxVersion: 5 })
    connection = await Connection.open(broker.address)
    await connection.request(metadata, NO_TOPICS)
    expect(broker.asked).toEqual([
      { name: 'ApiVersions', version: 0 },
      { name: 'Metadata', version: 5 },
    ])
  })

  it('refuses an API of which it shares no version', async () => {
    broker.on(metadata, () => emptyCluster('a'), { minVersion: 90, maxVersion: 99 })
    connection = await Connection.open(broker.address)
    await expect(connection.request(metadata, NO_TOPICS)).rejects.toThrow(Refusal)
    expect(broker.asked).toHaveLength(1)
  })

  it('sends requests without waiting, and gives each its own answer', async () => {
    let count = 0
    const gates: (() => void)[] = []
    broker.on(metadata, async () => {
      const name = String(count++)
      await new Promise<void>((resolve) => {
        gates.push(resolve)
        if (gates.length === 3) for (const open of gates.toReversed()) open() // the last one first
      })
      return emptyCluster(name)
    })
    connection = await Connection.open(broker.address)
    const answers = await Promise.all([1, 2, 3].map(() => connection!.request(metadata, NO_TOPICS)))
    expect(answers.map(({ clusterId }) => clusterId)).toEqual(['0', '1', '2'])
  })

  it('that is cut fails everything unanswered, and what comes later', async () => {
    broker.on(metadata, () => 'hang up')
    connection = await Connection.open(broker.address)
    const unanswered = [connection.request(metadata, NO_TOPICS), connection.request(metadata, NO_TOPICS)]
    for (const { reason } of (await Promise.allSettled(unanswered)) as PromiseRejectedResult[]) expect(reason).toBeInstanceOf(Disconnected)
    expect(connection.isOpen).toBe(false)
    await expect(connection.request(metadata, NO_TOPICS)).rejects.toThrow(Disconnected)
  })

  it('ends when an answer takes too long', async () => {
    const clock = new ManualClock()
    const asked = new Promise<void>((resolve) => {
      broker.on(metadata, () => {
        resolve()
        return 'silence'
      })
    })
    connection = await Connection.open(broker.address, { clock, requestTimeoutMs: 1000 })
    const unanswered = connection.request(metadata, NO_TOPICS)
    await asked
    clock.advance(1000)
    await expect(unanswered).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('did not answer Metadata in 1000 ms'),
    })
    expect(connection.isOpen).toBe(false)
  })

  it('to nobody says where it tried', async () => {
    const { address } = broker
    await broker.stop()
    await expect(Connection.open(address)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      message: `cannot reach a broker at 127.0.0.1:${address.port} (ECONNREFUSED)`,
    })
    broker = await ScriptedBroker.start()
  })
})
