import { describe, expect, it } from 'vitest'
import type { ReadResult } from '../../src/log/log-answers.ts'
import type { PartitionRead, PartitionRecords } from '../../src/topics/partitions/log-read.ts'
import type { ReadRequest } from '../../src/topics/record-store.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { settled } from '../support/test-log.ts'
import { batchOf, openServices } from '../support/test-services.ts'

async function opened(partitionCount = 1) {
  const services = await openServices()
  await services.createTopic('a', partitionCount)
  const topicId = services.catalog.byName('a').id
  const append = async (value: string, partitionIndex = 0) => {
    const appends = [{ topicId, partitionIndex, records: await batchOf([value]) }]
    return services.records.append({ transactionalId: null, allowsZstd: true, timeoutMs: 1000, appends })
  }
  const appendNow = async (value: string, partitionIndex = 0): Promise<void> => {
    const { results } = await append(value, partitionIndex)
    await results
  }
  const readOf = (partitionIndex: number): PartitionRead => ({
    topicId,
    partitionIndex,
    offset: 0,
    maxBytes: 1 << 20,
    lastFetchedEpoch: -1,
  })
  const read = (request: Partial<ReadRequest> = {}): Promise<(PartitionRecords | Refusal)[]> =>
    services.records.read({
      reads: [readOf(0)],
      maxBytes: 1 << 20,
      atLeastOneBatch: true,
      readCommitted: false,
      stopsWhenFull: false,
      ...request,
    })
  const heard: number[] = []
  const watcher = { partitionChanged: (bytes: number) => void heard.push(bytes) }
  return { ...services, topicId, append, appendNow, read, readOf, heard, watcher }
}

const sizeOf = (result: PartitionRecords | Refusal | undefined): number => (result as PartitionRecords).size

describe('who watches a partition', () => {
  it('hears of what became visible while it was still reading', async () => {
    const { records, topicId, appendNow, read, heard, watcher } = await opened()
    records.watch(topicId, 0, watcher)
    const reading = read()
    await appendNow('x')
    const [before] = await reading
    const [after] = await read()
    expect([sizeOf(before), heard]).toEqual([0, [sizeOf(after)]])
  })

  it('hears of each batch when it becomes visible, not when it was written', async () => {
    const { records, topicId, append, read, heard, watcher } = await opened()
    const placed = [await append('x'), await append('y')]
    await placed[0]!.results
    records.watch(topicId, 0, watcher) // one of the two may still be on its way to disk
    const [first] = await read()
    await placed[1]!.results
    const [second] = await read()
    expect(heard.reduce((sum, bytes) => sum + bytes, 0)).toBe(sizeOf(second) - sizeOf(first))
  })

  it('hears of growth without end when the topic goes, and when the partition’s start moves', async () => {
    const { records, catalog, topicId, appendNow, heard, watcher } = await opened()
    await appendNow('x')
    records.watch(topicId, 0, watcher)
    await records.partitions[0]!.log.advanceLogStartOffset(1)
    expect(heard).toEqual([Infinity])
    await catalog.delete(catalog.byName('a'))
    expect(heard.length).toBeGreaterThan(1)
    expect(heard.every((bytes) => bytes === Infinity)).toBe(true)
  })

  it('hears of nothing when it stopped, and of nothing that is not there', async () => {
    const { records, topicId, appendNow, heard, watcher } = await opened()
    records.watch(topicId, 0, watcher)!.unwatch(watcher)
    expect(records.watch(topicId, 1, watcher)).toBeUndefined()
    expect(records.watch('no topic', 0, watcher)).toBeUndefined()
    await appendNow('x')
    expect(heard).toEqual([])
  })
})

describe('a read of many partitions', () => {
  it('answers all of them, or only as far as it came, as it is asked', async () => {
    const { appendNow, read, readOf } = await opened(3)
    for (const partition of [0, 1, 2]) await appendNow('x'.repeat(100), partition)
    const reads = [readOf(0), readOf(1), readOf(2)]
    expect((await read({ reads, maxBytes: 1 })).map(sizeOf)).toEqual([expect.any(Number), 0, 0])
    expect(await read({ reads, maxBytes: 1, stopsWhenFull: true })).toHaveLength(1)
  })

  it('does not stop before it found a batch, however little it may read', async () => {
    const { appendNow, read, readOf } = await opened(3)
    await appendNow('x', 1)
    const results = await read({ reads: [readOf(0), readOf(1), readOf(2)], maxBytes: 0, stopsWhenFull: true })
    expect(results.map((result) => sizeOf(result) > 0)).toEqual([false, true])
  })

  it('ends at the last stable offset when it is for committed records only', async () => {
    const { appendNow, read, records } = await opened()
    await appendNow('x')
    await appendNow('y')
    Object.defineProperty(records.partitions[0]!.log, 'lastStableOffset', { get: () => 1 })
    const [all] = await read()
    const [committed] = await read({ readCommitted: true })
    expect(all).toMatchObject({ highWatermark: 2, lastStableOffset: 1 })
    expect(committed).toMatchObject({ highWatermark: 2, lastStableOffset: 1, size: sizeOf(all) / 2 })
  })

  /** Logs whose reads end when the test says so, each with a hundred bytes. */
  async function heldReads(partitionCount: number) {
    const test = await opened(partitionCount)
    const begun: number[] = []
    const ends: ((refusal?: Refusal) => Promise<void>)[] = []
    for (const [index, partition] of test.records.partitions.entries()) {
      await test.appendNow('x', index)
      const read = (): Promise<ReadResult> =>
        new Promise((resolve, reject) => {
          begun.push(index)
          ends[index] = async (refusal) => {
            if (refusal === undefined) resolve({ chunks: [Buffer.alloc(100)], size: 100 })
            else reject(refusal)
            await settled()
          }
        })
      Object.defineProperty(partition.log, 'read', { value: read })
    }
    const reads = test.records.partitions.map(({ index }) => test.readOf(index))
    return { ...test, reads, begun, end: (index: number, refusal?: Refusal) => ends[index]!(refusal) }
  }

  it('reads the next three from disk beside each, once it has found something', async () => {
    const { read, reads, begun, end } = await heldReads(7)
    const results = read({ reads, maxBytes: 10 << 20 })
    await settled()
    expect(begun).toEqual([0])
    await end(0)
    expect(begun).toEqual([0, 1, 2, 3, 4])
    await end(3)
    await end(2, new Refusal('KAFKA_STORAGE_ERROR'))
    expect(begun).toEqual([0, 1, 2, 3, 4])
    await end(1)
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6])
    for (const index of [4, 5, 6]) await end(index)
    expect((await results).map((result) => (result instanceof Refusal ? result.error : result.size))).toEqual([
      100,
      100,
      'KAFKA_STORAGE_ERROR',
      100,
      100,
      100,
      100,
    ])
  })

  it('takes a negative limit of one as no room for others', async () => {
    const { read, reads, begun, end } = await heldReads(4)
    const [first, second, ...others] = reads
    const results = read({ reads: [first!, { ...second!, maxBytes: -(2 ** 31) }, ...others], maxBytes: 1.5 * (1 << 20) })
    await settled()
    await end(0)
    expect(begun).toEqual([0, 1, 2])
    for (const index of [1, 2, 3]) await end(index)
    expect(await results).toHaveLength(4)
  })

  it('reads only those beside each other that all fit', async () => {
    const { read, reads, begun, end } = await heldReads(4)
    const results = read({ reads, maxBytes: 2.5 * (1 << 20) })
    await settled()
    await end(0)
    expect(begun).toEqual([0, 1, 2])
    await end(1)
    await end(2)
    await end(3)
    expect((await results).map(sizeOf)).toEqual([100, 100, 100, 100])
  })
})
