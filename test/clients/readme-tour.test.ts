// The README's tour, line by line as it is written, in a clone of its own: a reader will do just that.

import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OttlaProcess } from '../support/broker-process.ts'
import { startOttla, temporaryFolder } from '../support/broker-process.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(project, 'README.md'), 'utf8')
const tour = readme.slice(readme.indexOf('## A tour'), readme.indexOf('## Inside a program'))
const lines = [...tour.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((match) => match[1]!.trim().split('\n'))

describe('the tour in the README', () => {
  let broker: OttlaProcess
  let clone: string

  beforeAll(async () => {
    clone = join(temporaryFolder(), 'ottla')
    execFileSync('git', ['clone', '--quiet', project, clone])
    // A shallow clone has less history than the tour replays.
    const author = ['-c', 'user.name=Reader', '-c', 'user.email=reader@example.com']
    const historyLength = Number(execFileSync('git', ['rev-list', '--count', 'HEAD'], { cwd: clone, encoding: 'utf8' }))
    for (let count = historyLength; count < 6; count++)
      execFileSync('git', [...author, 'commit', '--quiet', '--allow-empty', '-m', `Add line ${count}`], { cwd: clone })
    cpSync(join(project, 'dist'), join(clone, 'dist'), { recursive: true })
    symlinkSync(join(project, 'node_modules'), join(clone, 'node_modules'))
    broker = await startOttla({ port: 9092, dataFolder: join(clone, 'ottla-data') })
  })
  afterAll(async () => {
    await broker.stop()
    rmSync(clone, { recursive: true })
  })

  it('works as written', () => {
    const script = [
      'shopt -s expand_aliases',
      'set -e -o pipefail',
      ...lines.map((line) => `echo '$' ${JSON.stringify(line).replaceAll('$', '\\$').replaceAll('`', '\\`')}\n${line}`),
    ]
    const output = execFileSync('bash', ['-c', script.join('\n')], { cwd: clone, encoding: 'utf8' })
    const outputOf = (command: string): string =>
      output
        .split('\n$ ')
        .find((part) => part.startsWith(command))!
        .split('\n')
        .slice(1)
        .join('\n')

    const subjects = execFileSync('git', ['log', '--reverse', '--format=%f'], { cwd: clone, encoding: 'utf8' }).trim().split('\n')
    expect(outputOf('git log')).toContain(`wrote ${subjects.length} records`)
    expect(outputOf('ottla consume commits --max 5').trim().split('\n')).toEqual(subjects.slice(0, 5))
    const replayed = outputOf('ottla consume commits --from 3')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { offset: number; value: string })
    expect(replayed.map(({ offset, value }) => [offset, value])).toEqual([
      [3, subjects[3]],
      [4, subjects[4]],
    ])
    expect(outputOf('ottla consume commits --from "$(git').trim().split('\n').length).toBeGreaterThanOrEqual(3)
    expect(outputOf('ottla consume commits --group readers --max 3').trim().split('\n')).toEqual(subjects.slice(0, 3))
    expect(outputOf('ottla consume commits --group readers --max 2').trim().split('\n')).toEqual(subjects.slice(3, 5))
    expect(outputOf('ottla group describe readers')).toMatch(/commits +0 +5 /)
    expect(outputOf('ottla topic describe')).toContain('commits')
    expect(outputOf('ls -l')).toMatch(/\d{20}\.log/)
  })
})
