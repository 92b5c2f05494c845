// Loaded into a broker that is profiled (node --import, after stall-watch): what happens between a question for its stalls and the next, which is a run, is profiled
// and told on standard error. A profile costs some of what it measures, so that no figures are kept of such a run.

import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { type CpuTime, cpuTimeIn } from '../../src/cli/bench/process-usage.ts'
import { profileText, sharesOf } from './profile.ts'

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
  const { user, system } = process.cpuUsage() // microseconds, of all threads
  const loop = cpuTimeIn(readFileSync('/proc/thread-self/stat', 'latin1'))
  return { atMs: performance.now(), loop, others: between(loop, { user: user / 1e6, system: system / 1e6 }) }
}

const between = (from: CpuTime, to: CpuTime): CpuTime => ({ user: to.user - from.user, system: to.system - from.system })
