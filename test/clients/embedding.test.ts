// docs/embedding.md as a reader would try it: each recipe in a project of its own, with the runner that it is for; and what a program is left with after
// `close`.

import { execFile, fork } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/broker-process.ts'
import { jestModules } from '../support/kafka-jars.ts'
import { describeWith } from '../support/test-clients.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(project, 'docs/embedding.md'), 'utf8')

interface Recipe {
  readonly files: ReadonlyMap<string, string>
  readonly command: readonly string[]
}

/** What stands under a heading: files with their names, and how they are run. */
function recipeOf(heading: string): Recipe {
  const start = page.indexOf(`\n### ${heading}\n`)
  const next = page.indexOf('\n### ', start + 1)
  const text = page.slice(start, next === -1 ? undefined : next)
  const blocks = [...text.matchAll(/\n`([\w.-]+)`(?:, run with `([^`]+)`)?:\n\n```\w+\n([\s\S]*?)```/g)]
  const command = blocks.map((block) => block[2]).find((found) => found !== undefined)!
  return { files: new Map(blocks.map((block) => [block[1]!, block[3]!])), command: command.split(' ') }
}

/** A project that has Ottla, kafkajs and, where one is needed, the runner. */
function newProject({ files }: Recipe, runner?: { readonly name: string; readonly from: string }): string {
  const folder = temporaryFolder()
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  symlinkSync(project, join(modules, 'ottla'))
  symlinkSync(join(project, 'node_modules/kafkajs'), join(modules, 'kafkajs'))
  writeFileSync(join(folder, 'package.json'), '{ "name": "recipe" }')
  for (const [name, text] of files) writeFileSync(join(folder, name), text)
  if (runner !== undefined) {
    symlinkSync(join(runner.from, runner.name), join(modules, runner.name))
    symlinkSync(join(runner.from, '.bin', runner.name), join(modules, '.bin', runner.name))
  }
  return folder
}

/** What it printed, without colours. */
async function run(folder: string, [command, ...given]: readonly string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1', CI: 'true' }
  const { stdout, stderr } = await promisify(execFile)(command!, given, { cwd: folder, env })
  return stdout + stderr
}

describeWith('jest')('the recipes for tests', () => {
  it('work in node:test', async () => {
    const recipe = recipeOf('node:test')
    expect(await run(newProject(recipe), recipe.command)).toMatch(/^# pass 1\n# fail 0$/m)
  })

  it('work in vitest', async () => {
    const recipe = recipeOf('vitest')
    const folder = newProject(recipe, { name: 'vitest', from: join(project, 'node_modules') })
    expect(await run(folder, recipe.command)).toMatch(/Tests {2}1 passed \(1\)/)
  })

  it('work in jest', async () => {
    const recipe = recipeOf('jest')
    const folder = newProject(recipe, { name: 'jest', from: jestModules })
    expect(await run(folder, recipe.command)).toMatch(/Tests: {7}1 passed, 1 total/)
  })
})

describeWith('jest')('a program with brokers inside', () => {
  it('is left with nothing to wait for, nothing printed and all of its signals', async () => {
    const program = `
      import { startBroker } from 'ottla'
      const brokers = []
      for (const storage of ['memory', 'disk']) brokers.push(await startBroker({ port: 0, storage, dataDir: 'data' }))
      const signals = process.eventNames().filter((name) => String(name).startsWith('SIG'))
      for (const broker of brokers) await broker.close()
      await new Promise((resolve) => setImmediate(resolve))
      process.send({ signals, held: process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'Immediate') })
      process.disconnect()`
    const folder = newProject({ files: new Map([['program.mjs', program]]), command: [] })
    const child = fork(join(folder, 'program.mjs'), { cwd: folder, silent: true })
    const [printed, told]: [string[], unknown[]] = [[], []]
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (text: Buffer) => printed.push(String(text)))
    child.on('message', (message) => told.push(message))
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect({ code, printed, told }).toEqual({ code: 0, printed: [], told: [{ signals: [], held: [] }] })
  })
})
