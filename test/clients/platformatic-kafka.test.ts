// @platformatic/kafka as producer and admin: a Node.js client that speaks the newest versions (1.x, see docs/decisions/0003-test-clients.md).

import {
  Admin,
  alterConfigsV2,
  Connection,
  Consumer,
  createPartitionsV3,
  deleteRecordsV2,
  describeClusterV1,
  describeConfigsV4,
  describeTopicPartitionsV0,
  incrementalAlterConfigsV1,
  Producer,
  stringSerializers,
  type ProducerOptions,
} from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokerUnderTest, newTopic, type TestBroker } from '../support/broker-process.ts'
import { WireReader } from '../support/wire-reader.ts'

type StringProducer = Producer<string, string, string, string>

describe('@platformatic/kafka', () => {
  let broker: TestBroker
  let admin: Admin
  let reader: WireReader
  const client = (): { clientId: string; bootstrapBrokers: string[] } => ({
    clientId: 'platformatic-test',
    bootstrapBrokers: [broker.bootstrap],
  })

  beforeAll(async () => {
    broker = await brokerUnderTest()
    admin = new Admin(client())
    reader = await WireReader.connect(broker.bootstrap)
  })

  afterAll(async () => {
    reader?.close()
    await admin?.close()
    await broker?.stop()
  })

  async function createTopic(partitions = 1): Promise<string> {
    const topic = newTopic('platformatic')
    await admin.createTopics({ topics: [topic], partitions, replicas: 1 })
    return topic
  }

  async function withProducer<T>(
    options: Partial<ProducerOptions<string, string, string, string>>,
    use: (producer: StringProducer) => Promise<T>,
  ): Promise<T> {
    const producer = new Producer({ ...client(), serializers: stringSerializers, ...options })
    try {
      return await use(producer)
    } finally {
      await producer.close()
    }
  }

  describe('as admin', () => {
    it('creates a topic, and is told what it became', async () => {
      const name = newTopic('platformatic')
      const [created] = await admin.createTopics({
        topics: [name],
        partitions: 3,
        replicas: 1,
        configs: [{ name: 'retention.ms', value: '3600000' }],
      })
      expect(created).toMatchObject({ name, partitions: 3, replicas: 1 })
      expect(created!.id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
      expect(created!.configuration['retention.ms']).toBe('3600000')
    })

    it('lists and deletes topics', async () => {
      const topic = await createTopic()
      expect(await admin.listTopics()).toContain(topic)
      await admin.deleteTopics({ topics: [topic] })
      expect(await admin.listTopics()).not.toContain(topic)
    })

    it('reads the metadata of a topic', async () => {
      const topic = await createTopic(2)
      const metadata = await admin.metadata({ topics: [topic] })
      expect(metadata.topics.get(topic)).toMatchObject({ partitionsCount: 2 })
      expect([...metadata.brokers.values()].map(({ host, port }) => `${host}:${port}`)).toEqual([broker.bootstrap])
    })
  })

  /** Its Admin has no calls for these; its codecs, which are nobody else's, do. */
  describe('as the codecs of an admin', () => {
    const [TOPIC, SET, DELETE] = [2, 0, 1] as const
    const TIMEOUT_MS = 10_000

    async function withConnection<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
      const connection = new Connection('platformatic-test')
      const [host, port] = broker.bootstrap.split(':') as [string, string]
      await connection.connect(host, Number(port))
      try {
        return await use(connection)
      } finally {
        await connection.close()
      }
    }

    it('adds partitions, and describes them page by page', async () => {
      const topic = await createTopic(1)
      await withConnection(async (connection) => {
        const grown = { name: topic, count: 3, assignments: Array.from({ length: 2 }, () => ({ brokerIds: [1] })) }
        expect((await createPartitionsV3.api.async(connection, [grown], TIMEOUT_MS, false)).results).toMatchObject([{ errorCode: 0 }])
        const first = await describeTopicPartitionsV0.api.async(connection, [{ name: topic }], 2)
        expect(first.topics[0]!.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([0, 1])
        expect(first.nextCursor).toEqual({ topicName: topic, partitionIndex: 2 })
        const second = await describeTopicPartitionsV0.api.async(connection, [{ name: topic }], 2, first.nextCursor)
        expect(second.topics[0]!.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([2])
      })
    })

    it('deletes records', async () => {
      const topic = await createTopic()
      await withProducer({}, async (producer) => {
        for (const value of ['a', 'b', 'c']) await producer.send({ messages: [{ topic, value }] })
      })
      await withConnection(async (connection) => {
        const asked = [{ name: topic, partitions: [{ partitionIndex: 0, offset: 2n }] }]
        const { topics } = await deleteRecordsV2.api.async(connection, asked, TIMEOUT_MS)
        expect(topics[0]!.partitions).toEqual([{ partitionIndex: 0, lowWatermark: 2n, errorCode: 0 }])
      })
    })

    it('describes the cluster', () =>
      withConnection(async (connection) => {
        const { controllerId, brokers } = await describeClusterV1.api.async(connection, true, 1)
        expect(controllerId).toBe(brokers[0]!.brokerId)
        expect(brokers.map(({ host, port }) => `${host}:${port}`)).toEqual([broker.bootstrap])
      }))

    it('alters configs, one at a time and all at once', async () => {
      const topic = await createTopic()
      await withConnection(async (connection) => {
        const valueOf = async (config: string): Promise<unknown[]> => {
          const resource = { resourceType: TOPIC, resourceName: topic, configurationKeys: [config] }
          const { results } = await describeConfigsV4.api.async(connection, [resource], true, true)
          return [results[0]!.configs[0]!.value, results[0]!.configs[0]!.configSource]
        }
        const resource = { resourceType: TOPIC, resourceName: topic }
        const set = [{ ...resource, configs: [{ name: 'flush.ms', configOperation: SET, value: '7' }] }]
        await incrementalAlterConfigsV1.api.async(connection, set, false)
        expect(await valueOf('flush.ms')).toEqual(['7', 1])
        const deleted = [{ ...resource, configs: [{ name: 'flush.ms', configOperation: DELETE, value: null }] }]
        await incrementalAlterConfigsV1.api.async(connection, deleted, false)
        expect(await valueOf('flush.ms')).toEqual(['9223372036854775807', 5])
        await alterConfigsV2.api.async(connection, [{ ...resource, configs: [{ name: 'retention.ms', value: '8' }] }], false)
        expect(await valueOf('retention.ms')).toEqual(['8', 1])
      })
    })
  })

  describe('as producer', () => {
    it.each(['none', 'gzip', 'snappy', 'lz4'] as const)('sends records that are read back, with %s', async (compression) => {
      const topic = await createTopic()
      const values = Array.from({ length: 500 }, (_, index) => `value ${index}`)
      await withProducer({ compression }, (producer) =>
        producer.send({ messages: values.map((value) => ({ topic, key: 'k', value, headers: { header: 'of it' } })) }),
      )
      expect((await reader.readUntil(topic, 500)).map(({ value }) => value)).toEqual(values)
    })

    it.each([1, 0])('sends with acks=%i', async (acks) => {
      const topic = await createTopic()
      await withProducer({ acks }, async (producer) => {
        for (const value of ['a', 'b', 'c']) await producer.send({ messages: [{ topic, value }] })
        expect((await reader.readUntil(topic, 3)).map(({ value }) => value)).toEqual(['a', 'b', 'c'])
      })
    })

    it('sends as an idempotent producer', async () => {
      const topic = await createTopic(3)
      await withProducer({ idempotent: true }, async (producer) => {
        for (let round = 0; round < 50; round++) {
          const messages = [0, 1, 2].map((partition) => ({ topic, partition, value: `${partition}/${round}` }))
          await producer.send({ messages })
        }
      })
      for (const partition of [0, 1, 2]) {
        const values = (await reader.readUntil(topic, 50, partition)).map(({ value }) => value)
        expect(values).toEqual(Array.from({ length: 50 }, (_, round) => `${partition}/${round}`))
      }
    })
  })

  describe('as a consumer without a group', () => {
    it('lists offsets: first, last and for a timestamp', async () => {
      const topic = await createTopic()
      await withProducer({}, async (producer) => {
        for (const timestamp of [1000n, 2000n, 3000n]) await producer.send({ messages: [{ topic, value: 'v', timestamp }] })
      })
      const consumer = new Consumer({ ...client(), groupId: 'unused' })
      const offset = async (timestamp: bigint): Promise<bigint | undefined> =>
        (await consumer.listOffsets({ topics: [topic], timestamp })).get(topic)?.[0]
      expect(await offset(-1n)).toBe(3n)
      expect(await offset(-2n)).toBe(0n)
      expect(await offset(-3n)).toBe(2n)
      expect(await offset(1500n)).toBe(1n)
      expect(await offset(9999n)).toBe(-1n)
      await consumer.close()
    })
  })
})
