// `OTTLA_RECORD_TRAFFIC=1 npm run test:fuzz` lets real clients work on the fuzzed broker, and keeps what they send as traffic.jsonl: frames, sizes included, for the
// fuzzer to send again, damaged or not.

import { subscribe } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { Admin, Producer as PlatformaticProducer, stringSerializers } from '@platformatic/kafka'
import { CompressionTypes } from 'kafkajs'
import { expect, it } from 'vitest'
import { LATEST, offsetsAt, topicConfigs } from '../../src/client/admin.ts'
import { Cluster } from '../../src/client/cluster.ts'
import { FrameQueue } from '../../src/wire/frame-queue.ts'
import { Kcat } from '../clients/drivers/kcat.ts'
import { kafkaJs, produceWithKafkaJs } from '../clients/drivers/kafkajs.ts'
import { record } from '../clients/drivers/records.ts'
import { FuzzedBroker, REQUEST_BYTES_MAX } from './fuzzed-broker.ts'

const FRAME_BYTES_MAX = 1500
const TOPIC = 'plain'
const RECORDS = Array.from({ length: 5 }, (_, index) => record(`key ${index}`, `value ${index} `.repeat(10), [['header', 'h']]))

type Client = (bootstrap: string) => Promise<unknown>

async function kafkajs(bootstrap: string): Promise<void> {
  for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) await produceWithKafkaJs(bootstrap, TOPIC, RECORDS, compression)
  const admin = kafkaJs(bootstrap).admin()
  await admin.connect()
  await admin.fetchTopicMetadata({ topics: [TOPIC] })
  await admin.fetchTopicOffsets(TOPIC)
  await admin.createTopics({ topics: [{ topic: 'made', numPartitions: 2 }], waitForLeaders: false })
  await admin.deleteTopics({ topics: ['made'] })
  await admin.disconnect()
}

async function platformatic(bootstrap: string): Promise<void> {
  const about = { clientId: 'platformatic', bootstrapBrokers: [bootstrap] }
  for (const options of [{ idempotent: true }, { compression: 'gzip' }] as const) {
    const producer = new PlatformaticProducer({ ...about, ...options, serializers: stringSerializers })
    await producer.send({ messages: [{ topic: TOPIC, key: 'key', value: 'value' }] })
    await producer.close()
  }
  const admin = new Admin(about)
  await admin.createTopics({ topics: ['made'], partitions: 1, replicas: 1 })
  await admin.deleteTopics({ topics: ['made'] })
  await admin.close()
}

async function ours(bootstrap: string): Promise<void> {
  const [host, port] = bootstrap.split(':') as [string, string]
  const cluster = new Cluster([{ host, port: Number(port) }])
  const [topic] = await cluster.topics([TOPIC])
  await offsetsAt(cluster, topic!, [0, 1], LATEST)
  await topicConfigs(cluster, TOPIC)
  cluster.close()
}

async function librdkafka(bootstrap: string): Promise<void> {
  const kcat = new Kcat(bootstrap)
  for (const codec of ['none', 'snappy', 'lz4']) await kcat.produce(TOPIC, RECORDS, ['-z', codec])
  await kcat.produce(TOPIC, RECORDS, ['-X', 'enable.idempotence=true'])
  await kcat.consume(TOPIC, { offset: 0 }, 1)
  await kcat.consume(TOPIC, { timestamp: 1 }, 1)
}

const CLIENTS: Readonly<Record<string, Client>> = { kafkajs, platformatic, ours, librdkafka }

it('records what clients send', async () => {
  const frames = new Map<string, string>() // by API, version and size: one of each is enough
  let client = ''
  subscribe('net.server.socket', (message) => {
    const queue = new FrameQueue(REQUEST_BYTES_MAX)
    ;(message as { socket: Socket }).socket.on('data', (chunk: Buffer) => {
      for (const frame of queue.take(chunk)) {
        const [apiKey, version] = [frame.readInt16BE(0), frame.readInt16BE(2)]
        const size = Buffer.alloc(4)
        size.writeInt32BE(frame.length)
        const hex = Buffer.concat([size, frame]).toString('hex')
        if (frame.length <= FRAME_BYTES_MAX)
          frames.set(`${client} ${apiKey} ${version} ${frame.length}`, JSON.stringify({ client, apiKey, version, hex }))
      }
    })
  })
  const broker = await FuzzedBroker.start()
  for (const [name, work] of Object.entries(CLIENTS)) {
    client = name
    await work(`127.0.0.1:${broker.port}`)
  }
  await broker.stop()
  expect(frames.size).toBeGreaterThan(20)
  writeFileSync(new URL('traffic.jsonl', import.meta.url), [...frames.values()].join('\n') + '\n')
})
