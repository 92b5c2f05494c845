import { describe, expect, it } from 'vitest'
import { errorName } from '../../src/wire/error-codes.ts'
import { deleteGroups } from '../../src/wire/messages/delete-groups.ts'
import { findCoordinator } from '../../src/wire/messages/find-coordinator.ts'
import { offsetDelete } from '../../src/wire/messages/offset-delete.ts'
import { offsetFetch } from '../../src/wire/messages/offset-fetch.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { turns } from '../groups/classic/classic-member.ts'
import { commit, fetched } from '../support/group-offsets.ts'
import { openServices, type TestServices } from '../support/test-services.ts'

const GROUP = 'readers'

async function openWithTopic(): Promise<TestServices> {
  const services = await openServices()
  await services.createTopic('a', 2)
  return services
}

describe('OffsetCommit and OffsetFetch', () => {
  it.each([2, 5, 9, 10])('keep an offset with its metadata and leader epoch, in version %i', async (version) => {
    const services = await openWithTopic()
    expect(await commit(services, GROUP, { 1: 42 }, { version })).toEqual(['NONE'])
    const topicId = services.catalog.byName('a').id
    const { groups } = await services.ask(offsetFetch, 10, {
      groups: [{ groupId: GROUP, topics: [{ topicId, partitionIndexes: [0, 1] }] }],
    })
    const nothing = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: 0 }
    const kept = { committedOffset: 42, committedLeaderEpoch: version < 6 ? -1 : 5, metadata: 'at 42', errorCode: 0 }
    expect(groups[0]!.topics[0]!.partitions).toEqual([
      { partitionIndex: 0, ...nothing },
      { partitionIndex: 1, ...kept },
    ])
  })

  it.each([2, 7, 8, 10])('tell everything that a group has when no topics are named, in version %i', async (version) => {
    const services = await openWithTopic()
    await commit(services, GROUP, { 0: 1, 1: 2 })
    const answer = await services.ask(offsetFetch, version, { groupId: GROUP, topics: null, groups: [{ groupId: GROUP, topics: null }] })
    const { topics } = version < 8 ? answer : answer.groups[0]!
    expect(topics.map(({ partitions }) => partitions.map(({ committedOffset }) => committedOffset))).toEqual([[1, 2]])
  })

  it('hold what the log says when it is read anew', async () => {
    const services = await openWithTopic()
    await commit(services, GROUP, { 0: 1 })
    await commit(services, GROUP, { 0: 7, 1: 2 })
    const shard = await services.groups.shardOf(GROUP)
    const loaded = await services.groups.reloaded(shard)
    expect(loaded).not.toBe(shard)
    expect(await fetched(services, GROUP)).toEqual([7, 2])
  })

  it('have the client look for the coordinator again when the log does not answer in time; the commit holds once it does', async () => {
    const services = await openWithTopic()
    await commit(services, GROUP, { 0: 1 })
    const { records } = services
    const append = records.append.bind(records)
    let writes = (): void => undefined
    const held = new Promise<void>((resolve) => (writes = resolve))
    records.append = async (request) => {
      await held
      return append(request)
    }
    const answer = commit(services, GROUP, { 0: 2 })
    await turns(10)
    services.clock.advance(5000)
    expect([await answer, await fetched(services, GROUP)]).toEqual([['COORDINATOR_NOT_AVAILABLE'], [1, -1]])
    writes()
    await turns(10)
    expect(await fetched(services, GROUP)).toEqual([2, -1])
  })

  it('refuse an unknown topic, or partition, for itself alone', async () => {
    const services = await openWithTopic()
    expect(await commit(services, GROUP, { 0: 1 }, { topic: 'b' })).toEqual(['UNKNOWN_TOPIC_OR_PARTITION'])
    expect(await commit(services, GROUP, { 0: 1 }, { topic: 'b', version: 10 })).toEqual(['UNKNOWN_TOPIC_ID'])
    expect(await commit(services, GROUP, { 0: 1, 2: 1 })).toEqual(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
  })

  it('give a topic that was made again nothing of what was committed for the earlier one', async () => {
    const services = await openWithTopic()
    await commit(services, GROUP, { 0: 1 })
    await services.catalog.delete(services.catalog.byName('a'))
    await services.createTopic('a', 2)
    expect(await fetched(services, GROUP)).toEqual([-1, -1])
  })
})

describe('OffsetDelete', () => {
  it('removes what was committed for a partition', async () => {
    const services = await openWithTopic()
    await commit(services, GROUP, { 0: 1, 1: 2 })
    const topics = [{ name: 'a', partitions: [{ partitionIndex: 0 }, { partitionIndex: 9 }] }]
    const answer = await services.ask(offsetDelete, 0, { groupId: GROUP, topics })
    expect(answer.topics[0]!.partitions.map(({ errorCode }) => errorName(errorCode))).toEqual(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
    expect(await fetched(services, GROUP)).toEqual([-1, 2])
  })

  it('leaves what it is not asked for, also of the same partition of another topic', async () => {
    const services = await openWithTopic()
    await services.createTopic('b', 2)
    await commit(services, GROUP, { 0: 1, 1: 2 })
    await commit(services, GROUP, { 0: 3 }, { topic: 'b' })
    await services.ask(offsetDelete, 0, { groupId: GROUP, topics: [{ name: 'b', partitions: [{ partitionIndex: 0 }] }] })
    expect([await fetched(services, GROUP), await fetched(services, GROUP, [0], 'b')]).toEqual([[1, 2], [-1]])
  })

  it('refuses a group that does not exist', async () => {
    const services = await openWithTopic()
    const { errorCode } = await services.ask(offsetDelete, 0, { groupId: GROUP, topics: [] })
    expect(errorName(errorCode)).toBe('GROUP_ID_NOT_FOUND')
  })
})

describe('DeleteGroups', () => {
  it('removes a group with all that it has committed, also a commit that is on its way', async () => {
    const services = await openWithTopic()
    await commit(services, GROUP, { 0: 1 })
    const [, { results }] = await Promise.all([
      commit(services, GROUP, { 1: 2 }),
      services.ask(deleteGroups, 2, { groupsNames: [GROUP, 'nobody'] }),
    ])
    expect(results.map(({ errorCode }) => errorName(errorCode))).toEqual(['NONE', 'GROUP_ID_NOT_FOUND'])
    expect(await fetched(services, GROUP)).toEqual([-1, -1])
    await services.groups.reloaded(await services.groups.shardOf(GROUP))
    expect(await fetched(services, GROUP)).toEqual([-1, -1])
  })
})

describe('FindCoordinator', () => {
  it.each([0, 3, 4, 6])('finds this broker for every group, in version %i', async (version) => {
    const services = await openServices()
    const answer = await services.ask(findCoordinator, version, { key: GROUP, keyType: 0, coordinatorKeys: [GROUP] })
    const found = version < 4 ? answer : answer.coordinators[0]!
    expect([errorName(found.errorCode), found.nodeId]).toEqual(['NONE', 1])
    expect(services.catalog.byName('__consumer_offsets').partitionCount).toBe(50)
  })

  it.each([
    [1, 'a'],
    [2, `a:${ZERO_UUID}:0`],
  ])('knows nobody yet for a key of type %i, and says why', async (keyType, key) => {
    const services = await openServices()
    const { coordinators } = await services.ask(findCoordinator, 6, { keyType, coordinatorKeys: [key] })
    expect(coordinators.map(({ errorCode, errorMessage }) => [errorName(errorCode), errorMessage])).toEqual([
      ['COORDINATOR_NOT_AVAILABLE', expect.stringContaining('no transactions')],
    ])
  })
})
