// A campaign: rounds of the targets, each made from the seed, the target and the number of the round alone, so that any one can be run again by itself:
//   OTTLA_FUZZ_SEED=… OTTLA_FUZZ_ROUND=target:number npm run test:fuzz
// How many frames there are in all is OTTLA_FUZZ_FRAMES; without a seed it is a new one each time.

import { setImmediate } from 'node:timers/promises'
import { pickWeighted, randomFrom } from '../support/random.ts'
import { HangWatch } from './hang-watch.ts'
import { toKept, type Target } from './target.ts'

const FRAMES_FOR_CI = 200_000
const ROUND_MS_MAX = 15_000 // on a machine that has other things to do; what compares each name with each takes longer
const ROUNDS_PER_TURN = 64 // decoders alone would never leave the event loop to others

export const frameCount = Number(process.env['OTTLA_FUZZ_FRAMES'] ?? FRAMES_FOR_CI)
export const seed = Number(process.env['OTTLA_FUZZ_SEED'] ?? Date.now() % 1_000_000_000)
const [onlyTarget, onlyRound] = process.env['OTTLA_FUZZ_ROUND']?.split(':') ?? []
export const only = onlyTarget === undefined ? undefined : { target: onlyTarget, round: Number(onlyRound) }

export interface CampaignOptions {
  readonly targets: readonly Target[]
  readonly frames: number
  /** How many rounds may be under way at once. */
  readonly concurrency: number
  /** Called again and again, as soon as `everyFrames` more are done and no round is under way; rejects when something is wrong. */
  readonly pause?: { readonly everyFrames: number; readonly check: (framesDone: number) => Promise<void> }
}

interface Round {
  readonly number: number
  readonly target: Target
  readonly input: unknown
}

/** Rejects with the first round that failed; of several under way together with the one that also fails alone. */
export async function runCampaign({ targets, frames, concurrency, pause }: CampaignOptions): Promise<void> {
  const watch = new HangWatch()
  const underWay = new Set<Round>()
  let framesDone = 0
  let nextRound = 0
  let failure: { readonly cause: unknown } | undefined
  const isOver = (): boolean => framesDone >= frames || failure !== undefined || (only !== undefined && nextRound > 0)
  const lane = async (pauseAt: number): Promise<void> => {
    while (!isOver() && framesDone < pauseAt) {
      const round = makeRound(targets, only?.round ?? nextRound)
      nextRound++
      underWay.add(round)
      watch.underWay(Array.from(underWay, nameOf))
      try {
        await tryInTime(round)
      } catch (cause) {
        failure ??= { cause }
        return
      }
      underWay.delete(round)
      framesDone += round.target.frameCount?.(round.input) ?? 1
      if (nextRound % ROUNDS_PER_TURN === 0) await setImmediate()
    }
  }
  while (!isOver()) {
    const pauseAt = framesDone + (pause?.everyFrames ?? Infinity)
    await Promise.all(Array.from({ length: concurrency }, () => lane(pauseAt)))
    if (failure !== undefined) throw await blamed([...underWay], failure.cause)
    await pause?.check(framesDone)
  }
  await watch.end()
}

function makeRound(targets: readonly Target[], number: number): Round {
  const random = randomFrom(Math.imul(seed ^ Math.imul(number, 0x9e37_79b1), 0x85eb_ca6b))
  const drawn = pickWeighted(random, targets)
  const target = only === undefined ? drawn : targets.find(({ name }) => name === only.target)!
  return { number, target, input: target.make(random) }
}

/** Answers how long it took. */
async function tryInTime({ target, input }: Round): Promise<number> {
  const startMs = performance.now()
  await target.try(input)
  const tookMs = Math.round(performance.now() - startMs)
  if (tookMs > ROUND_MS_MAX) throw new Error(`it took ${tookMs} ms`)
  return tookMs
}

async function blamed(suspects: readonly Round[], cause: unknown): Promise<Error> {
  let [slowest, longestMs] = [suspects[0]!, 0]
  for (const suspect of suspects) {
    try {
      const tookMs = await tryInTime(suspect)
      if (tookMs > longestMs) [slowest, longestMs] = [suspect, tookMs]
    } catch (alone) {
      return reported(suspect, `alone, too: ${String(alone)}`, alone)
    }
  }
  return reported(
    slowest,
    `among ${suspects.length}: ${String(cause)}; none fails alone, where this one took longest, ${longestMs} ms`,
    cause,
  )
}

const nameOf = ({ target, number }: Round): string => `OTTLA_FUZZ_SEED=${seed} OTTLA_FUZZ_ROUND=${target.name}:${number}`

function reported(round: Round, what: string, cause: unknown): Error {
  const sentences = [
    what,
    `run it again:  ${nameOf(round)} npm run test:fuzz`,
    `keep it, as a line of test/fuzz/kept.jsonl:  {"target":"${round.target.name}","found":"what it was","input":${toKept(round.input)}}`,
  ]
  return new Error(sentences.join('\n'), { cause })
}
