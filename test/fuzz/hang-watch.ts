// Notices that the event loop stands still, from a thread beside it: names the round that did not end, and ends the process, which nothing else could.

import { Worker } from 'node:worker_threads'

const HUNG_AFTER_MS = 60_000
const NAME_BYTES_MAX = 200

const WATCHING = `
  const { workerData: { counter, name, hungAfterMs } } = require('node:worker_threads')
  const { writeSync } = require('node:fs')
  let last = -1
  setInterval(() => {
    const now = Atomics.load(counter, 0)
    if (now === last) {
      writeSync(2, '\\nthe event loop stands still, in or after: ' + Buffer.from(name).toString().replace(/\\0+$/, '') + '\\n')
      process.kill(process.pid, 'SIGKILL')
    }
    last = now
  }, hungAfterMs)
`

export class HangWatch {
  readonly #counter = new Int32Array(new SharedArrayBuffer(4))
  readonly #name = new Uint8Array(new SharedArrayBuffer(NAME_BYTES_MAX))
  readonly #worker: Worker
  readonly #beat: NodeJS.Timeout

  constructor() {
    const workerData = { counter: this.#counter, name: this.#name, hungAfterMs: HUNG_AFTER_MS }
    this.#worker = new Worker(WATCHING, { eval: true, workerData })
    this.#worker.unref()
    this.#beat = setInterval(() => Atomics.add(this.#counter, 0, 1), 1000).unref()
  }

  /** `round` is what is named when this or something after it never ends. */
  starts(round: string): void {
    Atomics.add(this.#counter, 0, 1)
    this.#name.fill(0)
    Buffer.from(this.#name.buffer).write(round)
  }

  async end(): Promise<void> {
    clearInterval(this.#beat)
    await this.#worker.terminate()
  }
}
