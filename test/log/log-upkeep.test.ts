import { expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { LeaderEpochs } from '../../src/log/leader-epochs.ts'
import { LogFolder } from '../../src/log/log-folder.ts'
import { LogUpkeep } from '../../src/log/log-upkeep.ts'
import { logServices } from '../support/log-services.ts'

const ROLLS = 1000

it('looks at the segments once for all rolls that had to wait for an earlier one to be on disk, and brings all to rest', async () => {
  const disk = new MemoryDisk()
  const services = await logServices(disk)
  const folder = new LogFolder(disk, '/data/orders-0', 'id')
  await folder.make()
  let looks = 0
  const sealed = new Set<number>()
  const segmentAt = (baseOffset: number) => ({
    baseOffset,
    get isSealed() {
      return sealed.has(baseOffset)
    },
    seal: async () => void sealed.add(baseOffset),
  })
  const all = Array.from({ length: ROLLS + 1 }, (_, index) => segmentAt(index))
  const segments = {
    get all() {
      looks++
      return all
    },
    active: { baseOffset: ROLLS, saveActiveIndexes: async () => undefined },
  }
  const upkeep = new LogUpkeep({ folder, services, segments, epochs: new LeaderEpochs(), hasNewEpochs: false })
  const done: number[] = []
  for (let offset = 1; offset <= ROLLS; offset++) upkeep.sealBelow(offset, async () => void done.push(offset))
  await upkeep.settle()
  expect(sealed.size).toBe(ROLLS)
  expect(done.length).toBe(ROLLS)
  expect(looks).toBeLessThan(5)
})
