// Fuzzing, of the decoders and of whole connections to a broker in this process (docs/hacking.md says how to run it). Everything that once failed is tried
// first, by itself: kept.jsonl.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frameCount, only, runCampaign, seed } from './campaign.ts'
import { connectionTargets } from './connection-targets.ts'
import { decoderTargets } from './decoder-targets.ts'
import { FuzzedBroker, PRECIOUS } from './fuzzed-broker.ts'
import { HealthyClient } from './healthy-client.ts'
import { MemoryRecord } from './memory-record.ts'
import { recordTargets } from './record-targets.ts'
import { fromKept, type Target } from './target.ts'

const CHECKED_EVERY_FRAMES = 10_000
const NOTED_EVERY_FRAMES = Math.max(50_000, Math.ceil(frameCount / 40))
const CONNECTIONS_AT_ONCE = 32
const GROWTH_MB_MAX = 64

interface Kept {
  readonly target: string
  readonly found: string
  readonly input: unknown
}

const kept = readFileSync(new URL('kept.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => fromKept(line) as Kept)

console.log(`fuzz: ${frameCount} frames, OTTLA_FUZZ_SEED=${seed}`)

let broker: FuzzedBroker
let healthy: HealthyClient

beforeAll(async () => {
  broker = await FuzzedBroker.start()
  healthy = new HealthyClient(`127.0.0.1:${broker.port}`, PRECIOUS)
})

afterAll(() => broker?.stop())

describe('what failed once', () => {
  it.each(kept)('fails no more: $found', async ({ target, input }) => {
    const targets: readonly Target[] = [...decoderTargets, ...recordTargets, ...connectionTargets(broker)]
    const fuzzed = targets.find(({ name }) => name === target)!
    await expect((async () => fuzzed.try(input))()).resolves.toBeUndefined()
    await expect(healthy.check()).resolves.toBeUndefined()
  })
})

/** Answers by how many MB more is used at its end than when it had warmed up. */
async function campaign(targets: readonly Target[], concurrency: number, check: () => Promise<void>): Promise<number> {
  if (only !== undefined && targets.every(({ name }) => name !== only?.target)) return 0 // a round of the other campaign is asked for
  const memory = new MemoryRecord()
  const startMs = performance.now()
  let noteAt = CHECKED_EVERY_FRAMES // the first is after everything has been compiled
  const pause = async (frames: number): Promise<void> => {
    await check()
    if (frames < noteAt) return
    noteAt = frames + NOTED_EVERY_FRAMES
    const diskBytes = await broker.diskBytes()
    const { usedMb, rssMb } = memory.note(diskBytes)
    const perSecond = Math.round(frames / ((performance.now() - startMs) / 1000))
    console.log(`${frames} frames, ${perSecond}/s, ${usedMb} MB used, ${Math.round(diskBytes / 2 ** 20)} MB of files, ${rssMb} MB resident`)
  }
  await runCampaign({ targets, frames: Math.ceil(frameCount / 2), concurrency, pause: { everyFrames: CHECKED_EVERY_FRAMES, check: pause } })
  return memory.growthMb
}

describe('half of the frames', { timeout: 0 }, () => {
  it('are read or refused by the decoders, which take neither long nor much memory', async () => {
    expect(await campaign([...decoderTargets, ...recordTargets], 1, () => Promise.resolve())).toBeLessThan(GROWTH_MB_MAX)
  })

  it('are answered, or end their connection, while others are served and no record is lost', async () => {
    const check = async (): Promise<void> => {
      await healthy.check()
      await broker.sweep()
      expect(broker.takeComplaints()).toEqual([])
    }
    expect(await campaign(connectionTargets(broker), CONNECTIONS_AT_ONCE, check)).toBeLessThan(GROWTH_MB_MAX)
  })
})
