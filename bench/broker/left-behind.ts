// What a benchmark starts and writes, and what must not outlive it: processes and folders. They go when it ends, also by a signal.

import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'

const processes = new Set<ChildProcess>()
const folders = new Set<string>()
/** A process that is killed may still write for a moment. */
const UNTIL_EMPTY = { recursive: true, force: true, maxRetries: 20, retryDelay: 20 }

export function endsWithUs<C extends ChildProcess>(child: C): C {
  processes.add(child)
  child.once('exit', () => processes.delete(child))
  return child
}

export function newFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, 'ottla-bench-'))
  folders.add(folder)
  return folder
}

export function removeFolder(folder: string): void {
  rmSync(folder, UNTIL_EMPTY)
  folders.delete(folder)
}

/** To be called once, by the program. */
export function leaveNothingBehind(): void {
  process.on('exit', () => {
    for (const child of processes) child.kill('SIGKILL')
    for (const folder of folders) rmSync(folder, UNTIL_EMPTY)
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.prependOnceListener(signal, () => process.exit(128 + constants.signals[signal]))
}
