import { describe, expect, it } from 'vitest'
import { partitionFor } from '../../src/groups/coordinator.ts'
import { errorName, Refusal } from '../../src/wire/error-codes.ts'
import { deleteGroups } from '../../src/wire/messages/delete-groups.ts'
import { findCoordinator } from '../../src/wire/messages/find-coordinator.ts'
import { commit, fetched } from '../support/group-offsets.ts'
import { settled } from '../support/test-log.ts'
import { openServices, type TestServices } from '../support/test-services.ts'
import { TroubledDisk } from '../support/troubled-disk.ts'

const REST_MS = 1000

async function openTroubled(): Promise<{ services: TestServices; disk: TroubledDisk; unlucky: string; lucky: string }> {
  let disk!: TroubledDisk
  const services = await openServices({}, (memory) => {
    disk = new TroubledDisk(memory)
    return disk.disk
  })
  await services.createTopic('a', 2)
  const [unlucky, lucky] = ['unlucky', 'lucky']
  const folder = `/data/__consumer_offsets-${partitionFor(unlucky, 50)}/`
  disk.isTroubled = (path) => path.startsWith(folder)
  expect(partitionFor(lucky, 50)).not.toBe(partitionFor(unlucky, 50))
  return { services, disk, unlucky, lucky }
}

async function coordinatorOf(services: TestServices, groupId: string): Promise<string> {
  const { coordinators } = await services.ask(findCoordinator, 4, { coordinatorKeys: [groupId] })
  return errorName(coordinators[0]!.errorCode)
}

describe('a partition of __consumer_offsets whose disk is full', () => {
  it('refuses its groups alone, keeps what was acknowledged, and comes back by itself', async () => {
    const { services, disk, unlucky, lucky } = await openTroubled()
    expect(await commit(services, unlucky, { 0: 1 })).toEqual(['NONE'])
    disk.fails.set('write', 'ENOSPC')
    expect(await commit(services, unlucky, { 0: 2, 1: 2 })).toEqual(['NOT_COORDINATOR', 'NOT_COORDINATOR'])
    expect(await coordinatorOf(services, unlucky)).toBe('COORDINATOR_NOT_AVAILABLE')
    expect(await fetched(services, unlucky)).toBe('COORDINATOR_NOT_AVAILABLE')
    expect(await commit(services, unlucky, { 0: 3 })).toEqual(['COORDINATOR_NOT_AVAILABLE'])
    expect([await commit(services, lucky, { 0: 9 }), await coordinatorOf(services, lucky)]).toEqual([['NONE'], 'NONE'])
    disk.fails.clear()
    services.clock.advance(REST_MS)
    expect(await coordinatorOf(services, unlucky)).toBe('NONE')
    expect(await fetched(services, unlucky)).toEqual([1, -1])
    expect(await commit(services, unlucky, { 0: 4 })).toEqual(['NONE'])
    expect(await fetched(services, unlucky)).toEqual([4, -1])
  })

  it('keeps a group whose deletion it could not take down', async () => {
    const { services, disk, unlucky } = await openTroubled()
    await commit(services, unlucky, { 0: 1 })
    disk.fails.set('write', 'ENOSPC')
    const { results } = await services.ask(deleteGroups, 2, { groupsNames: [unlucky] })
    expect(errorName(results[0]!.errorCode)).toBe('NOT_COORDINATOR')
    disk.fails.clear()
    services.clock.advance(REST_MS)
    expect(await fetched(services, unlucky)).toEqual([1, -1])
  })
})

describe('a partition of __consumer_offsets that takes no more writes', () => {
  it('is not available until a restart, and says why', async () => {
    const { services, disk, unlucky, lucky } = await openTroubled()
    await commit(services, unlucky, { 0: 1 })
    disk.fails.set('sync', 'EIO')
    expect(await commit(services, unlucky, { 0: 2 })).toEqual(['NOT_COORDINATOR'])
    disk.fails.clear()
    services.clock.advance(REST_MS)
    expect(await fetched(services, unlucky)).toBe('COORDINATOR_NOT_AVAILABLE')
    const { coordinators } = await services.ask(findCoordinator, 4, { coordinatorKeys: [unlucky, lucky] })
    expect(coordinators.map(({ errorMessage }) => errorMessage)).toEqual([expect.stringContaining('EIO'), ''])
  })
})

describe('a partition of __consumer_offsets that cannot be read', () => {
  it('is not available, for its groups alone', async () => {
    const { services, disk, unlucky, lucky } = await openTroubled()
    await commit(services, unlucky, { 0: 1 })
    const shard = await services.groups.shardOf(unlucky)
    await services.records.partitionOf(services.catalog.byName('__consumer_offsets').id, shard.partitionIndex)!.closeIfIdle()
    shard.end(new Refusal('NOT_COORDINATOR'))
    disk.fails.set('read', 'EIO')
    expect(await fetched(services, unlucky)).toBe('COORDINATOR_NOT_AVAILABLE')
    expect([await coordinatorOf(services, unlucky), await coordinatorOf(services, lucky)]).toEqual(['COORDINATOR_NOT_AVAILABLE', 'NONE'])
    expect(await commit(services, lucky, { 0: 9 })).toEqual(['NONE'])
  })
})

describe('a commit', () => {
  it('is seen by nobody, and not acknowledged, before it is on disk', async () => {
    const { services, disk, unlucky } = await openTroubled()
    await commit(services, unlucky, { 0: 1 })
    let release!: () => void
    disk.waits.set('sync', new Promise((resolve) => (release = resolve)))
    let answer: string[] | undefined
    const committing = commit(services, unlucky, { 0: 2 }).then((errors) => (answer = errors))
    await settled()
    expect([answer, await fetched(services, unlucky)]).toEqual([undefined, [1, -1]])
    release()
    expect(await committing).toEqual(['NONE'])
    expect(await fetched(services, unlucky)).toEqual([2, -1])
  })
})
