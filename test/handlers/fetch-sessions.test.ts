import { describe, expect, it, vi } from 'vitest'
import { epochAfter, FetchSessions } from '../../src/handlers/fetch-sessions.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import type { Infer } from '../../src/wire/schema.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { openServices, type TestServices } from '../support/test-services.ts'
import { appendTo, FetchClient, settled, topicsOf, wordsOf } from './fetch-client.ts'

const TWO_MINUTES_MS = 120_000

async function opened(partitionCount = 2, flags: Record<string, number> = {}) {
  const services = await openServices(flags)
  await services.createTopic('a', partitionCount)
  return { services, client: new FetchClient(services), append: (partition = 0) => appendTo(services, 'a', partition) }
}

const all = (partitionCount: number, offset = 0) =>
  Array.from({ length: partitionCount }, (_, partition) => ({ topic: 'a', partition, offset }))

type FetchRequest = Infer<typeof fetch.request>

const NOTHING_ASKED: FetchRequest = {
  clusterId: null,
  replicaId: -1,
  replicaState: { replicaId: -1, replicaEpoch: -1 },
  maxWaitMs: 0,
  minBytes: 0,
  maxBytes: 0,
  isolationLevel: 0,
  sessionId: 0,
  sessionEpoch: -1,
  topics: [],
  forgottenTopicsData: [],
  rackId: '',
}

const asking = (count: number): FetchRequest['topics'] => {
  const partition = { currentLeaderEpoch: -1, fetchOffset: 0, lastFetchedEpoch: -1, logStartOffset: -1, partitionMaxBytes: 1 }
  const more = { replicaDirectoryId: ZERO_UUID, highWatermark: -1 }
  return [
    {
      topic: 'a',
      topicId: ZERO_UUID,
      partitions: Array.from({ length: count }, (_, index) => ({ ...partition, ...more, partition: index })),
    },
  ]
}

/** How many watchers the partitions have between them, from now on. */
function countWatchers({ records }: TestServices): () => number {
  const watching = new Set<object>()
  const watch = records.watch.bind(records)
  vi.spyOn(records, 'watch').mockImplementation((topicId, partitionIndex, watcher) => {
    const watched = watch(topicId, partitionIndex, watcher)
    if (watched === undefined) return undefined
    watching.add(watcher)
    return {
      unwatch: (other) => {
        watching.delete(other)
        watched.unwatch(other)
      },
    }
  })
  return () => watching.size
}

describe('a fetch session', () => {
  it('answers everything first, and then only what changed', async () => {
    const { client, append } = await opened()
    await append(0)
    expect(await client.told(all(2))).toEqual(['a-0 1 +1', 'a-1 0'])
    expect(await client.told([{ topic: 'a', offset: 1 }])).toEqual([])
    await append(1)
    expect(await client.told([])).toEqual(['a-1 1 +1'])
  })

  it('answers the same records again until the client says that it has them', async () => {
    const { client, append } = await opened()
    await append()
    await client.fetch(all(2))
    expect(await client.told([])).toEqual(['a-0 1 +1'])
    expect(await client.told([])).toEqual(['a-0 1 +1'])
  })

  it('tells of a high watermark or a log start offset that moved, without records', async () => {
    const { services, client, append } = await opened()
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
    const { services, client, append } = await opened(1000)
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
    const { services, client, append } = await opened(1000)
    for (let partition = 0; partition < 1000; partition++) await append(partition)
    await client.fetch(all(1000), { maxBytes: 1 })
    const logs = services.records.partitions.map(({ log }) => vi.spyOn(log, 'read'))
    expect(await client.told([], { maxBytes: 1 })).toEqual(['a-0 1 +1'])
    expect(await client.told([], { maxBytes: 1 })).toEqual(['a-1 1 +1'])
    expect(logs.reduce((sum, { mock }) => sum + mock.calls.length, 0)).toBe(2)
  })

  it('lets partitions take turns when not all fit, so that none starves', async () => {
    const { client, append } = await opened(4)
    for (const partition of [0, 1, 2]) await append(partition)
    await client.fetch(all(4))
    const turns: string[] = []
    for (let turn = 0; turn < 4; turn++) turns.push(...(await client.told([], { maxBytes: 1 })))
    await append(3) // unread for longest
    for (let turn = 0; turn < 3; turn++) turns.push(...(await client.told([], { maxBytes: 1 })))
    expect(turns.map((told) => told.split(' ')[0])).toEqual(['a-0', 'a-1', 'a-2', 'a-0', 'a-3', 'a-1', 'a-2'])
  })

  it('loses nothing that comes while nobody fetches, nor while it is read from disk', async () => {
    const { services, client, append } = await opened()
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
    const { services, client, append } = await opened()
    await client.fetch(all(2))
    const overtaken = client.told([], { maxWaitMs: 60_000 })
    await settled()
    const newest = client.told([], { maxWaitMs: 60_000 })
    expect(await overtaken).toEqual(['INVALID_FETCH_SESSION_EPOCH'])
    await settled()
    expect(services.fetchSessions.waits).toMatchObject({ now: 1, begun: 2 })
    await append()
    expect(await newest).toEqual(['a-0 1 +1'])
    expect(services.fetchSessions.waits).toMatchObject({ now: 0, begun: 2 })
  })

  it('is not confused by a request that is overtaken while it reads', async () => {
    const { services, client, append } = await opened()
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
    const { services, client, append } = await opened()
    await append()
    Object.defineProperty(services.records.partitions[0]!.log, 'lastStableOffset', { get: () => 0 })
    expect(await client.told(all(2), { isolationLevel: 1 })).toEqual(['a-0 1', 'a-1 0'])
    expect(await client.told([], { isolationLevel: 1 })).toEqual([])
    expect(await client.told([], { isolationLevel: 0 })).toEqual(['a-0 1 +1'])
  })

  it('ends with its last partition', async () => {
    const { client } = await opened()
    await client.fetch(all(2))
    expect((await client.fetch([], {}, all(2))).sessionId).toBe(0)
    expect(await client.told([])).toEqual(['FETCH_SESSION_ID_NOT_FOUND'])
  })

  it('goes on at epoch 1 after the largest', () => {
    expect([0, 1, 2 ** 31 - 2, 2 ** 31 - 1].map(epochAfter)).toEqual([1, 2, 2 ** 31 - 1, 1])
  })
})

describe('an error in a fetch session', () => {
  it('is told each time, ends the wait once, and heals', async () => {
    const { services, client } = await opened(1)
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
    const { services, client, append } = await opened(1)
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
    const { services, client, append } = await opened(1)
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

describe('fetch sessions and what they hold on to', () => {
  it('watch nothing for a client that wants no session, or gets none', async () => {
    const { services, client } = await opened(2, { 'max.incremental.fetch.session.cache.slots': 0 })
    const watchers = countWatchers(services)
    expect((await client.fetch(all(2))).sessionId).toBe(0)
    await services.ask(fetch, 4, { maxWaitMs: 0, minBytes: 1, topics: topicsOf(all(2)) })
    expect(watchers()).toBe(0)
  })

  it('watch what they have, until it is forgotten or they end', async () => {
    const { services, client } = await opened(3)
    const watchers = countWatchers(services)
    await client.fetch(all(3))
    expect(watchers()).toBe(3)
    await client.fetch([], {}, [{ topic: 'a', partition: 2 }])
    expect(watchers()).toBe(2)
    client.epoch = -1
    await client.fetch(all(3))
    expect(watchers()).toBe(0)
  })

  it('watch a partition no longer that changed while nobody fetched, so that idle ones burden no append', async () => {
    const { services, client, append } = await opened(3)
    const watchers = countWatchers(services)
    await client.fetch(all(3))
    await append(0)
    expect(watchers()).toBe(2)
    await append(0)
    expect(await client.told([{ topic: 'a', partition: 1 }])).toEqual(['a-0 2 +2'])
    await client.fetch([{ topic: 'a', offset: 2 }])
    expect(watchers()).toBe(3)
  })

  it('are let go of by a connection that asks for another and never used the last', async () => {
    const { services, client } = await opened(2)
    const watchers = countWatchers(services)
    const fetchAnew = async (): Promise<void> => {
      client.epoch = 0
      client.sessionId = 0
      await client.fetch(all(2))
    }
    for (let fetches = 0; fetches < 3; fetches++) await fetchAnew()
    expect([services.fetchSessions.count, watchers()]).toEqual([1, 2])
    const { sessionId } = client
    await client.fetch([])
    await fetchAnew()
    expect(services.fetchSessions.count).toBe(2)
    client.sessionId = sessionId
    client.epoch = 2
    expect(await client.told([])).toEqual([])
  })

  it('keep as many partitions as they may, and let go of one that grows past it', () => {
    const sessions = new FetchSessions({ slots: 1000, clock: new ManualClock(), partitionsMax: 10 })
    let connectionCount = 0
    const conclude = (request: Partial<FetchRequest>): number => {
      const turn = sessions.begin({ ...NOTHING_ASKED, ...request }, false, ++connectionCount)
      const sessionId = turn.conclude()
      turn.end()
      return sessionId
    }
    const [eight, two] = [asking(8), asking(2)].map((topics) => conclude({ topics, sessionEpoch: 0 })) as [number, number]
    expect(conclude({ topics: asking(1), sessionEpoch: 0 })).toBe(0)
    expect(conclude({ topics: asking(3), sessionId: two, sessionEpoch: 1 })).toBe(two)
    expect(() => conclude({ sessionId: two, sessionEpoch: 2 })).toThrow(new Refusal('FETCH_SESSION_ID_NOT_FOUND'))
    expect(conclude({ topics: asking(2), sessionEpoch: 0 })).not.toBe(0)
    expect(
      conclude({ sessionId: eight, sessionEpoch: 1, forgottenTopicsData: [{ topic: 'a', topicId: ZERO_UUID, partitions: [3] }] }),
    ).toBe(eight)
    expect(conclude({ topics: asking(1), sessionEpoch: 0 })).not.toBe(0)
    expect(conclude({ topics: asking(1), sessionEpoch: 0 })).toBe(0)
  })
})

describe('when all slots for fetch sessions are taken', () => {
  const full = async () => {
    const { services } = await opened(4, { 'max.incremental.fetch.session.cache.slots': 2 })
    const session = async (partitionCount: number): Promise<FetchClient> => {
      const client = new FetchClient(services)
      await client.fetch(all(partitionCount))
      return client
    }
    const lives = async (client: FetchClient): Promise<boolean> => wordsOf(await client.fetch([])).length === 0
    return { services, session, lives, small: await session(1), large: await session(2) }
  }

  it('a new one gets none while the others are young', async () => {
    const { services, session, lives, small, large } = await full()
    services.clock.advance(TWO_MINUTES_MS)
    expect((await session(4)).sessionId).toBe(0)
    expect([await lives(small), await lives(large)]).toEqual([true, true])
  })

  it('the one unused for longest goes when that is over two minutes, whatever its size', async () => {
    const { services, session, lives, small, large } = await full()
    services.clock.advance(TWO_MINUTES_MS)
    await lives(small)
    services.clock.advance(1)
    const newcomer = await session(1)
    expect([await lives(small), await lives(large), await lives(newcomer)]).toEqual([true, false, true])
    expect(services.fetchSessions).toMatchObject({ count: 2, partitionCount: 2, evictedCount: 1 })
  })

  it('the one with the fewest partitions goes once it was used past two minutes, if the new one has more', async () => {
    const { services, session, lives, small, large } = await full()
    services.clock.advance(TWO_MINUTES_MS + 1)
    await lives(small)
    await lives(large)
    expect((await session(1)).sessionId).toBe(0)
    const newcomer = await session(2)
    expect([await lives(small), await lives(large), await lives(newcomer)]).toEqual([false, true, true])
    expect((await session(4)).sessionId).not.toBe(0)
    expect([await lives(large), await lives(newcomer)]).toEqual([false, true])
  })

  it('one that goes while it is waited for answers what it has', async () => {
    const { services, session, small, large } = await full()
    const waiting = [small, large].map((client) => client.told([], { maxWaitMs: 10 * TWO_MINUTES_MS }))
    await settled()
    services.clock.advance(TWO_MINUTES_MS + 1)
    await session(1)
    await session(1)
    expect(await Promise.all(waiting)).toEqual([[], []])
    expect([await small.told([]), await large.told([])]).toEqual([['FETCH_SESSION_ID_NOT_FOUND'], ['FETCH_SESSION_ID_NOT_FOUND']])
  })
})
