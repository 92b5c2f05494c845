import { describe, expect, it } from 'vitest'
import { type OpenPartition, OpenPartitions } from '../../../src/topics/partitions/open-partitions.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { settled } from '../../support/test-log.ts'

interface Fake extends OpenPartition {
  isUsed: boolean
  isClosed: boolean
}

/** So many are open, of which two may stay so without being used. */
function opened(count: number) {
  const clock = new ManualClock()
  const openPartitions = new OpenPartitions(clock, 2)
  const partitions = Array.from({ length: count }, (): Fake => {
    const partition: Fake = {
      isUsed: true, // for it was opened
      isClosed: false,
      takeUse() {
        const { isUsed } = partition
        partition.isUsed = false
        return isUsed
      },
      async closeIfIdle() {
        partition.isClosed = true
        openPartitions.closed(partition)
        return true
      },
    }
    openPartitions.opened(partition)
    return partition
  })
  const pass = async (): Promise<void> => {
    clock.advance(10_000)
    await settled()
  }
  return { clock, openPartitions, partitions, pass }
}

const closedOf = (partitions: readonly Fake[]): number[] => partitions.flatMap(({ isClosed }, index) => (isClosed ? [index] : []))

describe('open partitions', () => {
  it('stay open while they are few, without a timer', async () => {
    const { clock, partitions, pass } = opened(2)
    await pass()
    expect([clock.pendingTimerCount, closedOf(partitions)]).toEqual([0, []])
  })

  it('are closed down to the bound when they were not used for a whole pass, those that were unused for longest first', async () => {
    const { clock, openPartitions, partitions, pass } = opened(5)
    await pass()
    expect(closedOf(partitions)).toEqual([])
    partitions[0]!.isUsed = true
    await pass()
    expect(closedOf(partitions)).toEqual([1, 2, 3])
    expect([openPartitions.count, clock.pendingTimerCount]).toEqual([2, 0])
  })

  it('stay open, however many, while they are used', async () => {
    const { partitions, pass } = opened(50)
    for (let count = 0; count < 3; count++) {
      await pass()
      for (const partition of partitions) partition.isUsed = true
    }
    expect(closedOf(partitions)).toEqual([])
  })

  it('are left alone once the broker stops', async () => {
    const { clock, openPartitions, partitions, pass } = opened(5)
    await pass()
    await openPartitions.close()
    await pass()
    expect([clock.pendingTimerCount, closedOf(partitions)]).toEqual([0, []])
  })
})
