// A broker inside a program: what `import { startBroker } from 'ottla'` promises.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest'
import { type Broker, type LogLine, startBroker, type StartBrokerOptions } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'ottla-embedded-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What a client wrote and read back. */
async function roundTrip({ bootstrapServers }: Broker, value: string): Promise<string[]> {
  const kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING })
  const [admin, producer] = [kafka.admin(), kafka.producer()]
  await producer.connect()
  await producer.send({ topic: 'things', messages: [{ value }] })
  await producer.disconnect()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets('things')
  const topics = await admin.listTopics()
  await admin.disconnect()
  return [...topics, ...offsets.map(({ high }) => high)]
}

describe('startBroker', () => {
  it('keeps everything in memory when told to, and touches no disk', async () => {
    const dataDir = join(folder, 'not made')
    const broker = await startBroker({ port: 0, storage: 'memory', dataDir })
    expect(await roundTrip(broker, 'a')).toEqual(['things', '1'])
    await broker.close()
    expect(existsSync(dataDir)).toBe(false)
  })

  it('runs several at a time, each its own', async () => {
    const brokers = await Promise.all(Array.from({ length: 5 }, () => startBroker({ port: 0, storage: 'memory' })))
    const trips = brokers.map((broker, index) => roundTrip(broker, `of ${index}`))
    for (const trip of trips) expect(await trip).toEqual(['things', '1'])
    await Promise.all(brokers.map((broker) => broker.close()))
  })

  it('takes every broker config by its name, and says where its log lines go to', async () => {
    const lines: LogLine[] = []
    const options = { port: 0, storage: 'memory', 'num.partitions': 3, 'log.retention.ms': 1000, 'log.level': 'debug' } as const
    const broker = await startBroker({ ...options, log: (line) => lines.push(line) })
    expect(await roundTrip(broker, 'a')).toHaveLength(1 + 3)
    await broker.close()
    expectTypeOf<StartBrokerOptions['durability']>().toEqualTypeOf<'fsync' | 'interval' | 'os' | undefined>()
    expectTypeOf<StartBrokerOptions['log.cleanup.policy']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<StartBrokerOptions['log.retention.hours']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<StartBrokerOptions['auto.create.topics.enable']>().toEqualTypeOf<boolean | undefined>()
  })

  it('refuses what is no value of a config, by the name it was given, and warns of what is no config', async () => {
    await expect(startBroker({ 'num.partitions': 0 })).rejects.toThrow(/^num\.partitions must be a whole number from 1 to \d+, not "0"$/)
    const lines: LogLine[] = []
    const misspelt = { port: 0, storage: 'memory', 'num.partition': 3 } as StartBrokerOptions
    const broker = await startBroker({ ...misspelt, log: (line) => lines.push(line) })
    await broker.close()
    expect(lines.map(({ message }) => message)).toEqual([
      'num.partition means nothing to Ottla and is ignored; did you mean num.partitions?',
    ])
  })

  it('tells when the broker has stopped', async () => {
    const broker = await startBroker({ port: 0, storage: 'memory' })
    let isClosed = false
    void broker.closed.then(() => (isClosed = true))
    await new Promise(setImmediate)
    expect(isClosed).toBe(false)
    await broker.close()
    await broker.closed
    expect(isClosed).toBe(true)
  })
})
