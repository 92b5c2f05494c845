// ottla start: a broker in this process, until a signal ends it.

import { type Command, Option } from 'commander'
import { readFile } from 'node:fs/promises'
import type { Broker } from '../broker.ts'
import { brokerConfigs } from '../config/broker-configs.ts'
import { type BrokerConfig, resolveBrokerConfig } from '../config/resolve.ts'
import { formatJson, formatText, type LogLine } from '../lib/diagnostics.ts'
import { Failure, failureOf } from './failure.ts'
import { collectPairs, examples } from './options.ts'
import { missingParts, readyLine, readyText } from './ready-text.ts'
import { StatusFile } from './status/status-file.ts'
import { type Terminal, writeLine } from './terminal.ts'
import { version } from './version.ts'

interface StartOptions {
  readonly config?: string
  readonly set?: Readonly<Record<string, string>>
  /** Of the rows that are flags, by commander's name of the flag. */
  readonly [flag: string]: unknown
}

const GRACE_MS = 9_000
const END_MS = 10_000

const flagOptions = [...brokerConfigs].flatMap(([name, row]) => {
  if (row.flag === undefined) return []
  const option = new Option(row.flag, `${row.doc.replaceAll('`', '')}${row.default === null ? '' : ` (default: ${row.default})`}`)
  return [{ name, option }]
})

export function addStartCommand(program: Command, terminal: Terminal): void {
  const command = program.command('start').description('start a broker, here, until Ctrl-C')
  for (const { option } of flagOptions) command.addOption(option)
  command
    .option('--config <file>', "a properties file with Kafka's names, as Kafka's own server.properties")
    .option('--set <name=value>', 'any broker config by its name; may be repeated (docs/configs.md has them all)', collectPairs)
    .addHelpText(
      'after',
      `${examples('ottla start', 'ottla start --port 0 --data /tmp/ottla', 'ottla start --host 0.0.0.0 --advertise broker.example:9092', 'OTTLA_NUM_PARTITIONS=8 ottla start --set log.retention.hours=24')}

Every config is also an environment variable: OTTLA_ and its name, as OTTLA_LOG_SEGMENT_BYTES.
A flag is stronger than the environment, and that is stronger than the file.`,
    )
    .action((options: StartOptions) => start(options, terminal))
}

async function start(options: StartOptions, terminal: Terminal): Promise<void> {
  const { config, warnings } = await resolveConfig(options, terminal)
  const log = (line: LogLine): void =>
    void terminal.errors.write(`${config['log.format'] === 'json' ? formatJson(line) : formatText(line)}\n`)
  for (const message of warnings) log({ level: 'warn', timeMs: Date.now(), message, fields: {} })
  const broker = await startHere(config, log)
  const ready = { broker, config, readyMs: Math.round(process.uptime() * 1000), missing: missingParts() }
  const status = config.storage === 'memory' ? undefined : await answerStatusRequests(broker, terminal, log)
  endOnSignals(broker, terminal) // before anybody can read that it is ready, and stop it
  await writeLine(terminal.output, config['log.format'] === 'json' ? formatJson(readyLine(ready, Date.now())) : readyText(ready))
  try {
    await broker.closed
  } catch (error) {
    throw new Failure('stopped', error instanceof Error ? error.message : String(error), { cause: error })
  } finally {
    await status?.remove().catch(() => undefined) // one that is left names a run that is over
  }
}

/** From now on, and without it nothing is missing but the answers. */
async function answerStatusRequests(broker: Broker, terminal: Terminal, log: (line: LogLine) => void): Promise<StatusFile> {
  const file = new StatusFile(broker.status().dataFolder, () => ({ version, pid: process.pid, ...broker.status() }))
  const write = (): Promise<void> =>
    file.write().catch((error: unknown) => {
      log({ level: 'warn', timeMs: Date.now(), message: 'the status could not be written', fields: { error: String(error) } })
    })
  terminal.onStatusRequest(() => void write())
  await write()
  return file
}

async function resolveConfig(
  { config: file, set, ...flags }: StartOptions,
  { env }: Terminal,
): Promise<{ config: BrokerConfig; warnings: string[] }> {
  const given = flagOptions.map(({ name, option }) => [name, flags[option.attributeName()] as string | undefined] as const)
  const flagged = Object.fromEntries(given.filter(([, value]) => value !== undefined))
  return resolveBrokerConfig({
    file: file === undefined ? undefined : { name: file, text: await readFile(file, 'utf8') },
    env,
    flags: { ...set, ...flagged },
  })
}

async function startHere(config: BrokerConfig, log: (line: LogLine) => void): Promise<Broker> {
  const { runBroker } = await import('../broker.ts') // here, so that other commands do not load a broker
  try {
    return await runBroker({ config, log })
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (code === undefined || path === undefined) throw error
    throw new Failure(
      'failed',
      `the data folder ${config['log.dirs']} cannot be used: ${failureOf(error)!.message}. Choose another one with --data.`,
      { cause: error },
    )
  }
}

/** The first signal answers everything accepted and stops; a second one, or ten seconds, end the process as it is. */
function endOnSignals(broker: Broker, { errors, onInterrupt, exit }: Terminal): void {
  let isEnding = false
  onInterrupt(() => {
    if (isEnding) {
      errors.write('ended at once; the next start recovers what was not closed\n')
      return exit(1)
    }
    isEnding = true
    broker.close(GRACE_MS).catch(() => undefined) // `closed` tells
    setTimeout(() => {
      errors.write(`not stopped within ${END_MS / 1000} seconds, so ended; the next start recovers what was not closed\n`)
      exit(1)
    }, END_MS).unref()
  })
}
