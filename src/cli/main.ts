// The process of the command line: its streams and signals, and its exit code.

import { run } from './program.ts'
import type { Terminal } from './terminal.ts'

const { stdin: input, stdout: output, stderr: errors, env } = process

const hasSignals = process.platform !== 'win32'

const terminal: Terminal = {
  input,
  output,
  errors,
  env,
  onInterrupt(listener) {
    process.on('SIGINT', listener)
    process.on('SIGTERM', listener)
  },
  onStatusRequest(listener) {
    if (hasSignals) process.on('SIGUSR2', listener)
  },
  askForStatus: hasSignals ? (pid) => void process.kill(pid, 'SIGUSR2') : undefined,
  exit: (code) => process.exit(code),
}

// Who reads us may stop, as in `ottla consume orders | head`: then there is nothing more to do.
output.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  output.destroy()
})

// A command that waits to try again has no open socket then, and timers do not keep the process alive.
const alive = setInterval(() => undefined, 2 ** 30)
process.exitCode = await run(process.argv.slice(2), terminal)
clearInterval(alive)
