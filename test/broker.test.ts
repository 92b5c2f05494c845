// The whole broker in this process: real sockets, a real folder.

import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Broker } from '../src/broker.ts'
import { METRICS } from '../src/broker-counters.ts'
import type { Labels } from '../src/lib/counters.ts'
import type { LogLine } from '../src/lib/diagnostics.ts'
import { createPartitions } from '../src/wire/messages/create-partitions.ts'
import { startBroker, type StartBrokerOptions } from '../src/start-broker.ts'
import { createTopics } from '../src/wire/messages/create-topics.ts'
import { deleteRecords } from '../src/wire/messages/delete-records.ts'
import { deleteTopics } from '../src/wire/messages/delete-topics.ts'
import { describeConfigs } from '../src/wire/messages/describe-configs.ts'
import { fetch } from '../src/wire/messages/fetch.ts'
import { incrementalAlterConfigs } from '../src/wire/messages/incremental-alter-configs.ts'
import { initProducerId } from '../src/wire/messages/init-producer-id.ts'
import { metadata } from '../src/wire/messages/metadata.ts'
import { produce } from '../src/wire/messages/produce.ts'
import { encodeBatch } from '../src/wire/records/record.ts'
import { WireConnection } from './support/wire-connection.ts'
import { WireReader } from './support/wire-reader.ts'

const root = mkdtempSync(join(tmpdir(), 'ottla-broker-'))
let folderCount = 0
const newFolder = (): string => join(root, String(folderCount++))
const running: Broker[] = []
const connections: WireConnection[] = []

async function start(folder: string, options: StartBrokerOptions = {}, log: (line: LogLine) => void = () => undefined): Promise<Broker> {
  const broker = await startBroker({ port: 0, dataDir: folder, ...options, log })
  running.push(broker)
  return broker
}

async function connectTo(host: string, port: number): Promise<WireConnection> {
  const connection = await WireConnection.connectTo(host, port)
  connections.push(connection)
  return connection
}

function connect({ bootstrapServers }: Broker): Promise<WireConnection> {
  const [host, port] = bootstrapServers.split(':') as [string, string]
  return connectTo(host, Number(port))
}

const create = (connection: WireConnection, name: string) =>
  connection.request(createTopics, 7, { topics: [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }] })

async function send(connection: WireConnection, name: string, ...values: string[]): Promise<number> {
  const batch = await encodeBatch({ records: values.map((value) => ({ timestamp: 1, key: null, value: Buffer.from(value) })) })
  const request = { acks: -1, timeoutMs: 1000, topicData: [{ name, partitionData: [{ index: 0, records: batch }] }] }
  const { responses } = await connection.request(produce, 9, request)
  const [partition] = responses[0]!.partitionResponses
  return partition!.errorCode === 0 ? partition!.baseOffset : -partition!.errorCode
}

const fetchOf = (name: string, fetchOffset = 0, maxWaitMs = 0) => ({
  replicaId: -1,
  maxWaitMs,
  minBytes: 1,
  topics: [{ topic: name, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
})

function valueOf(broker: Broker, name: string, labels: Labels = {}): unknown {
  const { samples } = broker.status().metrics.find((metric) => metric.name === name)!
  return samples.find((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))?.value
}

async function read(connection: WireConnection, name: string): Promise<string> {
  const { responses } = await connection.request(fetch, 12, fetchOf(name))
  return (responses[0]!.partitions[0]!.records ?? Buffer.alloc(0)).toString('latin1').replaceAll(/[^a-z]/g, '')
}

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close()
  await Promise.all(running.splice(0).map((broker) => broker.close()))
})
afterAll(() => rmSync(root, { recursive: true }))

describe('a broker', () => {
  it('has its topics, records and configs again after a restart, and goes on from there', async () => {
    const folder = newFolder()
    const before = await start(folder)
    const first = await connect(before)
    await create(first, 'orders')
    expect(await send(first, 'orders', 'aa', 'bb')).toBe(0)
    await before.close()

    const after = await start(folder)
    const second = await connect(after)
    expect(after.summary).toMatchObject({ topics: 1, partitions: 2 })
    expect(await read(second, 'orders')).toContain('bb')
    expect(await send(second, 'orders', 'cc')).toBe(2)
  })

  it('has the partitions and the first offsets that were changed again after a restart', async () => {
    const folder = newFolder()
    const before = await start(folder)
    const first = await connect(before)
    await create(first, 'orders')
    await send(first, 'orders', 'aa', 'bb')
    await send(first, 'orders', 'cc')
    const grown = { topics: [{ name: 'orders', count: 3, assignments: null }], timeoutMs: 1000, validateOnly: false }
    await first.request(createPartitions, 3, grown)
    const deleted = { topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: 2 }] }], timeoutMs: 1000 }
    const { topics } = await first.request(deleteRecords, 2, deleted)
    expect(topics[0]!.partitions[0]!.lowWatermark).toBe(2)
    await before.close()

    const after = await start(folder)
    const second = await connect(after)
    expect(after.summary).toMatchObject({ topics: 1, partitions: 3 })
    const { responses } = await second.request(fetch, 12, fetchOf('orders', 2))
    expect(responses[0]!.partitions[0]).toMatchObject({ errorCode: 0, logStartOffset: 2, highWatermark: 3 })
    expect((await second.request(fetch, 12, fetchOf('orders', 1))).responses[0]!.partitions[0]!.errorCode).toBe(1)
    expect(await send(second, 'orders', 'dd')).toBe(3)
  })

  it('has the configs that were altered while it ran again after a restart', async () => {
    const folder = newFolder()
    const before = await start(folder, { 'log.segment.bytes': 3_000_000 })
    const first = await connect(before)
    await create(first, 'orders')
    await create(first, 'inherits')
    const set = (resourceType: number, resourceName: string, name: string, value: string) => ({
      resourceType,
      resourceName,
      configs: [{ name, configOperation: 0, value }],
    })
    const resources = [
      set(2, 'orders', 'max.message.bytes', '100'),
      set(4, '', 'log.segment.bytes', '2000000'),
      set(4, '1', 'log.roll.ms', '5'),
    ]
    const { responses } = await first.request(incrementalAlterConfigs, 1, { resources, validateOnly: false })
    expect(responses.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0])
    const inherited = [set(4, '1', 'message.max.bytes', '150')]
    await first.request(incrementalAlterConfigs, 1, { resources: inherited, validateOnly: false })
    const asked = {
      resources: [{ resourceType: 2, resourceName: 'orders', configurationKeys: ['max.message.bytes', 'segment.bytes', 'segment.ms'] }],
    }
    const described = async (connection: WireConnection) =>
      (await connection.request(describeConfigs, 4, asked)).results[0]!.configs.map(({ value, configSource }) => [value, configSource])
    const expected = [
      ['100', 1],
      ['2000000', 3],
      ['5', 2],
    ]
    expect(await described(first)).toEqual(expected)
    expect(await send(first, 'orders', 'a'.repeat(200))).toBe(-10)
    await before.close()

    const second = await connect(await start(folder, { 'log.segment.bytes': 3_000_000 }))
    expect(await described(second)).toEqual(expected)
    for (const topic of ['orders', 'inherits']) expect(await send(second, topic, 'a'.repeat(200))).toBe(-10) // MESSAGE_TOO_LARGE
    expect(await send(second, 'orders', 'a')).toBe(0)
  })

  it('takes fewer connections as soon as that is altered', async () => {
    const broker = await start(newFolder())
    const first = await connect(broker)
    const limit = async (configOperation: number, value: string | null): Promise<void> => {
      const resources = [{ resourceType: 4, resourceName: '1', configs: [{ name: 'max.connections', configOperation, value }] }]
      await first.request(incrementalAlterConfigs, 1, { resources, validateOnly: false })
    }
    const isTaken = async (): Promise<boolean> =>
      (await connect(broker)).request(metadata, 9, { topics: [] }).then(
        () => true,
        () => false,
      )
    await limit(0, '1')
    expect(await isTaken()).toBe(false)
    await limit(1, null)
    expect(await isTaken()).toBe(true)
  })

  it.each(['fsync', 'os'] as const)('has large requests of many connections as they came, with durability %s', async (durability) => {
    const broker = await start(newFolder(), { durability })
    await create(await connect(broker), 'large')
    const reader = await WireReader.connect(broker.bootstrapServers)
    const values = Array.from({ length: 60 }, (_, index) => String.fromCharCode(97 + (index % 26)).repeat(150_000 + 7_000 * index))
    const senders = await Promise.all([connect(broker), connect(broker), connect(broker)])
    const sent = Promise.all(values.map((value, index) => send(senders[index % senders.length]!, 'large', value)))
    const readMeanwhile = await reader.readUntil('large', values.length)
    const offsets = await sent
    for (const records of [readMeanwhile, await reader.readAll('large')]) {
      expect(records).toHaveLength(values.length)
      for (const [index, offset] of offsets.entries()) expect(records[offset]!.value === values[index]).toBe(true)
    }
    reader.close()
  })

  it('raises the leader epoch at every start', async () => {
    const folder = newFolder()
    const epochs: number[] = []
    for (let run = 0; run < 3; run++) {
      const broker = await start(folder)
      const connection = await connect(broker)
      if (run === 0) await create(connection, 'a')
      const { topics } = await connection.request(metadata, 9, { topics: [{ name: 'a' }] })
      epochs.push(topics[0]!.partitions[0]!.leaderEpoch)
      await broker.close()
    }
    expect(epochs).toEqual([0, 1, 2])
  })

  it('never gives a producer id twice, over restarts', async () => {
    const folder = newFolder()
    const ids: number[] = []
    for (let run = 0; run < 5; run++) {
      const broker = await start(folder)
      const connection = await connect(broker)
      for (let count = 0; count <= run; count++)
        ids.push((await connection.request(initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 1000 })).producerId)
      await broker.close()
    }
    expect(new Set(ids).size).toBe(15)
  })

  it('is on both loopback addresses, and advertises the one that the client used', async () => {
    const broker = await start(newFolder())
    const [, port] = /^localhost:(\d+)$/.exec(broker.bootstrapServers)!
    for (const host of ['127.0.0.1', '::1']) {
      const connection = await connectTo(host, Number(port))
      const { brokers } = await connection.request(metadata, 9, { topics: [] })
      expect(brokers).toMatchObject([{ host, port: Number(port) }])
    }
    const advertising = await start(newFolder(), { 'advertised.listeners': 'PLAINTEXT://broker.example:1234' })
    const { brokers: advertised } = await (await connect(advertising)).request(metadata, 9, { topics: [] })
    expect(advertised).toMatchObject([{ host: 'broker.example', port: 1234 }])
  })

  it('answers parked fetches when it closes, and takes no more connections', async () => {
    const broker = await start(newFolder())
    const connection = await connect(broker)
    await create(connection, 'a')
    const parked = connection.request(fetch, 12, fetchOf('a', 0, 600_000))
    await (await connect(broker)).request(metadata, 9, { topics: [] }) // by now the fetch has been read
    await broker.close()
    expect((await parked).responses[0]!.partitions[0]!.errorCode).toBe(0)
    await broker.closed
    await expect(WireConnection.connect(broker.bootstrapServers)).rejects.toThrow('ECONNREFUSED')
  })

  it('keeps a second one out of its folder, and lets it in afterwards', async () => {
    const folder = newFolder()
    const first = await start(folder)
    await expect(start(folder)).rejects.toThrow(/in use by process \d+/)
    await first.close()
    await start(folder)
  })

  it('refuses a folder from a newer version, and one that is not Ottla’s', async () => {
    for (const [properties, reason] of [
      ['version=1\ncluster.id=x\nottla.layout.version=2\n', 'newer version'],
      ['version=1\ncluster.id=x\nnode.id=1\n', 'not made by Ottla'],
    ] as const) {
      const folder = newFolder()
      await mkdir(folder)
      await writeFile(join(folder, 'meta.properties'), properties)
      await expect(start(folder)).rejects.toThrow(reason)
      expect(await readFile(join(folder, 'meta.properties'), 'utf8')).toBe(properties)
    }
  })

  it('says so when its port is in use, and lets go of the folder', async () => {
    const folder = newFolder()
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    await expect(start(folder, { port })).rejects.toThrow(`port ${port} is in use`)
    taken.close()
    await start(folder)
  })

  it.runIf(process.platform === 'linux')('has nothing open when it could not start', async () => {
    const folder = newFolder()
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    await expect(start(folder, { port: (taken.address() as AddressInfo).port })).rejects.toThrow('in use')
    taken.close()
    const open = readdirSync('/proc/self/fd').map((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`)
      } catch {
        return '' // the one that lists them
      }
    })
    expect(open.filter((path) => path.startsWith(folder))).toEqual([])
  })

  it('stops, and lets go of its folder, also when it cannot write what it would leave behind', async () => {
    const folder = newFolder()
    const before = await start(folder)
    const connection = await connect(before)
    await create(connection, 'a')
    await send(connection, 'a', 'aa')
    const inTheWay = [join(folder, 'a-0', '00000000000000000000.index'), join(folder, 'recovery-point-offset-checkpoint.tmp')]
    for (const path of inTheWay) await mkdir(path)
    await before.close()
    await before.closed
    for (const path of inTheWay) rmSync(path, { recursive: true })
    expect(await read(await connect(await start(folder)), 'a')).toContain('aa')
  })

  it('finishes the deletion of a topic that a crash interrupted, and leaves strangers alone', async () => {
    const folder = newFolder()
    const before = await start(folder, { 'log.segment.delete.delay.ms': 0 })
    const connection = await connect(before)
    await create(connection, 'gone')
    await send(connection, 'gone', 'aa')
    await before.close()
    await rename(join(folder, 'gone-0'), join(folder, 'aside'))
    const during = await start(folder, { 'log.segment.delete.delay.ms': 0 })
    await (await connect(during)).request(deleteTopics, 5, { topicNames: ['gone'], timeoutMs: 1000 })
    await during.close()
    await writeFile(join(folder, 'recovery-point-offset-checkpoint'), '0\n1\ngone 0 1\n')
    await rename(join(folder, 'aside'), join(folder, 'gone-0')) // as a crash between the tombstone and the rename leaves it
    await mkdir(join(folder, 'stranger-0'))

    const lines: LogLine[] = []
    const after = await start(folder, { 'log.segment.delete.delay.ms': 0 }, (line) => lines.push(line))
    const again = await connect(after)
    await create(again, 'gone')
    expect(await read(again, 'gone')).toBe('')
    expect(await send(again, 'gone', 'bb')).toBe(0)
    expect(lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields.folder)).toEqual([join(folder, 'stranger-0')])
  })

  it('tells what it has counted, by name', async () => {
    const folder = newFolder()
    const broker = await start(folder)
    const connection = await connect(broker)
    await create(connection, 'a')
    await send(connection, 'a', 'aa', 'bb')
    await read(connection, 'a')
    await send(connection, 'missing', 'aa')
    const parked = connection.request(fetch, 12, fetchOf('a', 2, 600_000))
    while (valueOf(broker, 'ottla_fetches_waiting') === 0) await new Promise((resolve) => setImmediate(resolve))
    const { metrics, ...about } = broker.status()
    expect(about).toMatchObject({ topics: 1, partitions: 2, bootstrapServers: broker.bootstrapServers, dataFolder: folder })
    expect(metrics.map(({ name, type, doc }) => ({ name, type, doc }))).toEqual(METRICS.map(({ name, type, doc }) => ({ name, type, doc })))
    for (const { name, samples } of metrics) {
      const row = METRICS.find((each) => each.name === name)!
      for (const sample of samples) expect(Object.keys(sample.labels)).toEqual(row.labels ?? [])
    }
    expect(valueOf(broker, 'ottla_requests_total', { api: 'Produce' })).toBe(2)
    expect(valueOf(broker, 'ottla_request_errors_total', { api: 'Produce', error: 'UNKNOWN_TOPIC_OR_PARTITION' })).toBe(1)
    expect(valueOf(broker, 'ottla_connections')).toBe(1)
    expect(valueOf(broker, 'ottla_tail_cache_misses_total')).toBe(1)
    expect(valueOf(broker, 'ottla_log_bytes')).toBe(about.bytes)
    expect(valueOf(broker, 'ottla_appended_records_total')).toBeGreaterThan(2) // the metadata log's too
    expect(valueOf(broker, 'ottla_segment_files_open')).toBeGreaterThan(0)
    expect(valueOf(broker, 'ottla_sync_duration_seconds')).toMatchObject({ count: expect.any(Number), buckets: expect.anything() })
    await broker.close()
    await parked
    expect(valueOf(broker, 'ottla_connections')).toBe(0)
    expect(valueOf(broker, 'ottla_fetches_waiting')).toBe(0)
  })

  it('serves what remains of a folder whose topic’s data is missing', async () => {
    const folder = newFolder()
    const before = await start(folder)
    await create(await connect(before), 'a')
    await before.close()
    const after = await start(folder)
    expect(await send(await connect(after), 'a', 'aa')).toBe(0)
  })
})
