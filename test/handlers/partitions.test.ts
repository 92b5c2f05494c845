// CreatePartitions and DeleteRecords: what an administrator does to the partitions of a topic, as clients see it.

import { describe, expect, it } from 'vitest'
import { errorName } from '../../src/wire/error-codes.ts'
import { createPartitions } from '../../src/wire/messages/create-partitions.ts'
import { deleteRecords } from '../../src/wire/messages/delete-records.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { batchOf, openServices, type TestServices } from '../support/test-services.ts'

const grow = (name: string, count: number, assignments: { brokerIds: number[] }[] | null = null) => ({ name, count, assignments })

async function send(services: TestServices, name: string, index: number, values: string[]): Promise<string> {
  const request = {
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name, partitionData: [{ index, records: await batchOf(values, services.clock.now()) }] }],
  }
  const { responses } = await services.ask(produce, 9, request)
  return errorName(responses[0]!.partitionResponses[0]!.errorCode)
}

describe('CreatePartitions', () => {
  const ask = async (services: TestServices, version: number, topics: ReturnType<typeof grow>[], more: object = {}) => {
    const { results } = await services.ask(createPartitions, version, { topics, timeoutMs: 1000, validateOnly: false, ...more })
    return results.map(({ name, errorCode }): [string, string] => [name, errorName(errorCode)])
  }
  const countOf = async (services: TestServices, name: string): Promise<number> =>
    (await services.ask(metadata, 9, { topics: [{ name }] })).topics[0]!.partitions.length

  it('answers a request of very many topics, each by itself', async () => {
    const many = Array.from({ length: 100_000 }, (_, index) => grow(`topic-${index}`, 3))
    const answers = new Map(await ask(await openServices(), 3, [...many, grow('topic-7', 3)]))
    expect(answers.size).toBe(100_000)
    expect([...answers].filter(([, error]) => error !== 'UNKNOWN_TOPIC_OR_PARTITION')).toEqual([['topic-7', 'INVALID_REQUEST']])
  })

  it.each([0, 1, 2, 3])('grows each topic or says why not, in version %i', async (version) => {
    const services = await openServices()
    for (const name of ['a', 'b', 'c', 'd']) await services.createTopic(name, 2)
    const topics = [grow('a', 3), grow('b', 2), grow('c', 1), grow('d', 3), grow('d', 4), grow('missing', 2)]
    expect(new Map(await ask(services, version, topics))).toEqual(
      new Map([
        ['a', 'NONE'],
        ['b', 'INVALID_PARTITIONS'],
        ['c', 'INVALID_PARTITIONS'],
        ['d', 'INVALID_REQUEST'],
        ['missing', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ]),
    )
    expect([await countOf(services, 'a'), await countOf(services, 'b'), await countOf(services, 'd')]).toEqual([3, 2, 2])
  })

  it('says how many partitions there are when that is not an increase', async () => {
    const services = await openServices()
    await services.createTopic('a', 2)
    const messageOf = async (count: number): Promise<string | null> =>
      (await services.ask(createPartitions, 3, { topics: [grow('a', count)], timeoutMs: 1000, validateOnly: false })).results[0]!
        .errorMessage
    expect(await messageOf(2)).toBe('topic "a" has 2 partitions already')
    expect(await messageOf(1)).toBe('topic "a" has 2 partitions: it cannot shrink to 1')
  })

  it('makes partitions that take records, and leaves the records of the others', async () => {
    const services = await openServices()
    await services.createTopic('a')
    await send(services, 'a', 0, ['old'])
    expect(await send(services, 'a', 1, ['early'])).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    await ask(services, 3, [grow('a', 2)])
    expect([await send(services, 'a', 1, ['new']), await send(services, 'a', 0, ['next'])]).toEqual(['NONE', 'NONE'])
    const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp: -1 }))
    const { topics } = await services.ask(listOffsets, 5, { replicaId: -1, topics: [{ name: 'a', partitions }] })
    expect(topics[0]!.partitions.map(({ offset }) => offset)).toEqual([2, 1])
  })

  it('takes an assignment of the new partitions to this broker, and no other', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const here = { brokerIds: [1] }
    const outcomes = []
    for (const assignments of [[here], [here, here, here], [here, { brokerIds: [2] }], [here, { brokerIds: [] }], [here, here]])
      outcomes.push(...(await ask(services, 3, [grow('a', 3, assignments)])))
    expect(outcomes.map(([, error]) => error)).toEqual([...Array.from({ length: 4 }, () => 'INVALID_REPLICA_ASSIGNMENT'), 'NONE'])
  })

  it('changes nothing when it only validates, or when the time is over before it begins', async () => {
    const services = await openServices()
    await services.createTopic('a')
    expect(await ask(services, 3, [grow('a', 2)], { validateOnly: true })).toEqual([['a', 'NONE']])
    expect(await ask(services, 3, [grow('a', 2)], { timeoutMs: 0 })).toEqual([['a', 'REQUEST_TIMED_OUT']])
    expect(await countOf(services, 'a')).toBe(1)
  })

  it('refuses more than 10,000 new partitions in one request', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const most = await ask(services, 3, [grow('a', 10_001)], { validateOnly: true })
    const more = await ask(services, 3, [grow('a', 10_002)], { validateOnly: true })
    expect([most[0]![1], more[0]![1]]).toEqual(['NONE', 'POLICY_VIOLATION'])
  })
})

describe('DeleteRecords', () => {
  const partition = (partitionIndex: number, offset: number) => ({ partitionIndex, offset })
  const ask = async (services: TestServices, version: number, name: string, ...partitions: ReturnType<typeof partition>[]) => {
    const { topics } = await services.ask(deleteRecords, version, { topics: [{ name, partitions }], timeoutMs: 1000 })
    return topics.flatMap((topic) => topic.partitions.map((each) => [each.partitionIndex, each.lowWatermark, errorName(each.errorCode)]))
  }

  async function filled(configs: Record<string, string> = {}): Promise<TestServices> {
    const services = await openServices()
    await services.createTopic('a', 2, configs)
    for (const value of ['p', 'q', 'r', 's', 't']) await send(services, 'a', 0, [value])
    return services
  }

  it.each([0, 1, 2])('moves the start up, and answers where it is, in version %i', async (version) => {
    const services = await filled()
    expect(await ask(services, version, 'a', partition(0, 2), partition(1, 0), partition(7, 0))).toEqual([
      [0, 2, 'NONE'],
      [1, 0, 'NONE'],
      [7, -1, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ])
    expect(await ask(services, version, 'missing', partition(0, 0))).toEqual([[0, -1, 'UNKNOWN_TOPIC_OR_PARTITION']])
  })

  it('takes -1 for everything, and an offset that is gone already for nothing', async () => {
    const services = await filled()
    await ask(services, 2, 'a', partition(0, 3))
    expect(await ask(services, 2, 'a', partition(0, 1))).toEqual([[0, 3, 'NONE']])
    expect(await ask(services, 2, 'a', partition(0, -1))).toEqual([[0, 5, 'NONE']])
    expect(await send(services, 'a', 0, ['u'])).toBe('NONE')
  })

  it.each([6, -2, Number.MAX_SAFE_INTEGER])('refuses offset %d', async (offset) => {
    expect(await ask(await filled(), 2, 'a', partition(0, offset))).toEqual([[0, -1, 'OFFSET_OUT_OF_RANGE']])
  })

  it('takes the last mention of a partition', async () => {
    const services = await filled()
    expect(await ask(services, 2, 'a', partition(0, 99), partition(0, 4))).toEqual([[0, 4, 'NONE']])
  })

  it('refuses a topic that is compacted only', async () => {
    const outcomeOf = async (policy: string) => {
      const services = await openServices()
      await services.createTopic('a', 1, { 'cleanup.policy': policy })
      return ask(services, 2, 'a', partition(0, -1))
    }
    expect(await outcomeOf('compact')).toEqual([[0, -1, 'POLICY_VIOLATION']])
    expect(await outcomeOf('compact,delete')).toEqual([[0, 0, 'NONE']])
  })

  it('is seen by those who ask for the first offset, and by those who read', async () => {
    const services = await filled()
    await ask(services, 2, 'a', partition(0, 3))
    const earliest = { replicaId: -1, topics: [{ name: 'a', partitions: [{ partitionIndex: 0, timestamp: -2 }] }] }
    expect((await services.ask(listOffsets, 5, earliest)).topics[0]!.partitions[0]!.offset).toBe(3)
    const read = async (fetchOffset: number) => {
      const topics = [{ topic: 'a', partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }]
      const { responses } = await services.ask(fetch, 12, { maxWaitMs: 0, minBytes: 0, topics })
      const { errorCode, logStartOffset, records } = responses[0]!.partitions[0]!
      return [errorName(errorCode), logStartOffset, (records?.length ?? 0) > 0]
    }
    expect([await read(2), await read(3)]).toEqual([
      ['OFFSET_OUT_OF_RANGE', -1, false],
      ['NONE', 3, true],
    ])
  })
})
