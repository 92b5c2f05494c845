// Loaded into a broker that is measured (node --import): tells the process that started it, when asked, the longest that the event loop stood still since the last
// time, why, and what memory the broker takes. Costs a timer every 10 ms, a hundredth of a core, which is why a broker does not do so by itself.
//
// Why: the kernel tells (Linux) how long the thread ran and how long it waited for a core, we how long it waited in synchronous calls to the disk, V8 what was
// garbage collection. The rest it slept: for one of its own threads (of the pool, or of the collector) that had no core, or for a page of its memory or program.

import fs, { openSync, readSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'

export interface Stall {
  /** All of it. */
  readonly wallMs: number
  /** Of these, how long the thread ran. */
  readonly ranMs: number
  /** How long it was ready to run, while others had the cores. */
  readonly readyMs: number
  /** How long it waited for the disk. */
  readonly diskMs: number
  /** By the clock: from the beginning of each collection to its end. */
  readonly gcMs: number
}

export interface WatchReport {
  /** The longest, by the clock. */
  readonly stall: Stall
  /** The longest by what the broker did itself: ran, and waited for the disk. */
  readonly ownStall: Stall
  readonly memory: NodeJS.MemoryUsage
  /** The least that a collection left; undefined when there was none. */
  readonly heapAfterGc: number | undefined
}

interface Look {
  readonly atMs: number
  readonly ranMs: number
  readonly readyMs: number
  readonly diskMs: number
}

interface Between {
  readonly before: Look
  readonly after: Look
}

const TICK_MS = 10
const NOTED_GC_MS = 0.5
const COLLECTIONS_MAX = 10_000 // of a question that nobody asks

const schedule = openSchedule()
const bytes = Buffer.alloc(100)
let diskMs = 0
let collections: { readonly fromMs: number; readonly toMs: number }[] = []
let heapAfterGc: number | undefined
let longest: Between | undefined
let longestOwn: Between | undefined

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
  longest = undefined
  longestOwn = undefined
})
process.channel!.unref()

function tick(): void {
  const between = { before, after: look() }
  if (longest === undefined || wallMs(between) > wallMs(longest)) longest = between
  if (longestOwn === undefined || ownMs(between) > ownMs(longestOwn)) longestOwn = between
  before = between.after
  setTimeout(tick, TICK_MS).unref()
}

function report(): WatchReport {
  return { stall: stallOf(longest), ownStall: stallOf(longestOwn), memory: process.memoryUsage(), heapAfterGc }
}

function stallOf(found: Between | undefined): Stall {
  if (found === undefined) return { wallMs: 0, ranMs: 0, readyMs: 0, diskMs: 0, gcMs: 0 }
  const { before: from, after: to } = found
  let gcMs = 0
  for (const { fromMs, toMs } of collections) gcMs += Math.max(0, Math.min(toMs, to.atMs) - Math.max(fromMs, from.atMs))
  return {
    wallMs: wallMs(found),
    ranMs: to.ranMs - from.ranMs,
    readyMs: to.readyMs - from.readyMs,
    diskMs: to.diskMs - from.diskMs,
    gcMs,
  }
}

function wallMs({ before: from, after: to }: Between): number {
  return to.atMs - from.atMs - TICK_MS
}

function ownMs({ before: from, after: to }: Between): number {
  return to.ranMs - from.ranMs + to.diskMs - from.diskMs
}

function look(): Look {
  const atMs = performance.now()
  if (schedule === undefined) return { atMs, ranMs: atMs, readyMs: 0, diskMs: 0 }
  const size = readSync(schedule, bytes, 0, bytes.length, 0)
  const [ranNs, readyNs] = bytes.toString('latin1', 0, size).split(' ', 2).map(Number) as [number, number]
  return { atMs, ranMs: ranNs / 1e6, readyMs: readyNs / 1e6, diskMs }
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

/** Of this thread: nanoseconds that it ran, those that it waited for a core, and how often it had one. */
function openSchedule(): number | undefined {
  try {
    return openSync('/proc/thread-self/schedstat', 'r')
  } catch {
    return undefined
  }
}
