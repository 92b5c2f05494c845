// The command line as a function of its arguments and a terminal: it answers an exit code, and ends nothing itself.

import { Command, CommanderError } from 'commander'
import { addBenchCommands } from './bench/bench.ts'
import { addConsumeCommand } from './consume/consume.ts'
import { addDocsCommand } from './docs/docs-command.ts'
import { EXIT_CODES, failureOf } from './failure.ts'
import { addDumpCommand } from './offline/dump.ts'
import { addRepairCommand } from './offline/repair.ts'
import { addVerifyCommand } from './offline/verify.ts'
import { addGroupCommands } from './group/group.ts'
import { addProduceCommand } from './produce.ts'
import { addStartCommand } from './start.ts'
import { addStatusCommand } from './status/status.ts'
import type { Terminal } from './terminal.ts'
import { addTopicCommands } from './topic.ts'
import { version } from './version.ts'

const HELP_WIDTH = 110

function createProgram(terminal: Terminal): Command {
  const program = new Command('ottla')
    .description('A Kafka-compatible commit log. Start a broker, or talk to any Kafka-compatible one.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.output.write(text),
      writeErr: (text) => void terminal.errors.write(text),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong command line, 3 no broker reached, 4 refused by the broker, 5 the broker stopped by itself',
    )
  addStartCommand(program, terminal)
  addStatusCommand(program, terminal)
  addTopicCommands(program, terminal)
  addProduceCommand(program, terminal)
  addConsumeCommand(program, terminal)
  addGroupCommands(program, terminal)
  addBenchCommands(program, terminal)
  addDumpCommand(program, terminal)
  addVerifyCommand(program, terminal)
  addRepairCommand(program, terminal)
  addDocsCommand(program, terminal)
  return program
}

/** Runs one command. A bug of ours is thrown. */
export async function run(commandArguments: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(commandArguments, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage
    const failure = failureOf(error)
    if (failure === undefined) throw error
    terminal.errors.write(`error: ${failure.message}\n`)
    return EXIT_CODES[failure.kind]
  }
}
