// Loaded into a broker that is profiled (node --import, after stall-watch): what happens between a question for its stalls and the next, which is a run, is profiled
// and told on standard error. A profile costs some of what it measures, so that no figures are kept of such a run.

import { readdirSync, readFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { type CpuTime, profileText, sharesOf } from './profile.ts'

const TICKS_PER_SECOND = 100 // USER_HZ, the same on all that Node runs on
const NO_TIME: CpuTime = { user: 0, system: 0 }

interface Mark {
  readonly atMs: number
  readonly loop: CpuTime
  readonly others: CpuTime
}

const session = new Session()
session.connect()
session.post('Profiler.enable')
let began: Mark | undefined

process.on('message', (question) => {
  if (question !== 'watch?') return
  if (began === undefined) {
    session.post('Profiler.start')
    began = mark()
    return
  }
  const from = began
  const to = mark()
  began = undefined
  session.post('Profiler.stop', (error, result) => {
    if (error !== null) throw error
    const cpu = { loop: between(from.loop, to.loop), others: between(from.others, to.others) }
    console.error(profileText({ seconds: (to.atMs - from.atMs) / 1000, ...cpu, ...sharesOf(result.profile) }))
  })
})
process.channel!.unref()

function mark(): Mark {
  let others = NO_TIME
  for (const thread of readdirSync('/proc/self/task')) if (Number(thread) !== process.pid) others = sum(others, cpuOf(thread))
  return { atMs: performance.now(), loop: cpuOf(String(process.pid)), others }
}

/** Nothing of a thread that has ended. Source: proc(5), fields 14 and 15. */
function cpuOf(thread: string): CpuTime {
  try {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { user: Number(fields[11]) / TICKS_PER_SECOND, system: Number(fields[12]) / TICKS_PER_SECOND }
  } catch {
    return NO_TIME
  }
}

const sum = (a: CpuTime, b: CpuTime): CpuTime => ({ user: a.user + b.user, system: a.system + b.system })
const between = (from: CpuTime, to: CpuTime): CpuTime => ({ user: to.user - from.user, system: to.system - from.system })
