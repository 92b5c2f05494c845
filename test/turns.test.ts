import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import type { Disk } from '../src/disk/disk.ts'
import type { MemoryDisk } from '../src/disk/memory-disk.ts'
import { createTopics } from '../src/wire/messages/create-topics.ts'
import { fetch } from '../src/wire/messages/fetch.ts'
import { commit } from './support/group-offsets.ts'
import { settled } from './support/test-log.ts'
import { batchOf, openServices, type TestServices } from './support/test-services.ts'

const MANY = 300
const FEW = 10
const SLOW_MS = 50
const CHECKPOINT_MS = 60_000
const GROUP = 'readers'
const offsets = Object.fromEntries(Array.from({ length: MANY }, (_, index) => [index, 1]))

/** In how many turns of the event loop `work` is done when each look at the clock takes a millisecond. */
async function turnsOf({ clock }: TestServices, work: () => Promise<unknown>): Promise<number> {
  let nowMs = clock.monotonic()
  const looks = vi.spyOn(clock, 'monotonic').mockImplementation(() => ++nowMs)
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  await work()
  isDone = true
  looks.mockRestore()
  return turns
}

describe('what is done for many', () => {
  it('shares the turns of the event loop while committed offsets are read', async () => {
    const services = await openServices()
    await services.createTopic('a', MANY)
    await commit(services, GROUP, offsets)
    const shard = await services.groups.shardOf(GROUP)
    const turns = await turnsOf(services, () => services.groups.reloaded(shard))
    expect(turns).toBeGreaterThan(MANY / 10)
    expect((await services.groups.shardOf(GROUP)).offsets.committed.count).toBe(MANY)
  })

  it('shares them while the commit of thousands of offsets is encoded', async () => {
    const services = await openServices()
    await services.createTopic('a', 20 * MANY)
    await services.groups.shardOf(GROUP)
    const thousands = Object.fromEntries(Array.from({ length: 20 * MANY }, (_, index) => [index, 1]))
    const [turnsOfOne, turnsOfThousands] = [
      await turnsOf(services, () => commit(services, GROUP, { 0: 1 })),
      await turnsOf(services, () => commit(services, GROUP, thousands)),
    ]
    expect(turnsOfThousands).toBeGreaterThan(turnsOfOne)
  })

  it('shares them while records of many partitions in one request are checked, placed and written', async () => {
    const services = await openServices()
    await services.createTopic('a', MANY)
    const { id: topicId } = services.catalog.byName('a')
    const appends = await Promise.all(
      Array.from({ length: MANY }, async (_, partitionIndex) => ({ topicId, partitionIndex, records: await batchOf(['x']) })),
    )
    const request = { transactionalId: null, allowsZstd: true, timeoutMs: 60_000, appends }
    const turns = await turnsOf(services, async () => {
      const { results } = await services.records.append(request)
      for (const result of await results) expect(result).toMatchObject({ baseOffset: 0 })
    })
    expect(turns).toBeGreaterThan(MANY / 10)
  })

  it('shares them on each of the ways that a fetch of thousands of partitions takes', async () => {
    const services = await openServices()
    await services.createTopic('a', 20 * MANY)
    const partitions = Array.from({ length: 20 * MANY }, (_, partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1000 }))
    const request = { maxWaitMs: 0, minBytes: 0, topics: [{ topic: 'a', partitions }] }
    await services.ask(fetch, 12, request) // opens the logs
    const turns = await turnsOf(services, () => services.ask(fetch, 12, request))
    expect(turns).toBeGreaterThan(60) // of 5 looks at the clock, one for 64 partitions: 20 to watch them, 20 to read them, 20 to look at what was read, 20 to tell it
  })

  it('shares them while the answer that tells of new topics is made', async () => {
    const services = await openServices()
    const topics = Array.from({ length: MANY }, (_, index) => ({
      name: `topic-${index}`,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }))
    const turns = await turnsOf(services, () => services.ask(createTopics, 7, { topics }))
    expect(turns).toBeGreaterThan(MANY / 3) // half of them to make the topics
  })

  it('shares them while the offsets of a deleted topic go', async () => {
    const services = await openServices({ 'offsets.topic.num.partitions': 1 })
    await services.createTopic('a', 1)
    services.groups.start()
    for (let index = 0; index < MANY; index++) await commit(services, `group-${index}`, { 0: 1 })
    const { committed } = (await services.groups.shardOf(GROUP)).offsets
    const turns = await turnsOf(services, async () => {
      await services.catalog.delete(services.catalog.byName('a'))
      while (committed.count > 0) await settled()
    })
    expect(turns).toBeGreaterThan(MANY / 10)
  })

  it('shares them while the folders of a deleted topic are renamed', async () => {
    let renames = 0
    const perTurn: number[] = []
    const countRenames = (): void => {
      if (renames++ > 0) return
      setImmediate(() => {
        perTurn.push(renames)
        renames = 0
      })
    }
    const counting = (disk: MemoryDisk): Disk => {
      const [rename, replaceFile] = [disk.rename.bind(disk), disk.replaceFile.bind(disk)]
      return Object.assign(disk, {
        replaceFile: async (path: string, bytes: Buffer) => {
          await setTimeout(SLOW_MS) // all logs wait for the same checkpoint
          return replaceFile(path, bytes)
        },
        rename: (from: string, to: string) => {
          countRenames()
          return rename(from, to)
        },
      })
    }
    const services = await openServices({}, counting)
    await services.createTopic('a', MANY)
    const { id } = services.catalog.byName('a')
    const records = await batchOf(['record'])
    const appends = Array.from({ length: MANY }, (_, partitionIndex) => ({ topicId: id, partitionIndex, records }))
    await (
      await services.records.append({ transactionalId: null, allowsZstd: true, timeoutMs: 1000, appends })
    ).results
    services.clock.advance(CHECKPOINT_MS) // so that the checkpoint names them
    await setTimeout(2 * SLOW_MS)
    perTurn.length = 0
    await turnsOf(services, () => services.catalog.delete(services.catalog.byName('a')))
    await settled()
    expect(perTurn.reduce((sum, count) => sum + count, 0)).toBe(MANY)
    expect(Math.max(...perTurn)).toBeLessThan(FEW)
  })
})
