// Notices that the event loop stands still, from a thread beside it: names the rounds of which one did not end, and ends the process, which nothing else could.

import { Worker } from 'node:worker_threads'

const HUNG_AFTER_MS = 60_000
const NAMES_BYTES_MAX = 4000

const WATCHING = `
  const { workerData: { counter, names, hungAfterMs } } = require('node:worker_threads')
  const { writeSync } = require('node:fs')
  let last = -1
  setInterval(() => {
    const now = Atomics.load(counter, 0)
    if (now === last) {
      writeSync(2, '\\nthe event loop stands still, in one of: ' + Buffer.from(names).toString().replace(/\\0+$/, '') + '\\n')
      process.kill(process.pid, 'SIGKILL')
    }
    last = now
  }, hungAfterMs)
`

export class HangWatch {
  readonly #counter = new Int32Array(new SharedArrayBuffer(4))
  readonly #names = new Uint8Array(new SharedArrayBuffer(NAMES_BYTES_MAX))
  readonly #worker: Worker
  readonly #beat: NodeJS.Timeout

  constructor() {
    const workerData = { counter: this.#counter, names: this.#names, hungAfterMs: HUNG_AFTER_MS }
    this.#worker = new Worker(WATCHING, { eval: true, workerData })
    this.#worker.unref()
    this.#beat = setInterval(() => Atomics.add(this.#counter, 0, 1), 1000).unref()
  }

  /** `rounds` are what is named when one of them never ends. */
  underWay(rounds: readonly string[]): void {
    Atomics.add(this.#counter, 0, 1)
    this.#names.fill(0)
    Buffer.from(this.#names.buffer).write(rounds.join('\n'))
  }

  async end(): Promise<void> {
    clearInterval(this.#beat)
    await this.#worker.terminate()
  }
}
