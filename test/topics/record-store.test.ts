import { describe, expect, it } from 'vitest'
import { batchOf, openServices } from '../support/test-services.ts'

const never = (): AbortSignal => new AbortController().signal

describe('who waits for a partition to grow', () => {
  const opened = async () => {
    const services = await openServices()
    await services.createTopic('a')
    const topicId = services.catalog.byName('a').id
    const append = async (value: string) => {
      const appends = [{ topicId, partitionIndex: 0, records: await batchOf([value]) }]
      return services.records.append({ transactionalId: null, allowsZstd: true, timeoutMs: 1000, appends })
    }
    const reads = [{ topicId, partitionIndex: 0, offset: 0, maxBytes: 1 << 20, lastFetchedEpoch: -1 }]
    return { ...services, append, reads }
  }

  it('hears of what became visible while it was still reading', async () => {
    const { records, append, reads, clock } = await opened()
    const growth = records.watchGrowth(reads)
    expect((await records.read({ reads, maxBytes: 1 << 20 }))[0]).toMatchObject({ size: 0 })
    await (
      await append('x')
    ).results
    await growth.reaches(1, 60_000, never())
    expect(clock.pendingTimerCount).toBeLessThanOrEqual(1)
  })

  it('hears of each batch when it becomes visible, not when it was written', async () => {
    const { records, append, reads } = await opened()
    const placed = [await append('x'), await append('y')]
    await placed[0]!.results
    const growth = records.watchGrowth(reads) // one of the two may still be on its way to disk
    const [first] = await records.read({ reads, maxBytes: 1 << 20 })
    await placed[1]!.results
    const [second] = await records.read({ reads, maxBytes: 1 << 20 })
    const grownBytes = (second as { size: number }).size - (first as { size: number }).size
    await growth.reaches(Math.max(grownBytes, 0), 60_000, never())
    expect((second as { size: number }).size).toBeGreaterThan(100)
  })

  it('is told when the time is over, when nobody waits any more, and when the topic goes', async () => {
    const { records, reads, clock, catalog } = await opened()
    const timed = records.watchGrowth(reads).reaches(1, 500, never())
    clock.advance(500)
    await expect(timed).resolves.toBeUndefined()
    const gone = new AbortController()
    const aborted = records.watchGrowth(reads).reaches(1, 500, gone.signal)
    gone.abort()
    await expect(aborted).resolves.toBeUndefined()
    const deleted = records.watchGrowth(reads).reaches(1, 500, never())
    await catalog.delete(catalog.byName('a'))
    await expect(deleted).resolves.toBeUndefined()
  })
})
