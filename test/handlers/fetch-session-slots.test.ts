import { describe, expect, it, vi } from 'vitest'
import { FetchSessions } from '../../src/handlers/fetch-sessions.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import type { Infer } from '../../src/wire/schema.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { ManualClock } from '../support/manual-clock.ts'
import type { TestServices } from '../support/test-services.ts'
import { all, FetchClient, openFetching, settled, topicsOf, wordsOf } from './fetch-client.ts'

const TWO_MINUTES_MS = 120_000

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

describe('fetch sessions and what they hold on to', () => {
  it('watch nothing for a client that wants no session, or gets none', async () => {
    const { services, client } = await openFetching(2, { 'max.incremental.fetch.session.cache.slots': 0 })
    const watchers = countWatchers(services)
    expect((await client.fetch(all(2))).sessionId).toBe(0)
    await services.ask(fetch, 4, { maxWaitMs: 0, minBytes: 1, topics: topicsOf(all(2)) })
    expect(watchers()).toBe(0)
  })

  it('watch what they have, until it is forgotten or they end', async () => {
    const { services, client } = await openFetching(3)
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
    const { services, client, append } = await openFetching(3)
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
    const { services, client } = await openFetching(2)
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
    const { services } = await openFetching(4, { 'max.incremental.fetch.session.cache.slots': 2 })
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

  it('one that goes while it is waited for watches nothing any more, though it reads once again', async () => {
    const { services, client, append } = await openFetching(1, { 'max.incremental.fetch.session.cache.slots': 1 })
    const watchers = countWatchers(services)
    await append()
    await client.fetch(all(1))
    const waiting = client.told([], { maxWaitMs: 10 * TWO_MINUTES_MS, minBytes: 1 << 20 })
    await settled()
    services.clock.advance(TWO_MINUTES_MS + 1)
    const newcomer = new FetchClient(services)
    await newcomer.fetch([{ topic: 'unknown' }])
    expect(await waiting).toEqual(['a-0 1 +1'])
    expect([newcomer.sessionId === 0, watchers()]).toEqual([false, 0])
  })
})
