// How many segment files may be open at once: a quarter of the process's file descriptors, since connections need the rest. Each partition that is written to
// has one, and a file that is closed to make room costs an open and a close in the pool at its next write: with 1,000 partitions and 500 files, three fifths
// of what a small request took.

import fs from 'node:fs'

const LEAST = 500 // of 1,024 descriptors, the least that Linux and macOS give
const MOST = 10_000 // the kernel keeps 1 to 2 KB for each

/** `limits` is the text of Linux's /proc/self/limits (proc_pid_limits(5)), where there is one; Node has raised the soft limit to the hard one. */
export function openFilesMaxOf(limits: string): number {
  const limit = /^Max open files +(\d+|unlimited) /m.exec(limits)?.[1]
  if (limit === undefined) return LEAST
  return limit === 'unlimited' ? MOST : Math.min(MOST, Math.max(LEAST, Math.floor(Number(limit) / 4)))
}

/** Of this process. */
export function openFilesMax(): number {
  try {
    return openFilesMaxOf(fs.readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    return LEAST // no Linux
  }
}
