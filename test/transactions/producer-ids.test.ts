import { describe, expect, it } from 'vitest'
import { ProducerIds } from '../../src/transactions/producer-ids.ts'

describe('producer ids', () => {
  it('are never given twice, over a thousand restarts that stop at any id', async () => {
    let durable = 0
    const given = new Set<number>()
    let count = 0
    for (let restart = 0; restart < 1000; restart++) {
      const ids = new ProducerIds({ firstFree: durable, reserve: async (next) => void (durable = next) })
      for (let i = 0; i < restart % 7; i++, count++) given.add(await ids.next())
    }
    expect(given.size).toBe(count)
    expect(count).toBeGreaterThan(2000)
  })

  it('are handed out only below the bound that is on disk, one write for a thousand', async () => {
    const reserved: number[] = []
    let durable = 0
    const ids = new ProducerIds({
      firstFree: 0,
      reserve: async (next) => {
        reserved.push(next)
        await Promise.resolve()
        durable = next
      },
    })
    for (const id of await Promise.all(Array.from({ length: 2500 }, () => ids.next()))) expect(id).toBeLessThan(durable)
    expect(reserved).toEqual([1000, 2000, 3000])
  })

  it('are refused while the bound cannot be written, and given again afterwards', async () => {
    let isBroken = true
    const ids = new ProducerIds({
      firstFree: 5000,
      reserve: async () => {
        if (isBroken) throw new Error('disk')
      },
    })
    await expect(ids.next()).rejects.toThrow('disk')
    isBroken = false
    expect(await ids.next()).toBe(5000)
  })
})
