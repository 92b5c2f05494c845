import { describe, expect, it } from 'vitest'
import { errorName } from '../../src/wire/error-codes.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { batchOf, openServices } from '../support/test-services.ts'
import type { TestServices } from '../support/test-services.ts'

const T = Date.UTC(2026, 0, 31)

/** Records at T, T+1, T+2 (one batch), then T+10. */
async function withRecords(): Promise<TestServices> {
  const services = await openServices()
  await services.createTopic('a')
  const topicId = services.catalog.byName('a').id
  for (const records of [await batchOf(['x', 'y', 'z'], T), await batchOf(['w'], T + 10)])
    await (
      await services.records.append({
        transactionalId: null,
        allowsZstd: true,
        timeoutMs: 1000,
        appends: [{ topicId, partitionIndex: 0, records }],
      })
    ).results
  return services
}

async function offsetFor(
  services: TestServices,
  timestamp: number,
  version = 11,
  more: { currentLeaderEpoch?: number; partitionIndex?: number; name?: string } = {},
) {
  const { name = 'a', partitionIndex = 0, ...rest } = more
  const { topics } = await services.ask(listOffsets, version, {
    replicaId: -1,
    topics: [{ name, partitions: [{ partitionIndex, timestamp, ...rest }] }],
  })
  const { errorCode, offset, timestamp: found, leaderEpoch } = topics[0]!.partitions[0]!
  return errorCode === 0 ? { offset, timestamp: found, leaderEpoch } : errorName(errorCode)
}

describe('ListOffsets', () => {
  it.each([
    ['before all', T - 5, { offset: 0, timestamp: T }],
    ['inside a batch', T + 1, { offset: 1, timestamp: T + 1 }],
    ['between batches', T + 3, { offset: 3, timestamp: T + 10 }],
    ['at the last', T + 10, { offset: 3, timestamp: T + 10 }],
    ['after all', T + 11, { offset: -1, timestamp: -1, leaderEpoch: -1 }],
    ['at the end of time', Number.MAX_SAFE_INTEGER, { offset: -1, timestamp: -1 }],
  ])('answers the first record at or after a timestamp %s', async (_, timestamp, expected) => {
    expect(await offsetFor(await withRecords(), timestamp)).toMatchObject(expected)
  })

  it.each([
    ['latest', -1, { offset: 4, timestamp: -1, leaderEpoch: 5 }],
    ['earliest', -2, { offset: 0, timestamp: -1, leaderEpoch: 5 }],
    ['the largest timestamp', -3, { offset: 3, timestamp: T + 10 }],
    ['earliest local', -4, { offset: 0, timestamp: -1 }],
    ['latest tiered, of which there is none', -5, { offset: -1, timestamp: -1 }],
    ['earliest pending upload, of which there is none', -6, { offset: -1, timestamp: -1 }],
  ])('answers %s', async (_, timestamp, expected) => {
    expect(await offsetFor(await withRecords(), timestamp)).toMatchObject(expected)
  })

  it.each([
    [-3, 6],
    [-4, 7],
    [-5, 8],
    [-6, 10],
    [-7, 11],
  ])('does not know timestamp %i in version %i', async (timestamp, version) => {
    expect(await offsetFor(await withRecords(), timestamp, version)).toBe('UNSUPPORTED_VERSION')
  })

  it('answers nothing for an empty partition', async () => {
    const services = await openServices()
    await services.createTopic('a')
    expect(await offsetFor(services, 0)).toMatchObject({ offset: -1, timestamp: -1 })
    expect(await offsetFor(services, -3)).toMatchObject({ offset: -1, timestamp: -1 })
    expect(await offsetFor(services, -1)).toMatchObject({ offset: 0 })
  })

  it('refuses a partition that comes twice, once, also when its topic comes twice', async () => {
    const services = await openServices()
    await services.createTopic('a', 2)
    const asked = (...indexes: number[]) => ({
      name: 'a',
      partitions: indexes.map((partitionIndex) => ({ partitionIndex, timestamp: -1 })),
    })
    const { topics } = await services.ask(listOffsets, 11, {
      replicaId: -1,
      topics: [asked(0), asked(), asked(1, 0)],
    })
    expect(topics.map(({ name }) => name)).toEqual(['a'])
    expect(topics[0]!.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorName(errorCode)])).toEqual([
      [0, 'INVALID_REQUEST'],
      [1, 'NONE'],
    ])
  })

  it('answers for very many partitions, each by itself', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const partitions = Array.from({ length: 100_000 }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1 }))
    const { topics } = await services.ask(listOffsets, 11, { replicaId: -1, topics: [{ name: 'a', partitions }] })
    expect(topics[0]!.partitions.filter(({ errorCode }) => errorCode === 0).map(({ partitionIndex }) => partitionIndex)).toEqual([0])
    expect(topics[0]!.partitions).toHaveLength(100_000)
  })

  it.each([
    ['UNKNOWN_TOPIC_OR_PARTITION', { name: 'missing' }],
    ['UNKNOWN_TOPIC_OR_PARTITION', { partitionIndex: 1 }],
    ['UNKNOWN_TOPIC_OR_PARTITION', { partitionIndex: -1 }],
    ['UNKNOWN_TOPIC_OR_PARTITION', { partitionIndex: 1, currentLeaderEpoch: 9 }],
    ['FENCED_LEADER_EPOCH', { currentLeaderEpoch: 1 }],
    ['UNKNOWN_LEADER_EPOCH', { currentLeaderEpoch: 9 }],
  ])('refuses with %s: %j', async (error, asked) => {
    expect(await offsetFor(await withRecords(), -1, 11, asked)).toBe(error)
  })
})
