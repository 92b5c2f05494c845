import { describe, expect, it } from 'vitest'
import { errorName } from '../../src/wire/error-codes.ts'
import { describeCluster } from '../../src/wire/messages/describe-cluster.ts'
import { describeTopicPartitions } from '../../src/wire/messages/describe-topic-partitions.ts'
import { listGroups } from '../../src/wire/messages/list-groups.ts'
import type { Infer } from '../../src/wire/schema.ts'
import { openServices, type TestServices } from '../support/test-services.ts'

describe('DescribeCluster', () => {
  const ask = async (version: number, request: object = {}) =>
    (await openServices()).ask(describeCluster, version, { includeClusterAuthorizedOperations: false, ...request })

  it.each([0, 1, 2])('tells of the cluster and its broker, in version %i', async (version) => {
    expect(await ask(version, { includeFencedBrokers: version === 2 })).toMatchObject({
      errorCode: 0,
      errorMessage: null,
      endpointType: 1,
      clusterId: 'test-cluster',
      controllerId: 1,
      brokers: [{ brokerId: 1, host: '127.0.0.1', port: 9092, rack: null, isFenced: false }],
      clusterAuthorizedOperations: -2_147_483_648,
    })
  })

  it('tells what may be done with the cluster when it is asked', async () => {
    expect((await ask(0, { includeClusterAuthorizedOperations: true })).clusterAuthorizedOperations).toBe(8096)
  })

  it.each([
    [2, 'MISMATCHED_ENDPOINT_TYPE'],
    [3, 'UNSUPPORTED_ENDPOINT_TYPE'],
  ])('refuses endpoint type %i with %s', async (endpointType, error) => {
    const { errorCode, clusterId, controllerId, brokers } = await ask(1, { endpointType })
    expect([errorName(errorCode), clusterId, controllerId, brokers]).toEqual([error, '', -1, []])
  })
})

describe('DescribeTopicPartitions', () => {
  async function withTopics(): Promise<TestServices> {
    const services = await openServices()
    for (const [name, count] of [
      ['c', 1],
      ['a', 3],
      ['b', 2],
    ] as const)
      await services.createTopic(name, count)
    return services
  }

  async function page(services: TestServices, names: readonly string[], more: object = {}) {
    const request = { topics: names.map((name) => ({ name })), ...more }
    const { topics, nextCursor } = await services.ask(describeTopicPartitions, 0, request)
    const told = topics.map(({ name, errorCode, partitions }) => {
      const indexes = partitions.map(({ partitionIndex }) => partitionIndex).join()
      return errorCode === 0 ? `${name} ${indexes}` : `${name} ${errorName(errorCode)}`
    })
    return { told, next: nextCursor === null ? null : `${nextCursor.topicName} ${nextCursor.partitionIndex}` }
  }

  it('tells of topics and partitions, by name, each once', async () => {
    const services = await withTopics()
    expect(await page(services, ['c', 'b', 'c'])).toEqual({ told: ['b 0,1', 'c 0'], next: null })
    expect(await page(services, [])).toEqual({ told: ['a 0,1,2', 'b 0,1', 'c 0'], next: null })
    const { topics } = await services.ask(describeTopicPartitions, 0, { topics: [{ name: 'c' }] })
    expect(topics[0]).toMatchObject({
      topicId: services.catalog.byName('c').id,
      isInternal: false,
      topicAuthorizedOperations: 3576,
      partitions: [{ leaderId: 1, leaderEpoch: 5, replicaNodes: [1], isrNodes: [1], eligibleLeaderReplicas: [], lastKnownElr: [] }],
    })
  })

  it('says which topics there are none of, and which can never be', async () => {
    const { told } = await page(await withTopics(), ['b', 'missing', 'no/such'])
    expect(told).toEqual(['b 0,1', 'missing UNKNOWN_TOPIC_OR_PARTITION', 'no/such INVALID_TOPIC_EXCEPTION'])
  })

  it.each([
    [1, ['a 0', 'a 1', 'a 2', 'b 0', 'b 1', 'c 0']],
    [2, ['a 0,1', 'a 2|b 0', 'b 1|c 0']],
    [3, ['a 0,1,2', 'b 0,1|c 0']],
    [5, ['a 0,1,2|b 0,1', 'c 0']],
    [0, ['a 0', 'a 1', 'a 2', 'b 0', 'b 1', 'c 0']],
  ])('is read page after page, at most %i partitions in each', async (responsePartitionLimit, pages) => {
    const services = await withTopics()
    const told: string[] = []
    let cursor: Infer<typeof describeTopicPartitions.response>['nextCursor'] = null
    do {
      const request = { topics: [], responsePartitionLimit, cursor }
      const response: Infer<typeof describeTopicPartitions.response> = await services.ask(describeTopicPartitions, 0, request)
      told.push(response.topics.map(({ name, partitions }) => `${name} ${partitions.map((each) => each.partitionIndex).join()}`).join('|'))
      cursor = response.nextCursor
    } while (cursor !== null)
    expect(told).toEqual(pages)
  })

  it('goes on where the topic of the cursor is gone, and refuses a cursor of a topic that was not asked for', async () => {
    const services = await withTopics()
    const cursor = { topicName: 'aa', partitionIndex: 1 }
    expect((await page(services, [], { cursor })).told).toEqual(['b 0,1', 'c 0'])
    expect((await page(services, ['a', 'b'], { cursor })).told).toEqual(['a INVALID_REQUEST', 'b INVALID_REQUEST'])
    const negative = { topicName: 'a', partitionIndex: -1 }
    expect((await page(services, ['a'], { cursor: negative })).told).toEqual(['a INVALID_REQUEST'])
    expect((await page(services, ['a', 'b'], { cursor: { topicName: 'a', partitionIndex: 9 } })).told).toEqual(['a ', 'b 0,1'])
  })
})

it.each([0, 1, 2, 3, 4, 5])('ListGroups answers that there are none, in version %i', async (version) => {
  const services = await openServices()
  expect(await services.ask(listGroups, version, {})).toMatchObject({ errorCode: 0, groups: [] })
})
