import { describe, expect, it } from 'vitest'
import { deleteGroups } from '../../src/wire/messages/delete-groups.ts'
import { errorName } from '../../src/wire/error-codes.ts'
import { commit, fetched } from '../support/group-offsets.ts'
import { settled } from '../support/test-log.ts'
import { openServices, type TestServices } from '../support/test-services.ts'

const MINUTE_MS = 60_000
const CHECK_MS = 1000
const GROUP = 'readers'

async function open(): Promise<TestServices> {
  const services = await openServices({ 'offsets.retention.minutes': 1, 'offsets.retention.check.interval.ms': CHECK_MS })
  await services.createTopic('a', 2)
  services.groups.start()
  return services
}

async function pass(services: TestServices, ms: number): Promise<void> {
  services.clock.advance(ms)
  await settled()
}

async function readAnew(services: TestServices): Promise<void> {
  await services.groups.reloaded(await services.groups.shardOf(GROUP))
}

describe('offsets.retention.minutes', () => {
  it('takes what is too old, and with the last of it the group, durably', async () => {
    const services = await open()
    await commit(services, GROUP, { 0: 1 })
    await pass(services, MINUTE_MS / 2)
    await commit(services, GROUP, { 1: 2 })
    await pass(services, MINUTE_MS / 2)
    expect(await fetched(services, GROUP)).toEqual([-1, 2])
    await pass(services, MINUTE_MS / 2)
    expect(await fetched(services, GROUP)).toEqual([-1, -1])
    await readAnew(services)
    expect((await services.groups.shardOf(GROUP)).groups.has(GROUP)).toBe(false)
    expect(await fetched(services, GROUP)).toEqual([-1, -1])
  })

  it('leaves what is committed anew just then', async () => {
    const services = await open()
    await commit(services, GROUP, { 0: 1 })
    await pass(services, MINUTE_MS - 1)
    const committing = commit(services, GROUP, { 0: 2 })
    services.clock.advance(CHECK_MS)
    expect(await committing).toEqual(['NONE'])
    await settled()
    expect(await fetched(services, GROUP)).toEqual([2, -1])
    await readAnew(services)
    expect(await fetched(services, GROUP)).toEqual([2, -1])
  })

  it('is not for what the committer gave a time of its own', async () => {
    const services = await open()
    await commit(services, GROUP, { 0: 1 }, { version: 4, retentionTimeMs: 3 * MINUTE_MS })
    await pass(services, 2 * MINUTE_MS)
    await readAnew(services)
    expect(await fetched(services, GROUP)).toEqual([1, -1])
    await pass(services, MINUTE_MS)
    expect(await fetched(services, GROUP)).toEqual([-1, -1])
  })
})

describe('a deleted topic', () => {
  it('takes along what was committed for it, durably, and nothing else', async () => {
    const services = await open()
    await services.createTopic('b', 2)
    await commit(services, GROUP, { 0: 1 })
    await commit(services, GROUP, { 0: 2 }, { topic: 'b' })
    await services.catalog.delete(services.catalog.byName('a'))
    await settled()
    const held = async (): Promise<string[]> => [...(await services.groups.shardOf(GROUP)).offsets.committed.of(GROUP).keys()]
    expect(await held()).toEqual(['b'])
    await readAnew(services)
    expect(await held()).toEqual(['b'])
  })

  it('is not there for what is committed for the next of its name', async () => {
    const services = await open()
    await commit(services, GROUP, { 0: 1, 1: 1 })
    await services.catalog.delete(services.catalog.byName('a'))
    await services.createTopic('a', 2)
    await commit(services, GROUP, { 0: 7 })
    await settled()
    await readAnew(services)
    expect(await fetched(services, GROUP)).toEqual([7, -1])
  })
})

describe('a group that has more than one batch may hold', () => {
  it('is deleted in several', async () => {
    const services = await open()
    const topic = 'long'.repeat(60)
    await services.createTopic(topic, 4000)
    for (let first = 0; first < 4000; first += 1000)
      await commit(services, GROUP, Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [first + index, 1])), { topic })
    const { results } = await services.ask(deleteGroups, 2, { groupsNames: [GROUP] })
    expect(errorName(results[0]!.errorCode)).toBe('NONE')
    await readAnew(services)
    expect(await fetched(services, GROUP, [0, 1, 3999], topic)).toEqual([-1, -1, -1])
  })
})
