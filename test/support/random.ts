// Random numbers that a seed repeats (Mulberry32): the same seed, the same run.

/** Numbers from 0 to 1, 1 excluded. */
export type Random = () => number

export function randomFrom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number from 0 to `limit` - 1. */
export const below = (random: Random, limit: number): number => Math.floor(random() * limit)

export const pick = <T>(random: Random, choices: readonly T[]): T => choices[below(random, choices.length)]!

export const chance = (random: Random, probability: number): boolean => random() < probability

/** One of them, each as likely as its weight says. */
export function pickWeighted<T extends { readonly weight: number }>(random: Random, choices: readonly T[]): T {
  let left = random() * choices.reduce((sum, { weight }) => sum + weight, 0)
  return choices.find(({ weight }) => (left -= weight) < 0) ?? choices.at(-1)!
}
