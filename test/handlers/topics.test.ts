import { describe, expect, it } from 'vitest'
import { errorName } from '../../src/wire/error-codes.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { deleteTopics } from '../../src/wire/messages/delete-topics.ts'
import { describeConfigs } from '../../src/wire/messages/describe-configs.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { openServices } from '../support/test-services.ts'

const asked = (name: string, more: object = {}) => ({ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [], ...more })

describe('CreateTopics', () => {
  it.each([2, 4, 5, 7])('creates each topic or says why not, in version %i', async (version) => {
    const services = await openServices()
    const { topics } = await services.ask(createTopics, version, {
      topics: [asked('a'), asked('no/slash'), asked('twice'), asked('twice'), asked('b', { replicationFactor: 3 })],
    })
    expect(topics.map(({ name, errorCode }) => [name, errorName(errorCode)])).toEqual([
      ['a', 'NONE'],
      ['no/slash', 'INVALID_TOPIC_EXCEPTION'],
      ['twice', 'INVALID_REQUEST'],
      ['b', 'INVALID_REPLICATION_FACTOR'],
    ])
    expect(topics[3]!.errorMessage).toContain('there is one broker')
    expect([...services.catalog.topics].map(({ name }) => name)).toEqual(['a'])
  })

  it('answers counts and effective configs from version 5 on, and the id from version 7 on', async () => {
    const services = await openServices()
    const request = { topics: [asked('a', { numPartitions: -1, configs: [{ name: 'retention.ms', value: '1000' }] })] }
    const { topics } = await services.ask(createTopics, 7, request)
    expect(topics[0]).toMatchObject({ numPartitions: 1, replicationFactor: 1, topicId: services.catalog.byName('a').id })
    const configs = new Map(topics[0]!.configs!.map((config) => [config.name, config]))
    expect(configs.get('retention.ms')).toMatchObject({ value: '1000', configSource: 1 })
    expect(configs.get('segment.bytes')).toMatchObject({ value: '1073741824', configSource: 5 })
  })

  it('creates nothing when asked to validate only', async () => {
    const services = await openServices()
    const { topics } = await services.ask(createTopics, 7, { topics: [asked('a')], validateOnly: true })
    expect(topics[0]).toMatchObject({ errorCode: 0, numPartitions: 2 })
    expect(services.catalog.has('a')).toBe(false)
  })

  it('answers a request of very many topics, each by itself', async () => {
    const services = await openServices()
    const many = Array.from({ length: 100_000 }, (_, index) => asked(`topic-${index}`, { numPartitions: 0 }))
    const { topics } = await services.ask(createTopics, 7, { topics: [...many, asked('topic-7')] })
    expect(topics).toHaveLength(100_000)
    expect(topics.filter(({ errorCode }) => errorName(errorCode) !== 'INVALID_PARTITIONS').map(({ name }) => name)).toEqual(['topic-7'])
  })

  it('refuses a config without a value', async () => {
    const services = await openServices()
    const { topics } = await services.ask(createTopics, 7, { topics: [asked('a', { configs: [{ name: 'retention.ms', value: null }] })] })
    expect(errorName(topics[0]!.errorCode)).toBe('INVALID_CONFIG')
  })
})

describe('DeleteTopics', () => {
  it('deletes by name, and says which there are none of', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const { responses } = await services.ask(deleteTopics, 4, { topicNames: ['a', 'b'], timeoutMs: 1000 })
    expect(responses.map(({ name, errorCode }) => [name, errorName(errorCode)])).toEqual([
      ['a', 'NONE'],
      ['b', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ])
    expect(services.catalog.has('a')).toBe(false)
  })

  it('deletes by id from version 6 on, and answers with name and id', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const topicId = services.catalog.byName('a').id
    const { responses } = await services.ask(deleteTopics, 6, {
      topics: [{ topicId }, { topicId: 'BBBBBBBBBBBBBBBBBBBBBA' }],
      timeoutMs: 1000,
    })
    expect(responses.map((response) => [response.name, response.topicId, errorName(response.errorCode)])).toEqual([
      ['a', topicId, 'NONE'],
      [null, 'BBBBBBBBBBBBBBBBBBBBBA', 'UNKNOWN_TOPIC_ID'],
    ])
  })

  it('deletes nothing that is named twice, or when deletion is off', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const twice = await services.ask(deleteTopics, 5, { topicNames: ['a', 'a'], timeoutMs: 1000 })
    expect(twice.responses.map(({ errorCode }) => errorName(errorCode))).toEqual(['INVALID_REQUEST'])
    expect(services.catalog.has('a')).toBe(true)

    const disabled = await openServices({ 'delete.topic.enable': false })
    await disabled.createTopic('a')
    const { responses } = await disabled.ask(deleteTopics, 5, { topicNames: ['a'], timeoutMs: 1000 })
    expect(errorName(responses[0]!.errorCode)).toBe('TOPIC_DELETION_DISABLED')
  })
})

describe('Metadata', () => {
  it.each([0, 1, 4, 5, 9, 12, 13])('tells of brokers, topics and leaders, in version %i', async (version) => {
    const services = await openServices()
    await services.createTopic('a', 2)
    const { brokers, topics } = await services.ask(metadata, version, { topics: [{ name: 'a' }] })
    expect(brokers).toMatchObject([{ nodeId: 1, host: '127.0.0.1', port: 9092 }])
    expect(topics).toMatchObject([
      {
        errorCode: 0,
        name: 'a',
        partitions: [{ partitionIndex: 0, leaderId: 1, replicaNodes: [1], isrNodes: [1] }, { partitionIndex: 1 }],
      },
    ])
    expect(topics[0]!.partitions[0]!.leaderEpoch).toBe(version >= 7 ? 5 : -1)
  })

  it('tells of all topics for null, of none for an empty list, but of all for that in version 0', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const countOf = async (version: number, topics: [] | null): Promise<number> =>
      (await services.ask(metadata, version, { topics })).topics.length
    expect([await countOf(1, null), await countOf(1, []), await countOf(0, [])]).toEqual([1, 0, 1])
  })

  it('creates a topic only when client and broker allow it', async () => {
    const services = await openServices({ 'num.partitions': 3 })
    const forbidden = await services.ask(metadata, 9, { topics: [{ name: 'a' }], allowAutoTopicCreation: false })
    expect(errorName(forbidden.topics[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    const allowed = await services.ask(metadata, 9, { topics: [{ name: 'a' }] })
    expect(allowed.topics[0]!.partitions.length).toBe(3)

    const off = await openServices({ 'auto.create.topics.enable': false })
    const { topics } = await off.ask(metadata, 9, { topics: [{ name: 'a' }] })
    expect(errorName(topics[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  it('creates a topic for every version that cannot forbid it', async () => {
    const services = await openServices()
    await services.ask(metadata, 1, { topics: [{ name: 'a' }] })
    expect(services.catalog.has('a')).toBe(true)
  })

  it('answers illegal names as such', async () => {
    const services = await openServices()
    const { topics } = await services.ask(metadata, 9, { topics: [{ name: 'a b' }] })
    expect(errorName(topics[0]!.errorCode)).toBe('INVALID_TOPIC_EXCEPTION')
  })

  it('finds topics by id from version 12 on', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const topicId = services.catalog.byName('a').id
    const { topics } = await services.ask(metadata, 12, {
      topics: [
        { name: null, topicId },
        { name: null, topicId: 'BBBBBBBBBBBBBBBBBBBBBA' },
      ],
    })
    expect(topics.map((topic) => [topic.name, topic.topicId, errorName(topic.errorCode)])).toEqual([
      ['a', topicId, 'NONE'],
      [null, 'BBBBBBBBBBBBBBBBBBBBBA', 'UNKNOWN_TOPIC_ID'],
    ])
  })
})

describe('DescribeConfigs', () => {
  const describeOne = async (resource: object, more: object = {}) => {
    const services = await openServices({ 'log.segment.bytes': 2_097_152 })
    await services.createTopic('a', 1, { 'retention.ms': '1000' })
    const { results } = await services.ask(describeConfigs, 4, { resources: [{ configurationKeys: null, ...resource } as never], ...more })
    return results[0]!
  }

  it('tells the configs of a topic with their sources', async () => {
    const { errorCode, configs } = await describeOne({ resourceType: 2, resourceName: 'a' }, { includeSynonyms: true })
    expect(errorCode).toBe(0)
    const byName = new Map(configs.map((config) => [config.name, config]))
    expect(byName.get('retention.ms')).toMatchObject({
      value: '1000',
      configSource: 1,
      synonyms: expect.arrayContaining([{ name: 'retention.ms', value: '1000', source: 1 }]),
    })
    expect(byName.get('segment.bytes')).toMatchObject({ value: '2097152', configSource: 4 })
    expect(byName.get('cleanup.policy')).toMatchObject({ value: 'delete', configSource: 5 })
  })

  it('tells those that were asked for, and documentation only on request', async () => {
    const resource = { resourceType: 2, resourceName: 'a', configurationKeys: ['segment.bytes', 'no.such.config'] }
    const plain = await describeOne(resource)
    expect(plain.configs.map(({ name, documentation, synonyms }) => [name, documentation, synonyms])).toEqual([['segment.bytes', null, []]])
    const documented = await describeOne(resource, { includeDocumentation: true })
    expect(documented.configs[0]!.documentation).toContain('segment')
  })

  it('tells the configs of the broker', async () => {
    const { configs } = await describeOne({ resourceType: 4, resourceName: '1' })
    expect(configs.find(({ name }) => name === 'log.segment.bytes')).toMatchObject({ value: '2097152', configSource: 4 })
  })

  it('tells those of one resource once, however often it is named', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const resource = { resourceType: 2, resourceName: 'a', configurationKeys: null }
    const { results } = await services.ask(describeConfigs, 4, { resources: Array.from({ length: 1000 }, () => resource) })
    expect(results.map(({ resourceName }) => resourceName)).toEqual(['a'])
  })

  it.each([
    ['UNKNOWN_TOPIC_OR_PARTITION', { resourceType: 2, resourceName: 'missing' }],
    ['INVALID_REQUEST', { resourceType: 4, resourceName: '2' }],
    ['INVALID_REQUEST', { resourceType: 99, resourceName: 'a' }],
  ])('refuses with %s: %j', async (error, resource) => {
    expect(errorName((await describeOne(resource)).errorCode)).toBe(error)
  })
})

it('the zero id is nobody’s', async () => {
  const services = await openServices()
  expect(() => services.catalog.byId(ZERO_UUID)).toThrow(expect.objectContaining({ error: 'UNKNOWN_TOPIC_ID' }))
})
