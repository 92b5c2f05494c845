// The broker that the suites test: Ottla as a process of its own, on a free port.
// OTTLA_TEST_BOOTSTRAP=host:port points the suites at a broker that runs already (a Kafka, to see what it would answer).

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type ProcessOptions, StartedProcess } from './started-process.ts'

/** Tests and benchmarks run in the repository's folder. */
export const ottlaCommand = resolve('bin/ottla.cjs')

export interface TestBroker {
  readonly bootstrap: string
  stop(): Promise<void>
}

export interface OttlaOptions extends ProcessOptions {
  /** Where another start finds what an earlier one left; else a new one. */
  readonly dataFolder?: string
  readonly port?: number
  readonly durability?: string
  /** Kafka's names and values, as flags. */
  readonly flags?: readonly string[]
  /** Shell commands before it, as `ulimit -n 64`. */
  readonly limits?: string
  /** Of node itself. */
  readonly nodeFlags?: readonly string[]
  /** With much on disk it may take long. */
  readonly readyWithinMs?: number
  /** Beside our own. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface OttlaProcess extends TestBroker {
  readonly pid: number
  readonly dataFolder: string
  readonly output: string
  /** A message, where it has a channel. */
  ask(question: string): Promise<unknown>
  /** The exit code, once it has ended by itself. */
  ended(): Promise<number | null>
  /** As a crash would end it: nothing is flushed, nothing is answered. */
  kill(): Promise<void>
}

const temporaryFolders: string[] = []
process.on('exit', () => {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true })
})

/** A new one, which goes when the tests of a file have ended, unless OTTLA_TEST_KEEP is set. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ottla-test-'))
  if (process.env['OTTLA_TEST_KEEP'] === undefined) temporaryFolders.push(folder)
  return folder
}

function spawnOttla(
  dataFolder: string,
  { port = 0, durability = 'fsync', flags = [], nodeFlags = [], limits, environment = {}, ...options }: OttlaOptions,
): StartedProcess {
  const commandArguments = [ottlaCommand, 'start', '--port', String(port), '--data', dataFolder, '--durability', durability, ...flags]
  const command = [process.execPath, ...nodeFlags, ...commandArguments]
  const limited = limits === undefined ? command : ['bash', '-c', `${limits}; exec "$0" "$@"`, ...command]
  return new StartedProcess(limited[0]!, limited.slice(1), {
    ...options,
    environment: { ...withoutOurs(process.env), ...environment },
  })
}

export async function startOttla(options: OttlaOptions = {}): Promise<OttlaProcess> {
  const dataFolder = options.dataFolder ?? temporaryFolder()
  const started = spawnOttla(dataFolder, options)
  const port = await started.waitForOutput((output) => / is ready on \S+:(\d+)/.exec(output)?.[1], options.readyWithinMs)
  return {
    bootstrap: `127.0.0.1:${port}`,
    pid: started.pid,
    dataFolder,
    get output() {
      return started.output
    },
    ask: (question) => started.ask(question),
    async stop() {
      const exitCode = await started.end()
      if (exitCode !== 0) throw new Error(`Ottla stopped with exit code ${exitCode}:\n${started.output}`)
    },
    ended: () => started.ended(),
    async kill() {
      await started.end('SIGKILL')
    },
  }
}

/** A crash while it starts, wherever it has come to by then. */
export async function killOttlaWhileItStarts(options: OttlaOptions & { readonly dataFolder: string }, afterMs: number): Promise<void> {
  const started = spawnOttla(options.dataFolder, options)
  await setTimeout(afterMs)
  await started.end('SIGKILL')
}

/** Variables that begin with OTTLA_ are configs to a broker: those of the tests are not meant for it. */
export const withoutOurs = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('OTTLA_')))

/** For suites that only talk to a broker. */
export async function brokerUnderTest(options: Pick<OttlaOptions, 'durability' | 'flags'> = {}): Promise<TestBroker> {
  const bootstrap = process.env['OTTLA_TEST_BOOTSTRAP']
  return bootstrap === undefined ? startOttla(options) : { bootstrap, stop: () => Promise.resolve() }
}

let topicCount = 0
/** A name that no earlier run used on a broker that was there before. */
export const newTopic = (purpose: string): string => `${purpose}-${process.pid}-${Date.now().toString(36)}-${++topicCount}`
