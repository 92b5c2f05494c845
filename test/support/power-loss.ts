// What may be left on a FaultDisk of what was not synced.

import type { Survival } from './fault-disk.ts'

/** The broker syncs the data folder itself when it makes it. */
export const ROOTS = ['/', '/data']

export const nothing: Survival = () => 'nothing'
export const everything: Survival = () => 'all'

/** A small generator of our own, so that a seed means the same for ever. */
function atRandom(seed: number): Survival {
  let state = seed
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31)
  return () => (['all', 'nothing', next() % 120] as const)[next() % 3]!
}

export const SURVIVALS: readonly [string, () => Survival][] = [
  ['nothing of it survives', () => nothing],
  ['all of it survives', () => everything],
  ...[1, 2, 3].map((seed): [string, () => Survival] => [`some of it survives, seed ${seed}`, () => atRandom(seed)]),
]
