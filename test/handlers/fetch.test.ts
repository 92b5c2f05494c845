import { describe, expect, it } from 'vitest'
import { errorName } from '../../src/wire/error-codes.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { batchOf, openServices } from '../support/test-services.ts'
import type { TestServices } from '../support/test-services.ts'

interface Asked {
  fetchOffset?: number
  partitionMaxBytes?: number
  currentLeaderEpoch?: number
  lastFetchedEpoch?: number
}

const fetchOf = (
  name: string,
  partitions: Asked[],
  more: {
    maxWaitMs?: number
    minBytes?: number
    maxBytes?: number
    isolationLevel?: number
    sessionId?: number
    sessionEpoch?: number
  } = {},
) => ({
  maxWaitMs: 0,
  minBytes: 1,
  topics: [
    {
      topic: name,
      partitions: partitions.map((asked, partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1 << 20, ...asked })),
    },
  ],
  ...more,
})

async function withRecords(batches: string[][], partitionCount = 1): Promise<TestServices> {
  const services = await openServices()
  await services.createTopic('a', partitionCount)
  for (const values of batches) await append(services, values)
  return services
}

async function append({ records, catalog }: TestServices, values: string[], partitionIndex = 0): Promise<void> {
  const topicId = catalog.byName('a').id
  const { results } = await records.append({
    transactionalId: null,
    allowsZstd: true,
    timeoutMs: 1000,
    appends: [{ topicId, partitionIndex, records: await batchOf(values) }],
  })
  await results
}

const valuesIn = (bytes: Buffer | null): string => (bytes ?? Buffer.alloc(0)).toString('latin1').replaceAll(/[^a-z]/g, '')

/** Long enough for everything that is not waiting to be done. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

describe('Fetch', () => {
  it.each([4, 7, 11, 12])('answers batches from an offset on, in version %i', async (version) => {
    const services = await withRecords([['aa', 'bb'], ['cc']])
    const { responses } = await services.ask(fetch, version, fetchOf('a', [{ fetchOffset: 2 }]))
    const [partition] = responses[0]!.partitions
    expect(partition).toMatchObject({ errorCode: 0, highWatermark: 3, lastStableOffset: 3 })
    expect(valuesIn(partition!.records)).toContain('cc')
    expect(valuesIn(partition!.records)).not.toContain('aa')
  })

  it('answers the whole batch for an offset inside it', async () => {
    const services = await withRecords([['aa', 'bb', 'cc']])
    const { responses } = await services.ask(fetch, 12, fetchOf('a', [{ fetchOffset: 1 }]))
    expect(valuesIn(responses[0]!.partitions[0]!.records)).toMatch(/aa.*bb.*cc/)
  })

  it('answers the first batch even when it is larger than every limit, and nothing more', async () => {
    const services = await withRecords([['x'.repeat(5000)], ['yy']])
    const { responses } = await services.ask(fetch, 12, fetchOf('a', [{ partitionMaxBytes: 1 }], { maxBytes: 1 }))
    const { records } = responses[0]!.partitions[0]!
    expect(records!.length).toBeGreaterThan(5000)
    expect(valuesIn(records)).not.toContain('yy')
  })

  it('fills partition after partition up to maxBytes', async () => {
    const services = await withRecords([['x'.repeat(400)]], 3)
    await append(services, ['y'.repeat(400)], 1)
    await append(services, ['z'.repeat(400)], 2)
    const { responses } = await services.ask(fetch, 12, fetchOf('a', [{}, {}, {}], { maxBytes: 1000 }))
    expect(responses[0]!.partitions.map(({ records }) => records!.length > 0)).toEqual([true, true, false])
  })

  it('names topics by id from version 13 on, and answers an unknown one by itself', async () => {
    const services = await withRecords([['aa']])
    const topicId = services.catalog.byName('a').id
    const [topic] = fetchOf('a', [{}]).topics
    const { responses } = await services.ask(fetch, 13, {
      ...fetchOf('a', []),
      topics: [
        { ...topic!, topicId },
        { ...topic!, topicId: ZERO_UUID },
      ],
    })
    expect(responses.map((response) => [response.topicId, errorName(response.partitions[0]!.errorCode)])).toEqual([
      [topicId, 'NONE'],
      [ZERO_UUID, 'UNKNOWN_TOPIC_ID'],
    ])
  })

  it.each<[string, Asked]>([
    ['OFFSET_OUT_OF_RANGE', { fetchOffset: 4 }],
    ['OFFSET_OUT_OF_RANGE', { fetchOffset: -1 }],
    ['FENCED_LEADER_EPOCH', { currentLeaderEpoch: 4 }],
    ['UNKNOWN_LEADER_EPOCH', { currentLeaderEpoch: 6 }],
  ])('refuses with %s at once, however long it may wait: %j', async (error, asked) => {
    const services = await withRecords([['aa', 'bb', 'cc']])
    const { responses } = await services.ask(fetch, 12, fetchOf('a', [asked], { maxWaitMs: 60_000 }))
    expect(errorName(responses[0]!.partitions[0]!.errorCode)).toBe(error)
  })

  it('tells a client whose last records were truncated where the logs part', async () => {
    const services = await withRecords([['aa']])
    const { responses } = await services.ask(fetch, 12, fetchOf('a', [{ fetchOffset: 1, lastFetchedEpoch: 4, currentLeaderEpoch: 5 }]))
    expect(responses[0]!.partitions[0]).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 4, endOffset: 0 } })
  })

  it('waits for records, and answers as soon as they are there', async () => {
    const services = await withRecords([['aa']])
    let isAnswered = false
    const asked = services.ask(fetch, 12, fetchOf('a', [{ fetchOffset: 1 }], { maxWaitMs: 500 })).finally(() => (isAnswered = true))
    await settled()
    services.clock.advance(499)
    await settled()
    expect(isAnswered).toBe(false)
    await append(services, ['bb'])
    expect(valuesIn((await asked).responses[0]!.partitions[0]!.records)).toContain('bb')
  })

  it('waits until minBytes are there', async () => {
    const services = await withRecords([['aa']])
    let isAnswered = false
    const asked = services.ask(fetch, 12, fetchOf('a', [{}], { maxWaitMs: 500, minBytes: 300 })).finally(() => (isAnswered = true))
    await settled()
    await append(services, ['b'.repeat(20)])
    await settled()
    expect(isAnswered).toBe(false)
    await append(services, ['c'.repeat(100)])
    expect((await asked).responses[0]!.partitions[0]!.records!.length).toBeGreaterThan(300)
  })

  it('answers what it has when the wait is over', async () => {
    const services = await withRecords([['aa']])
    const asked = services.ask(fetch, 12, fetchOf('a', [{}], { maxWaitMs: 500, minBytes: 1 << 20 }))
    await settled()
    services.clock.advance(500)
    expect(valuesIn((await asked).responses[0]!.partitions[0]!.records)).toContain('aa')
    await settled()
    expect(services.clock.pendingTimerCount).toBeLessThanOrEqual(1)
  })

  it('ends its wait when the connection is gone or the broker stops', async () => {
    const services = await withRecords([])
    const gone = new AbortController()
    const asked = services.ask(fetch, 12, fetchOf('a', [{}], { maxWaitMs: 500 }), gone.signal)
    await settled()
    gone.abort()
    expect((await asked).responses[0]!.partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 0 })
  })

  it('ends its wait when the topic is deleted', async () => {
    const services = await withRecords([])
    const asked = services.ask(fetch, 12, fetchOf('a', [{}], { maxWaitMs: 500 }))
    await settled()
    await services.catalog.delete(services.catalog.byName('a'))
    expect(errorName((await asked).responses[0]!.partitions[0]!.errorCode)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  })

  it('does not wait when nothing is asked for', async () => {
    const services = await withRecords([])
    expect((await services.ask(fetch, 12, { ...fetchOf('a', [], { maxWaitMs: 60_000 }), topics: [] })).responses).toEqual([])
  })

  it('answers a partition that is named twice once, as it was named last', async () => {
    const services = await withRecords([['aa'], ['bb']])
    const [first, second] = [fetchOf('a', [{ fetchOffset: 0 }]), fetchOf('a', [{ fetchOffset: 1 }])]
    const { responses } = await services.ask(fetch, 12, { ...first, topics: [...first.topics, ...second.topics] })
    expect(responses.flatMap(({ partitions }) => partitions.map(({ records }) => valuesIn(records)))).toEqual([
      expect.not.stringContaining('aa'),
    ])
  })

  it.each([-1, 1, 0x7fff_ffff])('answers partition %i, which is not there, by itself', async (partition) => {
    const services = await withRecords([['aa']])
    const topics = [
      { topic: 'a', partitions: [0, partition].map((index) => ({ partition: index, fetchOffset: 0, partitionMaxBytes: 1 << 20 })) },
    ]
    const { responses } = await services.ask(fetch, 12, { ...fetchOf('a', []), topics })
    expect(responses[0]!.partitions.map((one) => [one.partitionIndex, errorName(one.errorCode)])).toEqual([
      [0, 'NONE'],
      [partition, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ])
  })

  it('refuses a request of more partitions than any client has', async () => {
    const services = await withRecords([['aa']])
    const [topic] = fetchOf('a', [{}]).topics
    const answer = async (count: number) => {
      const partitions = Array.from({ length: count }, () => topic!.partitions[0]!)
      const { errorCode, responses } = await services.ask(fetch, 12, { ...fetchOf('a', []), topics: [{ topic: 'a', partitions }] })
      return [errorName(errorCode), responses.length]
    }
    expect(await answer(100_000)).toEqual(['NONE', 1])
    expect(await answer(100_001)).toEqual(['INVALID_REQUEST', 0])
  })

  it('refuses to go on with a session that it never gave', async () => {
    const services = await withRecords([])
    const { errorCode } = await services.ask(fetch, 12, fetchOf('a', [{}], { sessionId: 7, sessionEpoch: 1 }))
    expect(errorName(errorCode)).toBe('FETCH_SESSION_ID_NOT_FOUND')
  })

  it('lists no aborted transactions to read_committed, and none are asked for otherwise', async () => {
    const services = await withRecords([['aa']])
    const isolated = await services.ask(fetch, 12, fetchOf('a', [{}], { isolationLevel: 1 }))
    expect(isolated.responses[0]!.partitions[0]!.abortedTransactions).toEqual([])
    const plain = await services.ask(fetch, 12, fetchOf('a', [{}]))
    expect(plain.responses[0]!.partitions[0]!.abortedTransactions).toBeNull()
  })
})

describe('a fetch while clients have not taken what they were answered', () => {
  const LIMIT = 1 << 20

  async function withFullBudget(): Promise<TestServices> {
    const services = await openServices({ 'queued.max.response.bytes': LIMIT })
    await services.createTopic('a')
    await append(services, ['x'])
    services.responseBudget.takeNow(LIMIT)
    return services
  }

  it('waits until some of it is taken', async () => {
    const services = await withFullBudget()
    const answer = services.ask(fetch, 12, fetchOf('a', [{}], { maxWaitMs: 500 }))
    await settled()
    services.responseBudget.give(LIMIT)
    expect(valuesIn((await answer).responses[0]!.partitions[0]!.records)).toContain('x')
    expect(services.responseBudget.heldBytes).toBe(0)
  })

  it('is answered without records when its time is over, and with them the next time', async () => {
    const services = await withFullBudget()
    const answer = services.ask(fetch, 12, fetchOf('a', [{}], { maxWaitMs: 500, sessionEpoch: 0 }))
    await settled()
    services.clock.advance(500)
    const { sessionId, responses } = await answer
    expect(responses[0]!.partitions[0]!).toMatchObject({ errorCode: 0, highWatermark: 1, records: Buffer.alloc(0) })
    services.responseBudget.give(LIMIT)
    const next = await services.ask(fetch, 12, { ...fetchOf('a', [], { sessionId, sessionEpoch: 1 }), topics: [] })
    expect(valuesIn(next.responses[0]!.partitions[0]!.records)).toContain('x')
    expect(services.responseBudget.heldBytes).toBe(0)
  })

  it('ends its wait when its connection goes', async () => {
    const services = await withFullBudget()
    const gone = new AbortController()
    const { pendingTimerCount } = services.clock
    const answer = services.ask(fetch, 12, fetchOf('a', [{}], { maxWaitMs: 600_000 }), gone.signal)
    await settled()
    gone.abort()
    expect((await answer).responses[0]!.partitions[0]!.records).toHaveLength(0)
    expect([services.responseBudget.heldBytes, services.clock.pendingTimerCount]).toEqual([LIMIT, pendingTimerCount])
  })

  it('holds what it answers, and a first batch that is larger than its share, until the answer has left', async () => {
    const services = await openServices({ 'queued.max.response.bytes': LIMIT })
    await services.createTopic('a')
    await append(services, ['x'.repeat(900_000)])
    const left: (() => void)[] = []
    services.whenAnswerLeft = (action) => void left.push(action)
    await services.ask(fetch, 12, fetchOf('a', [{}], { maxBytes: 10 }))
    expect(services.responseBudget.heldBytes).toBeGreaterThan(900_000)
    for (const action of left) action()
    expect(services.responseBudget.heldBytes).toBe(0)
  })
})
