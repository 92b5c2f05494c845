import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cluster } from '../../../src/client/cluster.ts'
import type { FetchedRecords } from '../../../src/client/fetch.ts'
import { Coordinators } from '../../../src/client/groups/coordinators.ts'
import { GroupReader } from '../../../src/client/groups/group-reader.ts'
import type { MemberOptions } from '../../../src/client/groups/members/member.ts'
import { errorCode, type ErrorName, Refusal } from '../../../src/wire/error-codes.ts'
import { fetch } from '../../../src/wire/messages/fetch.ts'
import { findCoordinator } from '../../../src/wire/messages/find-coordinator.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetFetch } from '../../../src/wire/messages/offset-fetch.ts'
import { encodeBatch } from '../../../src/wire/records/record.ts'
import { ZERO_UUID } from '../../../src/wire/uuid.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { ScriptedBroker } from '../scripted-broker.ts'

/** Each partition has ten records, one in a batch, and no more come. */
const END = 10

let broker: ScriptedBroker
let cluster: Cluster
let clock: ManualClock
let stop: AbortController
/** What happened, in order. */
let events: string[]
let committed: Map<number, number>
let verdicts: ErrorName[]
let member: MemberOptions['events']
let memberFails: (error: Error) => void

beforeEach(async () => {
  clock = new ManualClock()
  stop = new AbortController()
  events = []
  committed = new Map()
  verdicts = []
  broker = await ScriptedBroker.start()
  broker.leads('orders', 3)
  const { host, port } = broker.address
  const coordinator = { nodeId: 1, host, port, errorCode: 0, errorMessage: null }
  broker.on(findCoordinator, () => ({ ...coordinator, coordinators: [{ key: 'billing', ...coordinator }] }))
  broker.on(fetch, async ({ topics }) => {
    const partitions = topics[0]!.partitions.map(async ({ partition, fetchOffset: baseOffset }) => {
      const records = [{ timestamp: 0, key: null, value: Buffer.from(`${partition}:${baseOffset}`) }]
      const bytes = baseOffset < END ? await encodeBatch({ records, baseOffset }) : null
      return { partitionIndex: partition, errorCode: 0, highWatermark: END, abortedTransactions: null, records: bytes }
    })
    return { errorCode: 0, responses: [{ topic: 'orders', topicId: ZERO_UUID, partitions: await Promise.all(partitions) }] }
  })
  broker.on(offsetFetch, () => {
    const partitions = [...committed].map(([partitionIndex, committedOffset]) => ({
      partitionIndex,
      committedOffset,
      metadata: '',
      errorCode: 0,
    }))
    return { topics: [], groups: [{ groupId: 'billing', topics: [{ name: 'orders', partitions }] }] }
  })
  broker.on(offsetCommit, ({ topics, memberId, generationIdOrMemberEpoch }) => {
    const verdict = verdicts.shift() ?? 'NONE'
    const { partitions } = topics[0]!
    const places = partitions.map(({ partitionIndex, committedOffset }) => `${partitionIndex}:${committedOffset}`)
    events.push(`${memberId} in ${generationIdOrMemberEpoch} commits ${places.join(' ')}${verdict === 'NONE' ? '' : ` (${verdict})`}`)
    if (verdict === 'NONE') for (const { partitionIndex, committedOffset } of partitions) committed.set(partitionIndex, committedOffset)
    const answers = partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: errorCode(verdict) }))
    return { topics: [{ name: 'orders', partitions: answers }] }
  })
  cluster = new Cluster([broker.address])
})
afterEach(async () => {
  stop.abort()
  cluster.close()
  await broker.stop()
})

function readerOf({ ends }: { ends?: ReadonlyMap<number, number> } = {}): GroupReader {
  return new GroupReader({
    cluster,
    coordinators: new Coordinators(cluster, { clock, retryMs: 1e9 }),
    groupId: 'billing',
    topic: 'orders',
    member: (options) => {
      member = options.events
      return {
        committer: { memberId: 'me', groupInstanceId: null, generationIdOrMemberEpoch: 3 },
        run: (signal) =>
          new Promise((resolve, reject) => {
            memberFails = reject
            signal.addEventListener('abort', () => resolve(), { once: true })
          }),
        leave: async () => void events.push('leaves'),
      }
    },
    beginAt: async (partitions, known) => new Map(partitions.map((partition) => [partition, known.get(partition) ?? 0])),
    ...(ends === undefined ? {} : { ends }),
    note: (kind, sentence) => (kind === 'trouble' ? void events.push(sentence) : undefined),
    signal: stop.signal,
    clock,
    retryMs: 1e9,
  })
}

const places = (...partitions: number[]) => partitions.map((partition) => ({ topic: 'orders', partition }))
const nameOf = ({ partition, records }: FetchedRecords): string => `${partition}:${records[0]!.offset}`

/** What the promise resolves to; time passes whenever somebody waits for it. */
async function whileTimePasses<T>(promise: Promise<T>): Promise<T> {
  const pending = Symbol('pending')
  for (;;) {
    const turn = new Promise<typeof pending>((resolve) => setImmediate(() => resolve(pending)))
    const settled = await Promise.race([promise, turn])
    if (settled !== pending) return settled
    if (clock.pendingTimerCount > 0) clock.advance(500)
  }
}

/** The next record, and that it was handled. */
async function handleNext(reader: GroupReader, records: AsyncGenerator<FetchedRecords>): Promise<string> {
  const { value } = (await records.next()) as { value: FetchedRecords }
  reader.handled(value.partition, value.nextOffset)
  return nameOf(value)
}

describe('a reader in a group', () => {
  it('commits what was handled at the end, not what is in hand, and then leaves', async () => {
    const reader = readerOf()
    const records = reader.records()
    const first = records.next()
    committed.set(1, 4)
    await member.assigned(places(1))
    expect(nameOf((await first).value as FetchedRecords)).toBe('1:4')
    reader.handled(1, 5)
    expect(nameOf((await records.next()).value as FetchedRecords)).toBe('1:5')
    stop.abort()
    await records.return(undefined)
    expect(events).toEqual(['me in 3 commits 1:5', 'leaves'])
  })

  it('commits where it began when nothing was committed, so that another does not begin later', async () => {
    const reader = readerOf()
    const records = reader.records()
    const first = records.next()
    await member.assigned(places(2))
    await first
    await records.return(undefined)
    expect(events).toEqual(['me in 3 commits 2:0', 'leaves'])
  })

  it('commits every few seconds', async () => {
    const reader = readerOf()
    const records = reader.records()
    const first = handleNext(reader, records)
    await member.assigned(places(0))
    await first
    while (events.length === 0) {
      clock.advance(5000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(events).toEqual(['me in 3 commits 0:1'])
    await records.return(undefined)
  })

  it('commits a partition before it gives it away, reads on in those that it keeps, and no further in the other', async () => {
    const reader = readerOf()
    const records = reader.records()
    const first = handleNext(reader, records)
    await member.assigned(places(0, 1))
    const read = [await first, await handleNext(reader, records)]
    await member.assigned(places(1))
    const partitionsLeft = new Set(events.join(' ').match(/\b0:\d+/g))
    expect(partitionsLeft.size).toBe(1)
    for (let count = 0; count < 5; count++) read.push(await handleNext(reader, records))
    const [ofKept, ofGiven] = ['1', '0'].map((partition) => read.filter((name) => name.startsWith(`${partition}:`)))
    expect(ofKept).toEqual(ofKept!.map((_, index) => `1:${index}`))
    expect(events).toEqual([`me in 3 commits 0:${ofGiven!.length}`])
    reader.handled(0, 9) // too late: it is somebody else's
    await records.return(undefined)
    expect(events.slice(1)).toEqual([`me in 3 commits 1:${ofKept!.length}`, 'leaves'])
  })

  it('commits nothing of what was taken away from it', async () => {
    const reader = readerOf()
    const records = reader.records()
    const first = handleNext(reader, records)
    await member.assigned(places(0))
    await first
    member.lost('the group has no such member')
    await records.return(undefined)
    expect(events).toEqual([expect.stringMatching(/^the group has put this member out: the group has no such member/), 'leaves'])
  })

  it('commits later what the group refuses while it rebalances', async () => {
    const reader = readerOf()
    const records = reader.records()
    const first = handleNext(reader, records)
    await member.assigned(places(0))
    await first
    verdicts = ['STALE_MEMBER_EPOCH']
    while (events.length < 3) {
      clock.advance(5000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(events).toEqual([
      'me in 3 commits 0:1 (STALE_MEMBER_EPOCH)',
      expect.stringMatching(/^could not commit: partition 0 of topic "orders": /),
      'me in 3 commits 0:1',
    ])
    await records.return(undefined)
  })

  it('ends when the group has come to the end: this member by what was handled, others by what they have committed', async () => {
    const reader = readerOf({
      ends: new Map([
        [0, END],
        [1, END],
      ]),
    })
    const read: string[] = []
    const ended = (async () => {
      for await (const fetched of reader.records()) {
        read.push(nameOf(fetched))
        reader.handled(fetched.partition, fetched.nextOffset)
      }
    })()
    await member.assigned(places(0))
    await whileTimePasses(
      (async () => {
        while (read.length < END || !events.includes(`me in 3 commits 0:${END}`)) await new Promise((resolve) => setImmediate(resolve))
      })(),
    )
    expect(events).not.toContain('leaves')
    committed.set(1, END)
    await whileTimePasses(ended)
    expect(read).toEqual(Array.from({ length: END }, (_, offset) => `0:${offset}`))
    expect(events.at(-1)).toBe('leaves')
  })

  it('does not even join when the group has come to the end before', async () => {
    committed.set(0, END)
    const records = readerOf({ ends: new Map([[0, END]]) }).records()
    expect(await records.next()).toEqual({ done: true, value: undefined })
    expect(events).toEqual([])
  })

  it('fails when its member does', async () => {
    const records = readerOf().records()
    const first = records.next()
    await member.assigned(places(0))
    await first
    memberFails(new Refusal('GROUP_MAX_SIZE_REACHED'))
    await expect(
      (async () => {
        for (;;) if ((await records.next()).done === true) return
      })(),
    ).rejects.toMatchObject({ error: 'GROUP_MAX_SIZE_REACHED' })
  })
})
