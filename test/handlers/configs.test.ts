// AlterConfigs, IncrementalAlterConfigs, ListConfigResources, and what DescribeConfigs tells after them.

import { describe, expect, it } from 'vitest'
import { errorName } from '../../src/wire/error-codes.ts'
import { alterConfigs } from '../../src/wire/messages/alter-configs.ts'
import { describeConfigs } from '../../src/wire/messages/describe-configs.ts'
import { incrementalAlterConfigs } from '../../src/wire/messages/incremental-alter-configs.ts'
import { listConfigResources } from '../../src/wire/messages/list-config-resources.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { buildBatch } from '../support/batch-builder.ts'
import { batchOf, openServices, type TestServices } from '../support/test-services.ts'

const [TOPIC, BROKER, LOGGER, METRICS, GROUP] = [2, 4, 8, 16, 32] as const
const [SET, DELETE, APPEND] = [0, 1, 2] as const

type Change = readonly [name: string, operation: number, value: string | null]

const resource = (resourceType: number, resourceName: string, ...changes: readonly Change[]) => ({
  resourceType,
  resourceName,
  configs: changes.map(([name, configOperation, value]) => ({ name, configOperation, value })),
})

async function alter(services: TestServices, resources: ReturnType<typeof resource>[], { version = 1, validateOnly = false } = {}) {
  const { responses } = await services.ask(incrementalAlterConfigs, version, { resources, validateOnly })
  return responses.map(({ resourceName, errorCode }) => [resourceName, errorName(errorCode)])
}

/** The value of a config and its source. */
async function valueOf(services: TestServices, resourceType: number, resourceName: string, name: string): Promise<unknown[]> {
  const request = { resources: [{ resourceType, resourceName, configurationKeys: [name] }] }
  const { results } = await services.ask(describeConfigs, 4, request)
  return results[0]!.configs.flatMap(({ value, configSource }) => [value, configSource])
}

async function send(services: TestServices, name: string, size: number): Promise<string> {
  const records = await batchOf(['x'.repeat(size)], services.clock.now())
  const request = { acks: -1, timeoutMs: 1000, topicData: [{ name, partitionData: [{ index: 0, records }] }] }
  return errorName((await services.ask(produce, 9, request)).responses[0]!.partitionResponses[0]!.errorCode)
}

describe('IncrementalAlterConfigs', () => {
  it.each([0, 1])('changes each resource or says why not, in version %i', async (version) => {
    const services = await openServices()
    for (const name of ['a', 'b', 'twice']) await services.createTopic(name)
    const resources = [
      resource(TOPIC, 'a', ['retention.ms', SET, '5']),
      resource(TOPIC, 'b', ['retention.ms', SET, 'x']),
      resource(TOPIC, 'twice', ['retention.ms', SET, '5']),
      resource(TOPIC, 'twice', ['flush.ms', SET, '5']),
      resource(TOPIC, 'missing', ['retention.ms', SET, '5']),
      resource(TOPIC, 'no/such', ['retention.ms', SET, '5']),
      resource(TOPIC, '', ['retention.ms', SET, '5']),
      resource(BROKER, '2', ['log.retention.ms', SET, '5']),
      resource(GROUP, '', ['consumer.session.timeout.ms', SET, '50000']),
      resource(LOGGER, '1', ['any', SET, 'INFO']),
      resource(METRICS, 'm', ['interval.ms', SET, '5']),
      resource(99, 'what', ['retention.ms', SET, '5']),
    ]
    expect(await alter(services, resources, { version })).toEqual([
      ['a', 'NONE'],
      ['b', 'INVALID_CONFIG'],
      ['twice', 'INVALID_REQUEST'],
      ['twice', 'INVALID_REQUEST'],
      ['missing', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['no/such', 'INVALID_TOPIC_EXCEPTION'],
      ['', 'INVALID_REQUEST'],
      ['2', 'INVALID_REQUEST'],
      ['', 'INVALID_REQUEST'],
      ['1', 'INVALID_CONFIG'],
      ['m', 'INVALID_REQUEST'],
      ['what', 'INVALID_REQUEST'],
    ])
    expect(await valueOf(services, TOPIC, 'a', 'retention.ms')).toEqual(['5', 1])
    expect(await valueOf(services, TOPIC, 'b', 'retention.ms')).toEqual(['604800000', 5])
  })

  it('changes nothing when it only validates', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const resources = [
      resource(TOPIC, 'a', ['retention.ms', SET, '5']),
      resource(BROKER, '1', ['log.retention.ms', SET, '5']),
      resource(GROUP, 'g', ['consumer.session.timeout.ms', SET, '50000']),
      resource(BROKER, '', ['num.partitions', SET, '5']),
    ]
    expect((await alter(services, resources, { validateOnly: true })).map(([, error]) => error)).toEqual([
      'NONE',
      'NONE',
      'NONE',
      'INVALID_REQUEST',
    ])
    expect(await valueOf(services, TOPIC, 'a', 'retention.ms')).toEqual(['604800000', 5])
    expect(await valueOf(services, GROUP, 'g', 'consumer.session.timeout.ms')).toEqual(['45000', 5])
  })

  it('refuses an operation that it does not know', async () => {
    const services = await openServices()
    await services.createTopic('a')
    expect(await alter(services, [resource(TOPIC, 'a', ['retention.ms', 7, '5'])])).toEqual([['a', 'INVALID_REQUEST']])
  })

  it('reaches the records that come next, of the topic and of all that inherit', async () => {
    const services = await openServices()
    for (const name of ['own', 'inherits']) await services.createTopic(name)
    await alter(services, [resource(TOPIC, 'own', ['max.message.bytes', SET, '300'])])
    expect([await send(services, 'own', 400), await send(services, 'inherits', 400)]).toEqual(['MESSAGE_TOO_LARGE', 'NONE'])
    await alter(services, [resource(BROKER, '', ['message.max.bytes', SET, '200'])])
    expect([await send(services, 'own', 150), await send(services, 'inherits', 150)]).toEqual(['NONE', 'MESSAGE_TOO_LARGE'])
    await alter(services, [resource(BROKER, '1', ['message.max.bytes', SET, '1000'])]) // stronger than for all
    expect(await send(services, 'inherits', 400)).toBe('NONE')
    await alter(services, [
      resource(BROKER, '1', ['message.max.bytes', DELETE, null]),
      resource(BROKER, '', ['message.max.bytes', DELETE, null]),
    ])
    expect(await send(services, 'inherits', 5000)).toBe('NONE')
  })

  it('reaches the logs that are open, of the topic and of all that inherit', async () => {
    const services = await openServices()
    for (const name of ['own', 'inherits']) await services.createTopic(name)
    const largest = (1 << 20) - 60 // with its batch larger than the smallest segment, and not than the largest message
    const both = async (): Promise<string[]> => [await send(services, 'own', largest), await send(services, 'inherits', largest)]
    expect(await both()).toEqual(['NONE', 'NONE'])
    await alter(services, [resource(TOPIC, 'own', ['segment.bytes', SET, String(1 << 20)])])
    expect(await both()).toEqual(['RECORD_LIST_TOO_LARGE', 'NONE'])
    await alter(services, [
      resource(BROKER, '1', ['log.segment.bytes', SET, String(1 << 20)]),
      resource(TOPIC, 'own', ['segment.bytes', SET, '2000000']),
    ])
    expect(await both()).toEqual(['NONE', 'RECORD_LIST_TOO_LARGE'])
  })

  it('makes partitions forget producers sooner', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const sendAs = async (baseSequence: number): Promise<string> => {
      const records = buildBatch({
        records: [{ value: 'v' }],
        producerId: 7,
        producerEpoch: 0,
        baseSequence,
        baseTimestamp: BigInt(services.clock.now()),
      })
      const request = { acks: -1, timeoutMs: 1000, topicData: [{ name: 'a', partitionData: [{ index: 0, records }] }] }
      return errorName((await services.ask(produce, 9, request)).responses[0]!.partitionResponses[0]!.errorCode)
    }
    expect([await sendAs(0), await sendAs(5)]).toEqual(['NONE', 'OUT_OF_ORDER_SEQUENCE_NUMBER'])
    await alter(services, [resource(BROKER, '', ['producer.id.expiration.ms', SET, '1000'])])
    services.clock.advance(1000)
    expect(await sendAs(5)).toBe('NONE')
  })

  it('makes a topic compacted, and no more', async () => {
    const services = await openServices()
    await services.createTopic('a')
    await alter(services, [resource(TOPIC, 'a', ['cleanup.policy', APPEND, 'compact'])])
    expect(await valueOf(services, TOPIC, 'a', 'cleanup.policy')).toEqual(['delete,compact', 1])
    expect(await send(services, 'a', 10)).toBe('INVALID_RECORD') // it has no key
    await alter(services, [resource(TOPIC, 'a', ['cleanup.policy', DELETE, null])])
    expect(await send(services, 'a', 10)).toBe('NONE')
  })

  it('tells where each config comes from afterwards', async () => {
    const services = await openServices({ 'log.retention.hours': 1 })
    await services.createTopic('a')
    const [ofTopic, ofBroker, ofAll] = [
      () => valueOf(services, TOPIC, 'a', 'retention.ms'),
      () => valueOf(services, BROKER, '1', 'log.retention.ms'),
      () => valueOf(services, BROKER, '', 'log.retention.ms'),
    ]
    expect([await ofTopic(), await ofBroker(), await ofAll()]).toEqual([['3600000', 4], [null, 5], []])
    await alter(services, [resource(BROKER, '', ['log.retention.ms', SET, '9'])])
    expect([await ofTopic(), await ofBroker(), await ofAll()]).toEqual([
      ['9', 3],
      ['9', 3],
      ['9', 3],
    ])
    await alter(services, [resource(BROKER, '1', ['log.retention.ms', SET, '8'])])
    expect([await ofTopic(), await ofBroker(), await ofAll()]).toEqual([
      ['8', 2],
      ['8', 2],
      ['9', 3],
    ])
    await alter(services, [resource(TOPIC, 'a', ['retention.ms', SET, '7'])])
    expect(await ofTopic()).toEqual(['7', 1])
  })

  it('appends to what all brokers have, not to what one of them has', async () => {
    const services = await openServices()
    const policyOf = (broker: string): Promise<unknown[]> => valueOf(services, BROKER, broker, 'log.cleanup.policy')
    await alter(services, [resource(BROKER, '1', ['log.cleanup.policy', SET, ''])])
    await alter(services, [resource(BROKER, '', ['log.cleanup.policy', APPEND, 'compact'])])
    expect([await policyOf(''), await policyOf('1')]).toEqual([
      ['delete,compact', 3],
      ['', 2],
    ])
  })

  it('keeps what means nothing here, and the configs of groups', async () => {
    const services = await openServices()
    await alter(services, [
      resource(BROKER, '1', ['num.io.threads', SET, '9']),
      resource(GROUP, 'g', ['share.isolation.level', SET, 'read_committed']),
    ])
    expect(await valueOf(services, BROKER, '1', 'num.io.threads')).toEqual(['9', 2])
    expect(await valueOf(services, GROUP, 'g', 'share.isolation.level')).toEqual(['read_committed', 8])
  })
})

describe('AlterConfigs', () => {
  it.each([0, 1, 2])('replaces the configs of a resource, in version %i', async (version) => {
    const services = await openServices()
    await services.createTopic('a', 1, { 'flush.ms': '5' })
    const ask = async (resourceType: number, resourceName: string, ...configs: [string, string | null][]) => {
      const resources = [{ resourceType, resourceName, configs: configs.map(([name, value]) => ({ name, value })) }]
      const { responses } = await services.ask(alterConfigs, version, { resources, validateOnly: false })
      return errorName(responses[0]!.errorCode)
    }
    expect(await ask(TOPIC, 'a', ['retention.ms', '7'])).toBe('NONE')
    expect([await valueOf(services, TOPIC, 'a', 'retention.ms'), await valueOf(services, TOPIC, 'a', 'flush.ms')]).toEqual([
      ['7', 1],
      ['9223372036854775807', 5],
    ])
    expect(await ask(TOPIC, 'a', ['retention.ms', 'x'])).toBe('INVALID_CONFIG')
    expect(await ask(TOPIC, 'a', ['retention.ms', null])).toBe('INVALID_REQUEST')
    expect(await valueOf(services, TOPIC, 'a', 'retention.ms')).toEqual(['7', 1])
    expect(await ask(TOPIC, 'a')).toBe('NONE')
    expect(await valueOf(services, TOPIC, 'a', 'retention.ms')).toEqual(['604800000', 5])
    expect(await ask(BROKER, '1', ['log.segment.bytes', '2000000'])).toBe('NONE')
    expect(await valueOf(services, TOPIC, 'a', 'segment.bytes')).toEqual(['2000000', 2])
  })
})

describe('DescribeConfigs', () => {
  it.each([
    [GROUP, '', 'INVALID_REQUEST'],
    [LOGGER, '2', 'INVALID_REQUEST'],
    [LOGGER, '1', 'NONE'],
    [METRICS, 'm', 'INVALID_REQUEST'],
    [GROUP, 'of whatever name', 'NONE'],
  ])('answers for resource type %i, "%s", with %s', async (resourceType, resourceName, error) => {
    const services = await openServices()
    const { results } = await services.ask(describeConfigs, 4, { resources: [{ resourceType, resourceName, configurationKeys: null }] })
    expect(errorName(results[0]!.errorCode)).toBe(error)
    expect(results[0]!.configs.length > 0).toBe(error === 'NONE' && resourceType === GROUP)
  })
})

it('DescribeConfigs describes a thousand groups in one request, and no more', async () => {
  const resources = Array.from({ length: 1001 }, (_, index) => ({
    resourceType: GROUP,
    resourceName: `g${index}`,
    configurationKeys: null,
  }))
  const { results } = await (await openServices()).ask(describeConfigs, 4, { resources })
  expect(results.map(({ errorCode }) => errorName(errorCode)).indexOf('POLICY_VIOLATION')).toBe(1000)
})

describe('ListConfigResources', () => {
  it('lists the names of what has configs, of the types that are asked for', async () => {
    const services = await openServices()
    for (const name of ['a', 'b']) await services.createTopic(name)
    await alter(services, [resource(GROUP, 'g', ['consumer.session.timeout.ms', SET, '50000'])])
    const list = async (version: number, resourceTypes: number[]) => {
      const { errorCode, configResources } = await services.ask(listConfigResources, version, { resourceTypes })
      return errorCode === 0 ? configResources.map((each) => `${each.resourceType} ${each.resourceName}`) : [errorName(errorCode)]
    }
    expect(await list(1, [])).toEqual(['2 a', '2 b', '4 1', '8 1', '32 g'])
    expect(await list(1, [GROUP, BROKER])).toEqual(['32 g', '4 1'])
    expect(await list(1, [99])).toEqual(['UNSUPPORTED_VERSION'])
    expect(await list(0, [])).toEqual([])
  })
})
