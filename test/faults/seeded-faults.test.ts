// Breaks the broker on purpose, one fault at a time, in a copy of its source, and runs the crash tests on it: each must be caught. By command, not in CI:
// npm run test:crash:faults; OTTLA_FAULT=<part of a name> tries those alone.

import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SEEDED_FAULTS, type SeededFault } from './faults.ts'

const COPIED = ['src', 'test', 'package.json', 'vitest.config.ts', 'tsconfig.json']
/** The second are for what the first do not catch: errors of the disk, and one log alone. */
const TESTS = [
  { project: 'crash', files: ['test/crash/power-loss.test.ts'] },
  {
    project: 'unit',
    files: ['test/log/crash.test.ts', 'test/log/failing-disk.test.ts', 'test/log/undone-append.test.ts', 'test/log/checkpoints.test.ts'],
  },
]

interface Failure {
  readonly title: string
  readonly message: string
}

let folder: string
const table: string[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ottla-faults-'))
  for (const name of COPIED) cpSync(name, join(folder, name), { recursive: true })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
})

afterAll(() => {
  console.log(`seeded faults, and what caught them\n${table.join('\n')}`)
  rmSync(folder, { recursive: true })
})

/** Those of the tests that failed; undefined when all passed. */
async function failuresIn(project: string, files: readonly string[]): Promise<Failure[]> {
  const report = join(folder, 'report.json')
  rmSync(report, { force: true })
  const commandArguments = ['run', '--project', project, '--bail', '1', '--reporter', 'json', '--outputFile', report, ...files]
  const { OTTLA_TEST_REPORTS: _, ...environment } = process.env
  await new Promise<void>((done) => {
    execFile(resolve('node_modules/.bin/vitest'), commandArguments, { cwd: folder, env: { ...environment, OTTLA_TEST_BUILT: '1' } }, () =>
      done(),
    )
  })
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { message: string; assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[]
  }
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => ({ title: fullName, message: failureMessages[0] ?? '' })),
  )
}

/** The place in the workload that a message names. */
const placeIn = (message: string): string =>
  /(?:recovery )?step \d+(?:, recovery step \d+)?/.exec(message)?.[0] ?? message.split('\n')[0]!.slice(0, 100)

async function withFault({ file, also, ...edit }: SeededFault, use: () => Promise<void>): Promise<void> {
  const path = join(folder, file)
  const whole = readFileSync(path, 'utf8')
  let broken = whole
  for (const { text, instead } of also === undefined ? [edit] : [edit, also]) {
    expect(whole.split(text)).toHaveLength(2)
    broken = broken.replace(text, () => instead)
  }
  writeFileSync(path, broken)
  await use().finally(() => writeFileSync(path, whole))
}

const chosen = SEEDED_FAULTS.filter(({ name }) => name.includes(process.env['OTTLA_FAULT'] ?? ''))

it('none: the source as it is', { timeout: 600_000 }, async () => {
  for (const { project, files } of TESTS) expect(await failuresIn(project, files)).toEqual([])
})

it.each(chosen)('$name', { timeout: 600_000 }, async (fault) => {
  await withFault(fault, async () => {
    let caught: string | undefined
    for (const { project, files } of TESTS) {
      const [failure] = await failuresIn(project, files)
      if (failure === undefined) continue
      caught = `${failure.title}, ${placeIn(failure.message)}`
      break
    }
    table.push(`  ${fault.name}: ${caught ?? 'NOT CAUGHT'}`)
    expect(caught).toBeDefined()
  })
})
