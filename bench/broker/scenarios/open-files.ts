// A case with many connections or files, which is not begun where a process may not open so many. (Linux.)

import { readFileSync } from 'node:fs'
import type { Scenario, Sizes } from '../case.ts'

export const withOpenFiles =
  (needed: (sizes: Sizes) => number, scenario: Scenario): Scenario =>
  async (setup) => {
    const most = openFilesMost()
    const least = needed(setup.sizes)
    if (most < least) throw new Error(`this case takes processes that may open ${least} files, and it is ${most}: ulimit -n ${least}`)
    return scenario(setup)
  }

/** What our children may open, too: node raises its own limit as far as it goes. */
const openFilesMost = (): number => {
  const limit = /Max open files\s+(\w+)/.exec(readFileSync('/proc/self/limits', 'utf8'))![1]!
  return limit === 'unlimited' ? Infinity : Number(limit)
}
