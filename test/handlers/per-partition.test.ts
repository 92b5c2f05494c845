import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { LATEST } from '../../src/client/admin.ts'
import { deleteRecords } from '../../src/wire/messages/delete-records.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { offsetForLeaderEpoch } from '../../src/wire/messages/offset-for-leader-epoch.ts'
import { openServices, type TestServices } from '../support/test-services.ts'

const TOPICS = 300
const PARTITIONS = 3
const AT_ONCE_AT_MOST = 256
const indexes = Array.from({ length: PARTITIONS }, (_, index) => index)
const names = Array.from({ length: TOPICS }, (_, index) => `topic-${index}`)

/** Every call takes a few turns. */
function mostAtOnce(records: TestServices['records'], method: 'bounds' | 'endOffsetForEpoch' | 'deleteRecords'): () => number {
  let underWay = 0
  let most = 0
  const answers = { bounds: { logStartOffset: 0, lastStableOffset: 0, highWatermark: 0 }, endOffsetForEpoch: {}, deleteRecords: 0 }
  vi.spyOn(records, method).mockImplementation(async () => {
    most = Math.max(most, ++underWay)
    for (let turn = 0; turn < 3; turn++) await setImmediate()
    underWay--
    return answers[method] as never
  })
  return () => most
}

async function manyTopics(): Promise<TestServices> {
  const services = await openServices()
  for (const name of names) await services.createTopic(name, PARTITIONS)
  return services
}

describe('a request about the partitions of many topics', () => {
  it('lists the offsets of some hundred partitions at once', async () => {
    const services = await manyTopics()
    const most = mostAtOnce(services.records, 'bounds')
    const partitions = indexes.map((partitionIndex) => ({ partitionIndex, timestamp: LATEST }))
    const { topics } = await services.ask(listOffsets, 7, { replicaId: -1, topics: names.map((name) => ({ name, partitions })) })
    expect(topics.map(({ name }) => name)).toEqual(names)
    for (const { partitions } of topics) expect(partitions.map(({ partitionIndex }) => partitionIndex)).toEqual(indexes)
    expect(most()).toBeLessThanOrEqual(AT_ONCE_AT_MOST)
  })

  it('finds the ends of epochs of some hundred partitions at once', async () => {
    const services = await manyTopics()
    const most = mostAtOnce(services.records, 'endOffsetForEpoch')
    const partitions = indexes.map((partition) => ({ partition, leaderEpoch: 0 }))
    const { topics } = await services.ask(offsetForLeaderEpoch, 4, { topics: names.map((topic) => ({ topic, partitions })) })
    expect(topics.map(({ topic }) => topic)).toEqual(names)
    for (const { partitions } of topics) expect(partitions.map(({ partition }) => partition)).toEqual(indexes)
    expect(most()).toBeLessThanOrEqual(AT_ONCE_AT_MOST)
  })

  it('deletes the records of some hundred partitions at once', async () => {
    const services = await manyTopics()
    const most = mostAtOnce(services.records, 'deleteRecords')
    const partitions = indexes.map((partitionIndex) => ({ partitionIndex, offset: 0 }))
    const { topics } = await services.ask(deleteRecords, 2, { timeoutMs: 1000, topics: names.map((name) => ({ name, partitions })) })
    expect(topics.map(({ name }) => name)).toEqual(names)
    for (const { partitions } of topics) expect(partitions.map(({ partitionIndex }) => partitionIndex)).toEqual(indexes)
    expect(most()).toBeLessThanOrEqual(AT_ONCE_AT_MOST)
  })
})
