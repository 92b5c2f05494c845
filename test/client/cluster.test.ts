import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTopic, deleteTopic, LATEST, offsetsAt, topicConfigs } from '../../src/client/admin.ts'
import { byLeader, Cluster } from '../../src/client/cluster.ts'
import { Producer } from '../../src/client/produce.ts'
import { replay } from '../../src/client/fetch.ts'
import { errorCode, Refusal } from '../../src/wire/error-codes.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { deleteTopics } from '../../src/wire/messages/delete-topics.ts'
import { describeConfigs } from '../../src/wire/messages/describe-configs.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { ScriptedBroker } from './scripted-broker.ts'

const NOBODY = { host: '127.0.0.1', port: 1 }

let brokers: [ScriptedBroker, ScriptedBroker]
let cluster: Cluster

/** Two brokers: partition 0 of `orders` is led by the first, partition 1 by the second, partition 2 by nobody. */
beforeEach(async () => {
  brokers = [await ScriptedBroker.start(), await ScriptedBroker.start()]
  const about = (partitionIndex: number, leaderId: number) => ({ errorCode: 0, partitionIndex, leaderId, leaderEpoch: 0, replicaNodes: [leaderId], isrNodes: [leaderId], offlineReplicas: [] }) // prettier-ignore
  for (const broker of brokers) {
    broker.on(metadata, ({ topics }) => ({
      brokers: brokers.map(({ address }, index) => ({ nodeId: index + 1, ...address })),
      topics: (topics ?? [{ name: 'orders' }]).map(({ name }) =>
        name === 'orders'
          ? { errorCode: 0, name, topicId: ZERO_UUID, partitions: [about(2, -1), about(1, 2), about(0, 1)] }
          : { errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION'), name, topicId: ZERO_UUID, partitions: [] },
      ),
      errorCode: 0,
    }))
  }
  cluster = new Cluster([brokers[0].address])
})
afterEach(async () => {
  cluster.close()
  for (const broker of brokers) await broker.stop()
})

const asked = (broker: ScriptedBroker) => broker.asked.map(({ name }) => name).filter((name) => name !== 'ApiVersions')

describe('a cluster', () => {
  it('is entered through the first broker that answers', async () => {
    const other = new Cluster([NOBODY, brokers[1].address])
    expect(await other.topics(null)).toHaveLength(1)
    other.close()
  })

  it('cannot be entered when no broker answers; the first one’s reason is told', async () => {
    const other = new Cluster([NOBODY, { host: '127.0.0.1', port: 2 }])
    await expect(other.topics(null)).rejects.toThrow('cannot reach a broker at 127.0.0.1:1 (ECONNREFUSED)')
  })

  it('has one connection to each broker, and a new one when that is lost', async () => {
    await cluster.topics(['orders'])
    await cluster.topics(['orders'])
    expect(brokers[0].connectionCount).toBe(1)
    brokers[0].hangUp()
    await expect(cluster.topics(['orders'])).rejects.toMatchObject({ name: 'Disconnected' })
    await cluster.topics(['orders'])
    expect(brokers[0].connectionCount).toBe(2)
  })

  it('knows topics by their partitions, in order, and refuses one that is not there', async () => {
    const [topic] = await cluster.topics(['orders'])
    expect(topic!.partitions.map(({ partition, leaderId }) => [partition, leaderId])).toEqual([[0, 1], [1, 2], [2, -1]]) // prettier-ignore
    await expect(cluster.topics(['nope'])).rejects.toMatchObject({ error: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('parts partitions by their leaders', async () => {
    const [topic] = await cluster.topics(['orders'])
    expect([...byLeader(topic!, [0, 1])]).toEqual([[1, [0]], [2, [1]]]) // prettier-ignore
    expect(() => byLeader(topic!, [2])).toThrow('partition 2 of topic "orders" has no leader')
    expect(() => byLeader(topic!, [3])).toThrow('topic "orders" has no partition 3')
  })
})

describe('what concerns a partition', () => {
  it('is asked of its leader: offsets', async () => {
    for (const [index, broker] of brokers.entries()) {
      broker.on(listOffsets, ({ topics }) => ({
        topics: topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: 0, offset: 10 * (index + 1) })),
        })),
      }))
    }
    const [topic] = await cluster.topics(['orders'])
    const offsets = await offsetsAt(cluster, topic!, [0, 1], LATEST)
    expect([...offsets].map(([partition, { offset }]) => [partition, offset])).toEqual([[0, 10], [1, 20]]) // prettier-ignore
  })

  it('is sent to its leader: records', async () => {
    for (const broker of brokers) {
      broker.on(produce, ({ topicData }) => ({
        responses: topicData.map(({ name, partitionData }) => ({
          name,
          topicId: ZERO_UUID,
          partitionResponses: partitionData.map(({ index }) => ({ index, errorCode: 0, baseOffset: 0 })),
        })),
      }))
    }
    const [topic] = await cluster.topics(['orders'])
    const producer = await Producer.open(cluster, topic!, { isIdempotent: false })
    for (const partition of [0, 1]) void producer.add({ partition, key: null, value: Buffer.from('x') })
    await producer.flush()
    expect(brokers.map((broker) => asked(broker).includes('Produce'))).toEqual([true, true])
  })

  it('is read from its leader, all leaders at once', async () => {
    const records = await encodeBatch({ records: [{ timestamp: 0, key: null, value: Buffer.from('x') }] })
    for (const broker of brokers) {
      broker.on(fetch, ({ topics }) => ({
        errorCode: 0,
        responses: topics.map(({ topic, partitions }) => ({
          topic,
          topicId: ZERO_UUID,
          partitions: partitions.map(({ partition }) => ({
            partitionIndex: partition,
            errorCode: 0,
            highWatermark: 1,
            abortedTransactions: null,
            records,
          })),
        })),
      }))
    }
    const [topic] = await cluster.topics(['orders'])
    const read: number[] = []
    for await (const { partition } of replay(
      cluster,
      topic!,
      [0, 1].map((partition) => ({ partition, offset: 0, until: 1 })),
    ))
      read.push(partition)
    expect(read.sort((a, b) => a - b)).toEqual([0, 1])
  })
})

describe('what an administrator asks', () => {
  it('fails with the broker’s own words', async () => {
    brokers[0]
      .on(createTopics, ({ topics }) => ({
        topics: topics.map(({ name }) => ({
          name,
          errorCode: errorCode('INVALID_CONFIG'),
          errorMessage: 'a sentence',
          configs: null,
          topicId: ZERO_UUID,
        })),
      }))
      .on(deleteTopics, ({ topics }) => ({
        responses: topics.map(({ name }) => ({ name, topicId: ZERO_UUID, errorCode: errorCode('TOPIC_DELETION_DISABLED') })),
      }))
      .on(describeConfigs, () => ({ results: [] }))
    await expect(createTopic(cluster, { name: 'a' })).rejects.toThrow(new Refusal('INVALID_CONFIG', 'a sentence'))
    await expect(deleteTopic(cluster, 'a')).rejects.toMatchObject({
      error: 'TOPIC_DELETION_DISABLED',
      message: expect.stringContaining('delete.topic.enable'),
    })
    await expect(topicConfigs(cluster, 'a')).rejects.toThrow('the broker did not answer for what it was asked')
  })
})
