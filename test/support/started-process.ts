// A server that a test starts: its output kept, waited for until it is ready, ended by its own pid, and never left behind when the tests end.

import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'

const READY_WITHIN_MS = 60_000
const OUTPUT_KEPT = 100_000

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
process.once('SIGTERM', () => process.exit()) // as vitest ends its workers, which alone would not be an exit

export interface ProcessOptions {
  readonly environment?: NodeJS.ProcessEnv
  /** It takes messages, for `ask`. */
  readonly hasChannel?: boolean
  /** What it writes to standard error is passed on to ours. */
  readonly showsErrors?: boolean
}

export class StartedProcess {
  readonly #child: ChildProcess
  #output = ''
  #onOutput: (() => void) | undefined

  constructor(
    command: string,
    commandArguments: readonly string[],
    { environment = process.env, hasChannel = false, showsErrors = false }: ProcessOptions = {},
  ) {
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...(hasChannel ? (['ipc'] as const) : [])]
    this.#child = spawn(command, commandArguments, { stdio, env: environment })
    running.add(this.#child)
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_KEPT)
      this.#onOutput?.()
    }
    this.#child.stdout!.on('data', keep)
    this.#child.stderr!.on('data', keep)
    if (showsErrors) this.#child.stderr!.pipe(process.stderr, { end: false })
    this.#child.on('close', () => {
      running.delete(this.#child)
      this.#onOutput?.()
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** What it wrote, standard output and errors together. */
  get output(): string {
    return this.#output
  }

  get hasEnded(): boolean {
    return !running.has(this.#child)
  }

  /** Settles with what `find` answers for the output so far, once that is not undefined. */
  async waitForOutput<T>(find: (output: string) => T | undefined, withinMs = READY_WITHIN_MS): Promise<T> {
    const late = new Promise<never>((_, reject) => {
      const isLate = (): void => reject(new Error(`it was not ready in ${withinMs} ms:\n${this.#output}`))
      AbortSignal.timeout(withinMs).addEventListener('abort', isLate, { once: true })
    })
    late.catch(() => undefined) // nobody waits any more
    for (;;) {
      const found = find(this.#output)
      if (found !== undefined) return found
      if (this.hasEnded) throw new Error(`it ended before it was ready:\n${this.#output}`)
      await Promise.race([late, new Promise<void>((resolve) => (this.#onOutput = resolve))])
    }
  }

  /** Sends a message, and settles with the one that comes back. */
  async ask(question: string): Promise<unknown> {
    this.#child.send(question)
    const [answer] = (await once(this.#child, 'message')) as [unknown]
    return answer
  }

  /** Sends `signal` and waits for the end, as `ended` does. */
  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.hasEnded) this.#child.kill(signal)
    return this.ended()
  }

  /** Answers the exit code once it has ended, or null after a signal that it did not handle. */
  async ended(): Promise<number | null> {
    if (!this.hasEnded) await once(this.#child, 'close')
    return this.#child.exitCode
  }
}
