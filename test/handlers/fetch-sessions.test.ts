import { describe, expect, it, vi } from 'vitest'
import { epochAfter } from '../../src/handlers/fetch-sessions.ts'
import { errorName } from '../../src/wire/error-codes.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { all, openFetching, settled, topicsOf } from './fetch-client.ts'

const UNKNOWN_ID = 'dW5rbm93biB0b3BpYyBpZA'

describe('a fetch session', () => {
  it('answers everything first, and then only what changed', async () => {
    const { client, append } = await openFetching()
    await append(0)
    expect(await client.told(all(2))).toEqual(['a-0 1 +1', 'a-1 0'])
    expect(await client.told([{ topic: 'a', offset: 1 }])).toEqual([])
    await append(1)
    expect(await client.told([])).toEqual(['a-1 1 +1'])
  })

  it('answers the same records again until the client says that it has them', async () => {
    const { client, append } = await openFetching()
    await append()
    await client.fetch(all(2))
    expect(await client.told([])).toEqual(['a-0 1 +1'])
    expect(await client.told([])).toEqual(['a-0 1 +1'])
  })

  it('tells of a high watermark or a log start offset that moved, without records', async () => {
    const { services, client, append } = await openFetching()
    await append()
    await client.fetch([{ topic: 'a', offset: 1 }])
    await append()
    expect(await client.told([{ topic: 'a', offset: 2 }])).toEqual(['a-0 2'])
    await services.records.partitions[0]!.log.advanceLogStartOffset(1)
    const { responses } = await client.fetch([])
    expect(responses[0]!.partitions).toMatchObject([{ partitionIndex: 0, highWatermark: 2, logStartOffset: 1 }])
    expect(await client.told([])).toEqual([])
  })

  it('reads only what has news, however many partitions it has', async () => {
    const { services, client, append } = await openFetching(1000)
    await client.fetch(all(1000))
    const read = vi.spyOn(services.records, 'read')
    const readCounts = () => read.mock.calls.map(([{ reads }]) => [...reads].length)
    const waiting = client.told([], { maxWaitMs: 500 })
    await settled()
    await append(700)
    expect(await waiting).toEqual(['a-700 1 +1'])
    expect(await client.told([{ topic: 'a', partition: 700, offset: 1 }])).toEqual([])
    expect(await client.told([])).toEqual([])
    expect(readCounts()).toEqual([0, 1, 1, 0])
  })

  it('stops reading when the response is full, and goes on there', async () => {
    const { services, client, append } = await openFetching(1000)
    for (let partition = 0; partition < 1000; partition++) await append(partition)
    await client.fetch(all(1000), { maxBytes: 1 })
    const logs = services.records.partitions.map(({ log }) => vi.spyOn(log, 'read'))
    expect(await client.told([], { maxBytes: 1 })).toEqual(['a-0 1 +1'])
    expect(await client.told([], { maxBytes: 1 })).toEqual(['a-1 1 +1'])
    expect(logs.reduce((sum, { mock }) => sum + mock.calls.length, 0)).toBe(2)
  })

  it('lets partitions take turns when not all fit, so that none starves', async () => {
    const { client, append } = await openFetching(4)
    for (const partition of [0, 1, 2]) await append(partition)
    await client.fetch(all(4))
    const turns: string[] = []
    for (let turn = 0; turn < 4; turn++) turns.push(...(await client.told([], { maxBytes: 1 })))
    await append(3) // unread for longest
    for (let turn = 0; turn < 3; turn++) turns.push(...(await client.told([], { maxBytes: 1 })))
    expect(turns.map((told) => told.split(' ')[0])).toEqual(['a-0', 'a-1', 'a-2', 'a-0', 'a-3', 'a-1', 'a-2'])
  })

  it('loses nothing that comes while nobody fetches, nor while it is read from disk', async () => {
    const { services, client, append } = await openFetching()
    await client.fetch(all(2))
    await append()
    await append()
    expect(await client.told([])).toEqual(['a-0 2 +2'])
    const { log } = services.records.partitions[0]!
    const read = log.read.bind(log)
    vi.spyOn(log, 'read').mockImplementationOnce(async (...request) => {
      const found = await read(...request)
      await append()
      return found
    })
    expect(await client.told([{ topic: 'a', offset: 2 }])).toEqual([])
    expect(await client.told([])).toEqual(['a-0 3 +1'])
  })

  it('goes on with the newest request: one that still waits is refused', async () => {
    const { services, client, append } = await openFetching()
    await client.fetch(all(2))
    const overtaken = client.told([], { maxWaitMs: 60_000 })
    await settled()
    const newest = client.told([], { maxWaitMs: 60_000 })
    expect(await overtaken).toEqual(['INVALID_FETCH_SESSION_EPOCH'])
    await settled()
    expect(services.fetchSessions.waits).toMatchObject({ count: 1, begunCount: 2 })
    await append()
    expect(await newest).toEqual(['a-0 1 +1'])
    expect(services.fetchSessions.waits).toMatchObject({ count: 0, begunCount: 2 })
  })

  it('is not confused by a request that is overtaken while it reads', async () => {
    const { services, client, append } = await openFetching()
    await append()
    await client.fetch(all(2))
    const { log } = services.records.partitions[0]!
    const read = log.read.bind(log)
    let newest: Promise<string[]> | undefined
    vi.spyOn(log, 'read').mockImplementationOnce(async (...request) => {
      newest = client.told([{ topic: 'a', offset: 1 }], { maxWaitMs: 60_000 })
      await settled()
      return read(...request)
    })
    expect(await client.told([])).toEqual(['INVALID_FETCH_SESSION_EPOCH'])
    await append()
    expect(await newest).toEqual(['a-0 2 +1'])
  })

  it('reads again what another isolation level may show', async () => {
    const { services, client, append } = await openFetching()
    await append()
    Object.defineProperty(services.records.partitions[0]!.log, 'lastStableOffset', { get: () => 0 })
    expect(await client.told(all(2), { isolationLevel: 1 })).toEqual(['a-0 1', 'a-1 0'])
    expect(await client.told([], { isolationLevel: 1 })).toEqual([])
    expect(await client.told([], { isolationLevel: 0 })).toEqual(['a-0 1 +1'])
  })

  it('ends with its last partition', async () => {
    const { client } = await openFetching()
    await client.fetch(all(2))
    expect((await client.fetch([], {}, all(2))).sessionId).toBe(0)
    expect(await client.told([])).toEqual(['FETCH_SESSION_ID_NOT_FOUND'])
  })

  it('goes on at epoch 1 after the largest', () => {
    expect([0, 1, 2 ** 31 - 2, 2 ** 31 - 1].map(epochAfter)).toEqual([1, 2, 2 ** 31 - 1, 1])
  })
})

describe('a fetch session that names topics by id', () => {
  const byId = async (version: number) => {
    const { services, append } = await openFetching(1)
    const idOf = (name: string): string => services.catalog.byName(name).id
    const asking = (...topicIds: string[]) => topicIds.map((topicId) => ({ topicId, partitions: topicsOf(all(1))[0]!.partitions }))
    let [sessionId, sessionEpoch] = [0, 0]
    const told = async (topicIds: string[], forgotten: string[] = [], apiVersion = version): Promise<string[]> => {
      const forgottenTopicsData = forgotten.map((topicId) => ({ topicId, partitions: [0] }))
      const request = { maxWaitMs: 0, minBytes: 1, sessionId, sessionEpoch, topics: asking(...topicIds), forgottenTopicsData }
      const response = await services.ask(fetch, apiVersion, request)
      if (response.errorCode !== 0) return [errorName(response.errorCode)]
      sessionId = response.sessionId
      sessionEpoch++
      return response.responses.map(({ topicId, partitions }) => `${topicId} ${errorName(partitions[0]!.errorCode)}`)
    }
    return { services, append, idOf, told }
  }

  it.each([13, 18])('goes on by id, in version %i', async (version) => {
    const { append, idOf, told } = await byId(version)
    expect(await told([idOf('a'), UNKNOWN_ID])).toEqual([`${idOf('a')} NONE`, `${UNKNOWN_ID} UNKNOWN_TOPIC_ID`])
    expect(await told([])).toEqual([`${UNKNOWN_ID} UNKNOWN_TOPIC_ID`])
    await append()
    expect(await told([], [UNKNOWN_ID])).toEqual([`${idOf('a')} NONE`])
  })

  it('knows a topic from another that has its name later', async () => {
    const { services, idOf, told } = await byId(13)
    const oldId = idOf('a')
    expect(await told([oldId])).toEqual([`${oldId} NONE`])
    await services.catalog.delete(services.catalog.byName('a'))
    expect(await told([])).toEqual([`${oldId} UNKNOWN_TOPIC_OR_PARTITION`])
    await services.createTopic('a')
    expect(await told([])).toEqual([`${oldId} INCONSISTENT_TOPIC_ID`])
    expect(await told([idOf('a')], [oldId])).toEqual([`${idOf('a')} NONE`])
  })

  it('is not one that names them by name', async () => {
    const { idOf, told } = await byId(13)
    await told([idOf('a')])
    expect(await told([], [], 12)).toEqual(['FETCH_SESSION_TOPIC_ID_ERROR'])
    expect(await told([])).toEqual([])
  })
})

describe('an error in a fetch session', () => {
  it('is told each time, ends the wait once, and heals', async () => {
    const { services, client } = await openFetching(1)
    expect(await client.told([...all(1), { topic: 'b' }], { maxWaitMs: 60_000 })).toEqual(['a-0 0', 'b-0 UNKNOWN_TOPIC_OR_PARTITION'])
    const waiting = client.told([], { maxWaitMs: 500 })
    await settled()
    services.clock.advance(500)
    expect(await waiting).toEqual(['b-0 UNKNOWN_TOPIC_OR_PARTITION'])
    await services.createTopic('b')
    expect(await client.told([])).toEqual(['b-0 0'])
    expect(await client.told([])).toEqual([])
  })

  it('comes at once when the topic is deleted, and a topic of the same name is another one', async () => {
    const { services, client, append } = await openFetching(1)
    await services.createTopic('b')
    await append()
    await client.fetch([{ topic: 'a', offset: 1 }, { topic: 'b' }])
    const waiting = client.told([], { maxWaitMs: 60_000 })
    await settled()
    await services.catalog.delete(services.catalog.byName('a'))
    expect(await waiting).toEqual(['a-0 UNKNOWN_TOPIC_OR_PARTITION'])
    await services.createTopic('a')
    expect(await client.told([])).toEqual(['a-0 OFFSET_OUT_OF_RANGE'])
    expect(await client.told([{ topic: 'a' }])).toEqual(['a-0 0'])
    await append()
    expect(await client.told([])).toEqual(['a-0 1 +1'])
  })

  it('does not keep a session from a topic that is deleted and made again while it reads', async () => {
    const { services, client, append } = await openFetching(1)
    await services.createTopic('b')
    await client.fetch([{ topic: 'a' }, { topic: 'b' }])
    vi.spyOn(services.records.partitions[1]!.log, 'read').mockImplementationOnce(async () => {
      await services.catalog.delete(services.catalog.byName('a'))
      await services.createTopic('a')
      return { chunks: [], size: 0 }
    })
    const waiting = client.told([{ topic: 'b' }], { maxWaitMs: 60_000 })
    await settled()
    await append()
    expect(await waiting).toEqual(['a-0 1 +1'])
  })
})
