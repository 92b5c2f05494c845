// Loaded into a broker that is measured (node --import): tells the process that started it, when asked, the longest that the event loop stood still since the last
// time, why, and what memory the broker takes. Costs a timer every 5 ms, which is why a broker does not do so by itself.
//
// Why: the kernel tells (Linux) how long the thread ran, how long it waited for a core, which is other processes' doing, and how long a virtual machine had none;
// V8 tells what was garbage collection. What is left is waiting for a call into the kernel.

import { openSync, readSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'

export interface Stall {
  readonly wallMs: number
  /** Of these, how long the thread ran. */
  readonly cpuMs: number
  /** By the clock: from the beginning of each collection to its end. */
  readonly gcMs: number
  /** How long it could have run, had other processes, or other machines, left it a core. */
  readonly waitedMs: number
}

export interface WatchReport {
  /** The longest, by the clock. */
  readonly stallMs: number
  /** The longest, what the thread waited for a core left out. */
  readonly ownStall: Stall
  readonly memory: NodeJS.MemoryUsage
  /** The least that a collection left; undefined when there was none. */
  readonly heapAfterGc: number | undefined
}

interface Look {
  readonly atMs: number
  readonly ranMs: number
  readonly waitedMs: number
  readonly stolenMs: number
}

const TICK_MS = 5
const NOTED_GC_MS = 0.5
const COLLECTIONS_MAX = 10_000 // of a question that nobody asks

const STOLEN_LOOKED_AT_MS = 20 // after so long, and a few times a second: looking takes 20 µs
const STOLEN_KNOWN_MS = 200
const STEAL_FIELD = 8
const CLOCK_TICK_MS = 10 // of /proc

const schedule = openIfThere('/proc/thread-self/schedstat') // of this thread: nanoseconds that it ran, nanoseconds that it waited for a core
const cores = openIfThere('/proc/stat')
const bytes = Buffer.alloc(200)
let collections: { readonly fromMs: number; readonly toMs: number }[] = []
let heapAfterGc: number | undefined
let stallMs = 0
let worst: { readonly before: Look; readonly after: Look } | undefined

new PerformanceObserver((list) => {
  heapAfterGc = Math.min(heapAfterGc ?? Infinity, getHeapStatistics().used_heap_size)
  for (const { startTime, duration } of list.getEntries())
    if (duration >= NOTED_GC_MS && collections.length < COLLECTIONS_MAX) collections.push({ fromMs: startTime, toMs: startTime + duration })
}).observe({ entryTypes: ['gc'] })

let stolenAtMs = 0
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
  const after = look(before)
  stallMs = Math.max(stallMs, after.atMs - before.atMs - TICK_MS)
  if (worst === undefined || ownMs(before, after) > ownMs(worst.before, worst.after)) worst = { before, after }
  before = after
  setTimeout(tick, TICK_MS).unref()
}

function report(): WatchReport {
  return { stallMs, ownStall: stallOf(worst), memory: process.memoryUsage(), heapAfterGc }
}

function stallOf(found: typeof worst): Stall {
  if (found === undefined) return { wallMs: 0, cpuMs: 0, gcMs: 0, waitedMs: 0 }
  const { before: from, after: to } = found
  let gcMs = 0
  for (const { fromMs, toMs } of collections) gcMs += Math.max(0, Math.min(toMs, to.atMs) - Math.max(fromMs, from.atMs))
  return { wallMs: to.atMs - from.atMs - TICK_MS, cpuMs: to.ranMs - from.ranMs, gcMs, waitedMs: waitedMs(from, to) }
}

function ownMs(from: Look, to: Look): number {
  return to.atMs - from.atMs - waitedMs(from, to)
}

function waitedMs(from: Look, to: Look): number {
  const waited = to.waitedMs - from.waitedMs
  const unexplained = to.atMs - from.atMs - TICK_MS - (to.ranMs - from.ranMs) - waited
  return waited + Math.max(0, Math.min(unexplained, to.stolenMs - from.stolenMs))
}

function look(last?: Look): Look {
  const atMs = performance.now()
  if (schedule === undefined) return { atMs, ranMs: 0, waitedMs: 0, stolenMs: 0 }
  const [ranNs, waitedNs] = firstLine(schedule).split(' ')
  const isLate = last === undefined || atMs - last.atMs > STOLEN_LOOKED_AT_MS || atMs - stolenAtMs > STOLEN_KNOWN_MS
  return { atMs, ranMs: Number(ranNs) / 1e6, waitedMs: Number(waitedNs) / 1e6, stolenMs: isLate ? stolen(atMs) : last.stolenMs }
}

/** By all cores of the machine. */
function stolen(atMs: number): number {
  stolenAtMs = atMs
  return cores === undefined ? 0 : Number(firstLine(cores).split(/\s+/)[STEAL_FIELD]) * CLOCK_TICK_MS
}

function firstLine(descriptor: number): string {
  return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, bytes.length, 0)).split('\n', 1)[0]!
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}
