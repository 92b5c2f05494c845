// What a process on this machine holds in memory. (Linux.)

import { readFileSync } from 'node:fs'

/** Megabytes of 1,000,000 bytes. */
export const residentMegabytes = (pid: number): number =>
  (Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024) / 1e6
