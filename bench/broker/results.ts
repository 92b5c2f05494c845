// The results that are kept: bench/results.json. A run of some cases replaces these and leaves the others.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Machine } from './machine.ts'
import type { MeasuredCase } from './measure.ts'

export interface KeptCase extends MeasuredCase {
  readonly date: string
  readonly versions: Readonly<Record<string, string>>
}

export interface Results {
  readonly machine: Machine
  readonly cases: readonly KeptCase[]
}

const RESULTS_FILE = resolve('bench/results.json')

export function storedResults(): Results | undefined {
  return existsSync(RESULTS_FILE) ? (JSON.parse(readFileSync(RESULTS_FILE, 'utf8')) as Results) : undefined
}

/** In the order of `names`, which are all that there are. */
export function merged(machine: Machine, names: readonly string[], measured: readonly KeptCase[], stored: Results | undefined): Results {
  const isSameMachine = stored !== undefined && JSON.stringify(stored.machine) === JSON.stringify(machine)
  const byName = new Map([...(isSameMachine ? stored.cases : []), ...measured].map((kept) => [kept.name, kept]))
  return { machine, cases: names.flatMap((name) => byName.get(name) ?? []) }
}

export function save(results: Results): void {
  writeFileSync(RESULTS_FILE, `${JSON.stringify(results, undefined, 2)}\n`)
}

export function versions(): Record<string, string> {
  const { version } = JSON.parse(readFileSync(resolve('package.json'), 'utf8')) as { version: string }
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  return { ottla: `${version} (${commit})`, node: process.version, kafka: '4.3.1' }
}
