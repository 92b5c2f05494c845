import { describe, expect, it } from 'vitest'
import { Slots } from '../../src/disk/slots.ts'

describe('slots', () => {
  it('let so many in at a time, in the order they came, whatever becomes of them', async () => {
    const slots = new Slots(2)
    const began: number[] = []
    const finish: (() => void)[] = []
    const answers = Array.from({ length: 5 }, (_, index) =>
      slots.use(async () => {
        began.push(index)
        await new Promise<void>((resolve) => finish.push(resolve))
        if (index === 1) throw new Error('it failed')
      }),
    )
    const settled = Promise.allSettled(answers)
    expect(began).toEqual([0, 1])
    for (const seen of [3, 4, 5, 5, 5]) {
      finish.shift()!()
      await new Promise((resolve) => setImmediate(resolve))
      expect(began).toHaveLength(seen)
    }
    expect(began).toEqual([0, 1, 2, 3, 4])
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  })
})
