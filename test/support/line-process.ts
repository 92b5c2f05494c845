// A child process that is asked one line of JSON at a time and answers each with one: what drives Java and Python clients without starting them anew.

import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

const ERRORS_KEPT = 4000

export class LineProcess {
  readonly #child: ChildProcess
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  #errors = ''

  constructor(command: string, commandArguments: string[], environment: Record<string, string> = {}) {
    this.#child = spawn(command, commandArguments, { env: { ...process.env, ...environment } })
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#errors = (this.#errors + chunk.toString()).slice(-ERRORS_KEPT)))
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#waiting.shift()?.resolve(line))
    this.#child.on('error', (error) => this.#fail(error))
    this.#child.on('close', (code) => this.#fail(new Error(`${command} ended with code ${code}: ${this.#errors}`)))
  }

  async ask(request: object): Promise<unknown> {
    const line = await new Promise<string>((resolve, reject) => {
      if (this.#child.exitCode !== null) return reject(new Error(`it ended with code ${this.#child.exitCode}: ${this.#errors}`))
      this.#waiting.push({ resolve, reject })
      this.#child.stdin!.write(JSON.stringify(request) + '\n')
    })
    return JSON.parse(line) as unknown
  }

  close(): void {
    this.#child.kill('SIGKILL')
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
  }
}
