import { describe, expect, it } from 'vitest'
import { ByteBudget } from '../../src/lib/byte-budget.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a byte budget', () => {
  it('is taken from until it is used up, and what comes back is there again', () => {
    const budget = new ByteBudget(100)
    expect([budget.takeNow(60), budget.takeNow(41), budget.takeNow(40)]).toEqual([true, false, true])
    budget.give(60)
    expect(budget.takeNow(60)).toBe(true)
    expect(budget.heldBytes).toBe(100)
  })

  it('lets one have more than there is, alone', () => {
    const budget = new ByteBudget(100)
    expect(budget.takeNow(1000)).toBe(true)
    expect(budget.takeNow(1)).toBe(false)
    budget.give(1000)
    expect([budget.takeNow(1), budget.takeNow(1000)]).toEqual([true, false])
  })

  it('serves who waits in their order, whatever they ask for', async () => {
    const budget = new ByteBudget(100)
    budget.takeNow(100)
    const served: string[] = []
    budget.takeLater(90, () => served.push('large'))
    budget.takeLater(10, () => served.push('small'))
    expect([budget.isContended, budget.takeNow(0)]).toEqual([true, false])
    budget.give(50)
    await turn()
    expect(served).toEqual([])
    budget.give(50)
    expect(served).toEqual(['large', 'small'])
    expect([budget.isContended, budget.heldBytes]).toEqual([false, 100])
  })

  it('serves at once, but not within the call, who waits without need', async () => {
    const budget = new ByteBudget(100)
    let isServed = false
    budget.takeLater(10, () => (isServed = true))
    expect(isServed).toBe(false)
    await turn()
    expect(isServed).toBe(true)
  })

  it('forgets who no longer waits, and goes on with the next', async () => {
    const budget = new ByteBudget(100)
    budget.takeNow(50)
    const served: string[] = []
    const large = budget.takeLater(90, () => served.push('large'))
    budget.takeLater(10, () => served.push('small'))
    await turn()
    large.cancel()
    expect(served).toEqual(['small'])
    budget.give(60)
    expect([served.length, budget.heldBytes]).toEqual([1, 0])
  })

  it('gives shares that leave something for others', () => {
    const budget = new ByteBudget(1000)
    expect([budget.takeShare(100, 5000), budget.takeShare(100, 5000), budget.takeShare(100, 50)]).toEqual([250, 187, 50])
    expect(budget.takeShare(100, 500)).toBe(128)
    budget.takeNow(300)
    expect(budget.takeShare(100, 5000)).toBe(0)
  })
})
