// kafkajs as producer and admin: the most used Node.js client, and one that stays on versions of years ago.

import { CompressionTypes, ConfigResourceTypes, type Admin, type Kafka } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokerUnderTest, newTopic, type TestBroker } from '../support/broker-process.ts'
import { kafkaJs } from './drivers/kafkajs.ts'
import { WireReader } from '../support/wire-reader.ts'

describe('kafkajs', () => {
  let broker: TestBroker
  let kafka: Kafka
  let admin: Admin
  let reader: WireReader

  beforeAll(async () => {
    broker = await brokerUnderTest()
    kafka = kafkaJs(broker.bootstrap)
    admin = kafka.admin()
    await admin.connect()
    reader = await WireReader.connect(broker.bootstrap)
  })

  afterAll(async () => {
    reader?.close()
    await admin?.disconnect()
    await broker?.stop()
  })

  async function createTopic(partitionCount = 1): Promise<string> {
    const topic = newTopic('kafkajs')
    await admin.createTopics({ topics: [{ topic, numPartitions: partitionCount }] })
    return topic
  }

  describe('as admin', () => {
    it('describes the cluster', async () => {
      const cluster = await admin.describeCluster()
      expect(cluster.brokers).toHaveLength(1)
      expect(cluster.controller).toBe(cluster.brokers[0]!.nodeId)
      expect(`${cluster.brokers[0]!.host}:${cluster.brokers[0]!.port}`).toBe(broker.bootstrap)
    })

    it('creates, lists, describes and deletes topics', async () => {
      const topic = await createTopic(3)
      expect(await admin.listTopics()).toContain(topic)
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      expect(topics[0]!.partitions.map(({ partitionId }) => String(partitionId)).toSorted()).toEqual(['0', '1', '2'])
      await admin.deleteTopics({ topics: [topic] })
      expect(await admin.listTopics()).not.toContain(topic)
    })

    it('learns that a topic exists', async () => {
      const topic = await createTopic()
      expect(await admin.createTopics({ topics: [{ topic }] })).toBe(false)
    })

    it('creates several topics in one request, or hears what is wrong with each', async () => {
      const good = newTopic('good')
      const creation = admin.createTopics({
        topics: [{ topic: good }, { topic: 'not good!' }, { topic: newTopic('replicated'), replicationFactor: 3 }],
      })
      const failure = await creation.then(
        () => undefined,
        (error: { errors?: { type: string }[] }) => error,
      )
      expect(failure?.errors?.map(({ type }) => type).toSorted()).toEqual(['INVALID_REPLICATION_FACTOR', 'INVALID_TOPIC_EXCEPTION'])
      expect(await admin.listTopics()).toContain(good)
    })

    it('only checks with validateOnly', async () => {
      const topic = newTopic('validated')
      expect(await admin.createTopics({ topics: [{ topic }], validateOnly: true, waitForLeaders: false })).toBe(true)
      expect(await admin.listTopics()).not.toContain(topic)
    })

    it('asks for first and last offsets, and for those of a timestamp', async () => {
      const topic = await createTopic()
      const producer = kafka.producer()
      await producer.connect()
      for (const timestamp of [1000, 2000, 3000]) await producer.send({ topic, messages: [{ value: 'v', timestamp: String(timestamp) }] })
      await producer.disconnect()
      expect(await admin.fetchTopicOffsets(topic)).toEqual([{ partition: 0, offset: '3', low: '0', high: '3' }])
      expect(await admin.fetchTopicOffsetsByTimestamp(topic, 1001)).toEqual([{ partition: 0, offset: '1' }])
      expect(await admin.fetchTopicOffsetsByTimestamp(topic, 3001)).toEqual([{ partition: 0, offset: '3' }])
    })

    it('describes the configs of a topic', async () => {
      const topic = newTopic('configured')
      await admin.createTopics({ topics: [{ topic, configEntries: [{ name: 'retention.ms', value: '3600000' }] }] })
      const { resources } = await admin.describeConfigs({
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }],
        includeSynonyms: false,
      })
      expect(resources[0]!.configEntries).toEqual([
        expect.objectContaining({ configName: 'retention.ms', configValue: '3600000', isDefault: false }),
      ])
    })
  })

  describe('as admin of partitions and configs', () => {
    it('gives a topic more partitions', async () => {
      const topic = await createTopic(1)
      await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      expect(topics[0]!.partitions).toHaveLength(3)
      await expect(admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] })).rejects.toThrow('Number of partitions is invalid')
    })

    it('deletes records', async () => {
      const topic = await createTopic()
      const producer = kafka.producer()
      await producer.connect()
      for (const value of ['1', '2', '3']) await producer.send({ topic, messages: [{ value }] })
      await producer.disconnect()
      await admin.fetchTopicOffsets(topic) // it does not ask who leads the partition before it deletes
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
      expect(await admin.fetchTopicOffsets(topic)).toEqual([{ partition: 0, offset: '3', low: '2', high: '3' }])
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '-1' }] })
      expect(await admin.fetchTopicOffsets(topic)).toEqual([{ partition: 0, offset: '3', low: '3', high: '3' }])
    })

    it('alters the configs of a topic and of the broker', async () => {
      const valueOf = async (type: ConfigResourceTypes, name: string, config: string): Promise<string | undefined> => {
        const request = { resources: [{ type, name, configNames: [config] }], includeSynonyms: true }
        return (await admin.describeConfigs(request)).resources[0]!.configEntries[0]?.configValue
      }
      const alter = (type: ConfigResourceTypes, name: string, configEntries: { name: string; value: string }[], validateOnly = false) =>
        admin.alterConfigs({ validateOnly, resources: [{ type, name, configEntries }] })
      const topic = await createTopic()
      await alter(ConfigResourceTypes.TOPIC, topic, [{ name: 'retention.ms', value: '1000' }], true)
      expect(await valueOf(ConfigResourceTypes.TOPIC, topic, 'retention.ms')).toBe('604800000')
      await alter(ConfigResourceTypes.TOPIC, topic, [{ name: 'retention.ms', value: '1000' }])
      expect(await valueOf(ConfigResourceTypes.TOPIC, topic, 'retention.ms')).toBe('1000')
      await alter(ConfigResourceTypes.BROKER, '1', [{ name: 'log.roll.ms', value: '7000' }])
      expect(await valueOf(ConfigResourceTypes.BROKER, '1', 'log.roll.ms')).toBe('7000')
      expect(await valueOf(ConfigResourceTypes.TOPIC, topic, 'segment.ms')).toBe('7000')
      await alter(ConfigResourceTypes.BROKER, '1', [])
      expect(await valueOf(ConfigResourceTypes.TOPIC, topic, 'segment.ms')).toBe('604800000')
      const bad = alter(ConfigResourceTypes.TOPIC, topic, [{ name: 'retention.ms', value: 'soon' }])
      await expect(bad).rejects.toMatchObject({ type: 'INVALID_CONFIG' })
    })
  })

  describe('as producer', () => {
    it.each([
      { title: 'acks=all', options: { acks: -1 } },
      { title: 'acks=1', options: { acks: 1 } },
      { title: 'acks=0', options: { acks: 0 } },
      { title: 'gzip', options: { compression: CompressionTypes.GZIP } },
    ])('sends records that are read back, with $title', async ({ options }) => {
      const topic = await createTopic()
      const producer = kafka.producer()
      await producer.connect()
      const values = Array.from({ length: 500 }, (_, index) => `value ${index}`)
      for (let start = 0; start < 500; start += 50) {
        await producer.send({ topic, messages: values.slice(start, start + 50).map((value) => ({ value })), ...options })
      }
      expect((await reader.readUntil(topic, 500)).map(({ value }) => value)).toEqual(values)
      await producer.disconnect()
    })

    it('sends as an idempotent producer, many requests at once', async () => {
      const topic = await createTopic()
      const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 5 })
      await producer.connect()
      const sends = Array.from({ length: 100 }, (_, index) =>
        producer.send({ topic, messages: [{ value: `a ${index}` }, { value: `b ${index}` }] }),
      )
      const offsets = (await Promise.all(sends)).map(([sent]) => Number(sent!.baseOffset))
      expect(offsets.toSorted((a, b) => a - b)).toEqual(offsets.map((_, index) => 2 * index))
      await producer.disconnect()
      expect(await reader.readUntil(topic, 200)).toHaveLength(200)
    })

    it('sends to several topics and partitions in one batch of requests', async () => {
      const topics = [await createTopic(2), await createTopic(2)]
      const producer = kafka.producer()
      await producer.connect()
      const messages = [
        { partition: 0, value: 'zero' },
        { partition: 1, value: 'one' },
      ]
      await producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages })) })
      await producer.disconnect()
      for (const topic of topics) {
        expect((await reader.readUntil(topic, 1, 0)).map(({ value }) => value)).toEqual(['zero'])
        expect((await reader.readUntil(topic, 1, 1)).map(({ value }) => value)).toEqual(['one'])
      }
    })

    it('hears that a record is too large', async () => {
      const topic = await createTopic()
      const producer = kafka.producer({ retry: { retries: 0 } })
      await producer.connect()
      const sending = producer.send({ topic, messages: [{ value: Buffer.alloc(2_000_000) }] })
      await expect(sending).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' })
      await producer.disconnect()
    })

    it('makes a topic by producing to it, if it is allowed to', async () => {
      const topic = newTopic('made')
      const careful = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } })
      await careful.connect()
      await expect(careful.send({ topic, messages: [{ value: 'v' }] })).rejects.toThrow('This server does not host this topic-partition')
      await careful.disconnect()
      const producer = kafka.producer()
      await producer.connect()
      await producer.send({ topic, messages: [{ value: 'v' }] })
      await producer.disconnect()
      expect(await admin.listTopics()).toContain(topic)
    })
  })
})
