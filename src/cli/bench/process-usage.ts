// What a process on this machine takes, as Linux tells it in /proc.

import { readFileSync } from 'node:fs'
import { Failure } from '../failure.ts'

export interface ProcessUsage {
  readonly cpuSeconds: number
  /** Resident at most, since it began. */
  readonly peakBytes: number
}

/** In seconds. */
export interface CpuTime {
  readonly user: number
  readonly system: number
}

const TICKS_PER_SECOND = 100 // USER_HZ, on every Linux that we know

/** Throws a Failure when there is no such process, or no /proc. */
export function processUsage(pid: number): ProcessUsage {
  try {
    return {
      cpuSeconds: cpuSecondsIn(cpuTimeIn(readFileSync(`/proc/${pid}/stat`, 'utf8'))),
      peakBytes: peakBytesIn(readFileSync(`/proc/${pid}/status`, 'utf8')),
    }
  } catch (error) {
    throw new Failure('failed', `--broker-pid needs Linux and a process of this machine that is running: /proc/${pid} cannot be read`, {
      cause: error,
    })
  }
}

/** Of the `stat` file of a process or a thread: the 14th and 15th field; the second may hold spaces, and ends with the last parenthesis. */
export function cpuTimeIn(stat: string): CpuTime {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { user: Number(fields[11]) / TICKS_PER_SECOND, system: Number(fields[12]) / TICKS_PER_SECOND }
}

const cpuSecondsIn = ({ user, system }: CpuTime): number => user + system

const peakBytesIn = (status: string): number => Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024
