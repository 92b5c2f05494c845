import { describe, expect, it } from 'vitest'
import { createPartitions } from '../../src/wire/messages/create-partitions.ts'
import { deleteRecords } from '../../src/wire/messages/delete-records.ts'
import { errorName } from '../../src/wire/error-codes.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { commit, fetched } from '../support/group-offsets.ts'
import { batchOf, openServices, type TestServices } from '../support/test-services.ts'

const OFFSETS = '__consumer_offsets'
const GROUP = 'readers'

async function openWithCommit(): Promise<TestServices> {
  const services = await openServices()
  await services.createTopic('a', 2)
  services.groups.start()
  await commit(services, GROUP, { 0: 1 })
  return services
}

describe('__consumer_offsets', () => {
  it('is made with what its state needs, whoever asks for it first', async () => {
    const services = await openServices()
    await services.ask(metadata, 12, { topics: [{ name: OFFSETS }], allowAutoTopicCreation: true })
    const { partitionCount, configOverrides } = services.catalog.byName(OFFSETS)
    expect([partitionCount, configOverrides]).toEqual([
      50,
      { 'cleanup.policy': 'compact', 'compression.type': 'producer', 'segment.bytes': String(100 << 20) },
    ])
  })

  it('takes no records from clients', async () => {
    const services = await openWithCommit()
    const topicData = [{ name: OFFSETS, partitionData: [{ index: 0, records: await batchOf(['x']) }] }]
    const { responses } = await services.ask(produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topicData })
    expect(errorName(responses[0]!.partitionResponses[0]!.errorCode)).toBe('INVALID_TOPIC_EXCEPTION')
  })

  it('loses no records to clients, and no group its place', async () => {
    const services = await openWithCommit()
    const topics = [{ name: OFFSETS, partitions: [{ partitionIndex: 0, offset: 0 }] }]
    const deleted = await services.ask(deleteRecords, 2, { topics, timeoutMs: 1000 })
    expect(errorName(deleted.topics[0]!.partitions[0]!.errorCode)).toBe('INVALID_TOPIC_EXCEPTION')
    const grown = await services.ask(createPartitions, 3, {
      topics: [{ name: OFFSETS, count: 60, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    })
    expect(errorName(grown.results[0]!.errorCode)).toBe('INVALID_PARTITIONS')
    expect(await fetched(services, GROUP)).toEqual([1, -1])
  })

  it('is read by whoever wants to', async () => {
    const services = await openWithCommit()
    const { partitionIndex } = await services.groups.shardOf(GROUP)
    const partitions = [{ partition: partitionIndex, fetchOffset: 0, partitionMaxBytes: 1 << 20 }]
    const topics = [{ topic: OFFSETS, partitions }]
    const answer = await services.ask(fetch, 12, { maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 20, topics, forgottenTopicsData: [] })
    expect(answer.responses[0]!.partitions[0]!.highWatermark).toBe(1)
  })

  it('takes along all that was committed when it is deleted, and is made anew', async () => {
    const services = await openWithCommit()
    await services.catalog.delete(services.catalog.byName(OFFSETS))
    expect(await fetched(services, GROUP)).toEqual([-1, -1])
    expect(await commit(services, GROUP, { 1: 2 })).toEqual(['NONE'])
    await services.groups.reloaded(await services.groups.shardOf(GROUP))
    expect(await fetched(services, GROUP)).toEqual([-1, 2])
  })
})
