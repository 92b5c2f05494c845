// A terminal that a test plays: what is typed, what was printed, and signals.

import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { run } from '../../src/cli/program.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

export class PlayedTerminal implements Terminal {
  readonly input: Readable & { isTTY?: boolean }
  readonly output = new PassThrough()
  readonly errors: PassThrough & { isTTY?: boolean } = new PassThrough()
  readonly env: Record<string, string>
  readonly exitCodes: number[] = []
  #printed = ''
  #said = ''
  #onInterrupt: (() => void)[] = []
  #onStatusRequest: (() => void)[] = []

  constructor({ typed = [], env = {} }: { typed?: readonly (string | Buffer)[]; env?: Record<string, string> } = {}) {
    this.input = Readable.from(typed.map((text) => Buffer.from(text as string)))
    this.env = env
    this.output.on('data', (chunk: Buffer) => (this.#printed += chunk.toString()))
    this.errors.on('data', (chunk: Buffer) => (this.#said += chunk.toString()))
  }

  /** On standard output so far. */
  get printed(): string {
    return this.#printed
  }

  /** On standard error so far. */
  get said(): string {
    return this.#said
  }

  /** Resolves once standard output matches. */
  async waitFor(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#printed)) await once(this.output, 'data')
  }

  onInterrupt = (listener: () => void): void => {
    this.#onInterrupt.push(listener)
  }

  onStatusRequest = (listener: () => void): void => {
    this.#onStatusRequest.push(listener)
  }

  /** As the signal of another process would. */
  requestStatus(): void {
    for (const listener of this.#onStatusRequest) listener()
  }

  askForStatus: Terminal['askForStatus'] = () => undefined

  exit = (code: number): void => {
    this.exitCodes.push(code)
  }

  get hasInterruptListener(): boolean {
    return this.#onInterrupt.length > 0
  }

  interrupt(): void {
    for (const listener of this.#onInterrupt) listener()
  }
}

export interface Outcome {
  readonly code: number
  readonly printed: string
  readonly said: string
}

export async function runCommand(
  commandLine: readonly string[],
  options: ConstructorParameters<typeof PlayedTerminal>[0] = {},
): Promise<Outcome> {
  const terminal = new PlayedTerminal(options)
  const code = await run(commandLine, terminal)
  await new Promise((resolve) => setImmediate(resolve)) // what was written is read
  return { code, printed: terminal.printed, said: terminal.said }
}
