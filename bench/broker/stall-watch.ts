// Loaded into a broker that is measured (node --import): tells the process that started it, when asked, the longest that the event loop stood still since the last
// time, why, and what memory the broker takes. Costs a timer every 10 ms, a hundredth of a core, which is why a broker does not do so by itself.
//
// Why: the kernel tells (Linux) how long the thread ran, we how long it waited in synchronous calls to the disk, V8 what was garbage collection. The rest is other
// processes' doing: the thread waited for a core, or for one of its own threads (of the pool, or of the collector) that had none.

import fs, { openSync, readSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'

export interface Stall {
  /** All of it. */
  readonly wallMs: number
  /** Of these, how long the thread ran. */
  readonly ranMs: number
  /** How long it waited for the disk. */
  readonly diskMs: number
  /** By the clock: from the beginning of each collection to its end. */
  readonly gcMs: number
}

export interface WatchReport {
  /** The longest, by the clock. */
  readonly stallMs: number
  /** The longest by what the broker did itself: ran, and waited for the disk. */
  readonly ownStall: Stall
  readonly memory: NodeJS.MemoryUsage
  /** The least that a collection left; undefined when there was none. */
  readonly heapAfterGc: number | undefined
}

interface Look {
  readonly atMs: number
  readonly ranMs: number
  readonly diskMs: number
}

const TICK_MS = 10
const NOTED_GC_MS = 0.5
const COLLECTIONS_MAX = 10_000 // of a question that nobody asks

const schedule = openSchedule()
const bytes = Buffer.alloc(100)
let diskMs = 0
let collections: { readonly fromMs: number; readonly toMs: number }[] = []
let heapAfterGc: number | undefined
let stallMs = 0
let worst: { readonly before: Look; readonly after: Look } | undefined

timeWrites()
new PerformanceObserver((list) => {
  heapAfterGc = Math.min(heapAfterGc ?? Infinity, getHeapStatistics().used_heap_size)
  for (const { startTime, duration } of list.getEntries())
    if (duration >= NOTED_GC_MS && collections.length < COLLECTIONS_MAX) collections.push({ fromMs: startTime, toMs: startTime + duration })
}).observe({ entryTypes: ['gc'] })

let before = look()
setTimeout(tick, TICK_MS).unref()
process.on('message', (question) => {
  if (question !== 'watch?') return
  process.send!(report())
  collections = []
  heapAfterGc = undefined
  stallMs = 0
  worst = undefined
})
process.channel!.unref()

function tick(): void {
  const after = look()
  stallMs = Math.max(stallMs, after.atMs - before.atMs - TICK_MS)
  if (worst === undefined || ownMs(before, after) > ownMs(worst.before, worst.after)) worst = { before, after }
  before = after
  setTimeout(tick, TICK_MS).unref()
}

function report(): WatchReport {
  return { stallMs, ownStall: stallOf(worst), memory: process.memoryUsage(), heapAfterGc }
}

function stallOf(found: typeof worst): Stall {
  if (found === undefined) return { wallMs: 0, ranMs: 0, diskMs: 0, gcMs: 0 }
  const { before: from, after: to } = found
  let gcMs = 0
  for (const { fromMs, toMs } of collections) gcMs += Math.max(0, Math.min(toMs, to.atMs) - Math.max(fromMs, from.atMs))
  return { wallMs: to.atMs - from.atMs - TICK_MS, ranMs: to.ranMs - from.ranMs, diskMs: to.diskMs - from.diskMs, gcMs }
}

function ownMs(from: Look, to: Look): number {
  return to.ranMs - from.ranMs + to.diskMs - from.diskMs
}

function look(): Look {
  const atMs = performance.now()
  if (schedule === undefined) return { atMs, ranMs: atMs, diskMs: 0 }
  const size = readSync(schedule, bytes, 0, bytes.length, 0)
  return { atMs, ranMs: Number(bytes.toString('latin1', 0, size).split(' ', 1)[0]) / 1e6, diskMs }
}

/** The only synchronous calls of a running broker to its disk. */
function timeWrites(): void {
  const writeSync = fs.writeSync as (...all: unknown[]) => number
  const timed = (...all: unknown[]): number => {
    const startMs = performance.now()
    try {
      return writeSync(...all)
    } finally {
      diskMs += performance.now() - startMs
    }
  }
  Object.assign(fs, { writeSync: timed })
}

/** Of this thread: nanoseconds that it ran, and others. */
function openSchedule(): number | undefined {
  try {
    return openSync('/proc/thread-self/schedstat', 'r')
  } catch {
    return undefined
  }
}
