import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cluster, type TopicMetadata } from '../../src/client/cluster.ts'
import { type Position, replay, type ReplayOptions } from '../../src/client/fetch.ts'
import { errorCode, type ErrorName } from '../../src/wire/error-codes.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { type Codec } from '../../src/wire/records/codecs.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import type { Infer } from '../../src/wire/schema.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { ScriptedBroker } from './scripted-broker.ts'

type FetchRequest = Infer<typeof fetch.request>

let broker: ScriptedBroker
let cluster: Cluster
let topic: TopicMetadata
/** The batches of each partition: [base offset, record count, bytes]. */
let logs: Map<number, [baseOffset: number, count: number, bytes: Buffer][]>
let asked: FetchRequest[]
let verdicts: (ErrorName | 'hang up')[]

const batch = async (
  baseOffset: number,
  count: number,
  options: { codec?: Codec; isControl?: boolean } = {},
): Promise<[number, number, Buffer]> => {
  const records = Array.from({ length: count }, (_, index) => ({
    timestamp: 1000 + index,
    key: null,
    value: Buffer.from(String(baseOffset + index)),
  }))
  return [baseOffset, count, await encodeBatch({ records, baseOffset, ...options })]
}

beforeEach(async () => {
  logs = new Map()
  asked = []
  verdicts = []
  broker = await ScriptedBroker.start()
  broker.leads('orders', 2)
  broker.on(fetch, (request) => {
    asked.push(request)
    const verdict = verdicts.shift() ?? 'NONE'
    if (verdict === 'hang up') return 'hang up'
    const partitions = request.topics[0]!.partitions.map(({ partition, fetchOffset }) => {
      const found = (logs.get(partition) ?? []).find(([baseOffset, count]) => baseOffset + count > fetchOffset)
      return {
        partitionIndex: partition,
        errorCode: errorCode(verdict),
        highWatermark: 100,
        abortedTransactions: null,
        records: found?.[2] ?? null,
      }
    })
    return { errorCode: 0, responses: [{ topic: 'orders', topicId: ZERO_UUID, partitions }] }
  })
  cluster = new Cluster([broker.address])
  topic = (await cluster.topics(['orders']))[0]!
})
afterEach(async () => {
  cluster.close()
  await broker.stop()
})

async function read(positions: Position[], options: ReplayOptions = {}): Promise<string[]> {
  const values: string[] = []
  for await (const { partition, records } of replay(cluster, topic, positions, options))
    values.push(...records.map(({ value }) => `${partition}:${String(value)}`))
  return values
}

describe('a replay', () => {
  it('reads from an offset inside a batch up to one inside another', async () => {
    logs.set(0, [await batch(0, 3), await batch(3, 3)])
    expect(await read([{ partition: 0, offset: 1, until: 5 }])).toEqual(['0:1', '0:2', '0:3', '0:4'])
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('unpacks %s', async (codec) => {
    logs.set(0, [await batch(0, 2, { codec })])
    expect(await read([{ partition: 0, offset: 0, until: 2 }])).toEqual(['0:0', '0:1'])
  })

  it('reads several partitions, each in its order and to its end', async () => {
    logs.set(0, [await batch(0, 1), await batch(1, 1)])
    logs.set(1, [await batch(7, 2)])
    const values = await read([{ partition: 0, offset: 0, until: 2 }, { partition: 1, offset: 7, until: 9 }]) // prettier-ignore
    expect(values.filter((value) => value.startsWith('0'))).toEqual(['0:0', '0:1'])
    expect(values.filter((value) => value.startsWith('1'))).toEqual(['1:7', '1:8'])
  })

  it('asks for nothing when there is nothing to read', async () => {
    expect(await read([{ partition: 0, offset: 4, until: 4 }])).toEqual([])
    expect(asked).toEqual([])
  })

  it('passes over control batches and gaps, and ends behind them', async () => {
    logs.set(0, [await batch(0, 1), await batch(1, 1, { isControl: true }), await batch(8, 1)])
    expect(await read([{ partition: 0, offset: 0, until: 9 }])).toEqual(['0:0', '0:8'])
  })

  it('leaves a batch that was cut off for the next answer', async () => {
    const [first, second] = [await batch(0, 1), await batch(1, 1)]
    logs.set(0, [[0, 1, Buffer.concat([first[2], second[2].subarray(0, -1)])], second])
    expect(await read([{ partition: 0, offset: 0, until: 2 }])).toEqual(['0:0', '0:1'])
  })

  it('goes on where it was after a lost connection and a change of leader', async () => {
    logs.set(0, [await batch(0, 1), await batch(1, 1), await batch(2, 1)])
    verdicts = ['NONE', 'hang up', 'NOT_LEADER_OR_FOLLOWER']
    expect(await read([{ partition: 0, offset: 0, until: 3 }])).toEqual(['0:0', '0:1', '0:2'])
  })

  it('throws what the broker refuses for good', async () => {
    verdicts = ['OFFSET_OUT_OF_RANGE']
    await expect(read([{ partition: 0, offset: 500 }])).rejects.toMatchObject({ error: 'OFFSET_OUT_OF_RANGE' })
  })

  it('throws what lasts too long', async () => {
    verdicts = ['NOT_LEADER_OR_FOLLOWER', 'NOT_LEADER_OR_FOLLOWER']
    await expect(read([{ partition: 0, offset: 0 }], { retryMs: 0 })).rejects.toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER' })
  })

  it('throws on a damaged batch', async () => {
    const [, , bytes] = await batch(0, 1)
    bytes[bytes.length - 1]! ^= 1
    logs.set(0, [[0, 1, bytes]])
    await expect(read([{ partition: 0, offset: 0, until: 1 }], { retryMs: 0 })).rejects.toMatchObject({ error: 'CORRUPT_MESSAGE' })
  })

  it('without an end goes on until it is stopped', async () => {
    logs.set(0, [await batch(0, 1)])
    const stop = new AbortController()
    const values: string[] = []
    for await (const { records } of replay(cluster, topic, [{ partition: 0, offset: 0 }], { signal: stop.signal })) {
      values.push(...records.map(({ value }) => String(value)))
      logs.get(0)!.push(await batch(values.length, 1))
      if (values.length === 3) stop.abort()
    }
    expect(values).toEqual(['0', '1', '2'])
  })

  it('has no more than one answer beyond the one that is being read', async () => {
    logs.set(0, await Promise.all([0, 1, 2, 3, 4, 5].map((offset) => batch(offset, 1))))
    const reading = replay(cluster, topic, [{ partition: 0, offset: 0, until: 6 }])
    await reading.next()
    await cluster.topics(['orders']) // answered after every fetch that is on its way
    expect(asked.map(({ topics }) => topics[0]!.partitions[0]!.fetchOffset)).toEqual([0, 1])
    await reading.return(undefined)
  })
})
