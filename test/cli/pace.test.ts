import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { steadyPace } from '../../src/cli/bench/pace.ts'

describe('an open loop', () => {
  it.each([1000, 100_000])(
    'sends each of %i a second when it was due, even if it was held up, and none once it is stopped',
    async (perSecond) => {
      const due: number[] = []
      const early: number[] = []
      const stop = steadyPace(perSecond)((dueMs) => {
        if (dueMs > performance.now()) early.push(dueMs)
        due.push(dueMs)
      })
      await expect.poll(() => due.length).toBeGreaterThan(10)
      const held = due.length
      const until = performance.now() + 20
      while (performance.now() < until) continue
      await expect.poll(() => due.length).toBeGreaterThan(held + (20 * perSecond) / 1000)
      stop()
      const sent = due.length
      await setTimeout(5)
      expect(due).toHaveLength(sent)
      expect(early).toEqual([])
      for (const [index, dueMs] of due.entries()) expect(dueMs).toBeCloseTo(due[0]! + (index * 1000) / perSecond, 6)
    },
  )
})
