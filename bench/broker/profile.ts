// What a CPU profile of V8 says in a few lines: what the event loop spent its time in. Native code that no function called has a name of its own, as has waiting.

import type { Profiler, Runtime } from 'node:inspector'
import type { CpuTime } from '../../src/cli/bench/process-usage.ts'

export interface Profiled {
  readonly seconds: number
  /** Of the event loop's thread, and of all others together: the pool, the collector and the compiler. */
  readonly loop: CpuTime
  readonly others: CpuTime
  /** Shares of the time, the largest first; each of the two adds up to 1. */
  readonly parts: readonly Share[]
  readonly functions: readonly Share[]
}

interface Share {
  readonly name: string
  readonly share: number
}

const NAMED_FUNCTIONS = 16

/** Throws nothing; a profile without samples has no shares. */
export function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Pick<Profiled, 'parts' | 'functions'> {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const parts = new Map<string, number>()
  const functions = new Map<string, number>()
  const all = timeDeltas.reduce((sum, delta) => sum + delta, 0)
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id)!
    const share = timeDeltas[index]! / all
    add(parts, partOf(frame), share)
    add(functions, nameOf(frame), share)
  }
  return { parts: largestFirst(parts), functions: largestFirst(functions) }
}

export function profileText({ seconds, loop, others, parts, functions }: Profiled): string {
  const cores = ({ user, system }: CpuTime): string =>
    `${((user + system) / seconds).toFixed(2)} of a core (${(user / seconds).toFixed(2)} user, ${(system / seconds).toFixed(2)} system)`
  return [
    `profile of ${seconds.toFixed(1)} s: the event loop's thread took ${cores(loop)}, all others ${cores(others)}`,
    `the event loop's thread: ${parts.map(({ name, share }) => `${name} ${percent(share)}`).join(', ')}`,
    ...functions.slice(0, NAMED_FUNCTIONS).map(({ name, share }) => `${percent(share).padStart(8)}  ${name}`),
  ].join('\n')
}

/** V8 has names in brackets for what is no function: (idle), (program), which is native code that no function called, and (garbage collector). */
function partOf({ functionName, url }: Runtime.CallFrame): string {
  if (functionName.startsWith('(')) return functionName
  if (url === '') return 'native functions'
  if (url.startsWith('node:')) return 'Node'
  return url.includes('node_modules') ? 'packages' : 'ours'
}

const nameOf = ({ functionName, url, lineNumber }: Runtime.CallFrame): string =>
  url === '' ? functionName : `${functionName || 'anonymous'} ${url.replace(/^.*\//, '')}:${lineNumber + 1}`

const add = (sums: Map<string, number>, name: string, share: number): Map<string, number> => sums.set(name, (sums.get(name) ?? 0) + share)

const largestFirst = (sums: Map<string, number>): Share[] =>
  [...sums].map(([name, share]) => ({ name, share })).sort((a, b) => b.share - a.share)

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
