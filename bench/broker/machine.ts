// The machine that results are of. (Linux.)

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { basename } from 'node:path'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGigabytes: number
  readonly kernel: string
  readonly fileSystem: string
}

export function machineOf(folder: string): Machine {
  return {
    processor: cpus()[0]!.model,
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release().split('-')[0]}`,
    fileSystem: fileSystemOf(folder),
  }
}

/** Whether an ext4 has a journal matters: a sync waits for it. */
function fileSystemOf(folder: string): string {
  const columns = ['--noheadings', '--output', 'FSTYPE,MAJ:MIN', '--target', folder]
  const [type, device] = execFileSync('findmnt', columns, { encoding: 'utf8' }).trim().split(/\s+/) as [string, string]
  return type === 'ext4' && !hasJournal(device) ? 'ext4 without a journal' : type
}

function hasJournal(device: string): boolean {
  const name = basename(realpathSync(`/sys/dev/block/${device}`))
  return existsSync('/proc/fs/jbd2') && readdirSync('/proc/fs/jbd2').some((journal) => journal.startsWith(`${name}-`))
}
