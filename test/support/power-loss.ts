// What may be left on a FaultDisk of what was not synced.

import type { Survival } from './fault-disk.ts'

/** The broker syncs the data folder itself when it makes it. */
export const ROOTS = ['/', '/data']

export const nothing: Survival = () => 'nothing'
export const everything: Survival = () => 'all'

/** A small generator of our own, so that a seed means the same for ever. */
function atRandom(seed: number): Survival {
  let state = Math.imul(seed, 0x9e3779b1)
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state >>> 12 // the lowest bits repeat soon
  }
  return () => (['all', 'nothing', next() % 120] as const)[next() % 3]!
}

/** Something else each time it is asked. */
function newRandom(seed: number): () => Survival {
  let count = 0
  return () => atRandom(seed + 1000 * count++)
}

export const SURVIVALS: readonly [string, () => Survival][] = [
  ['nothing of it survives', () => nothing],
  ['all of it survives', () => everything],
  ...[1, 2, 3].map((seed): [string, () => Survival] => [`some of it survives, seed ${seed}`, newRandom(seed)]),
]
