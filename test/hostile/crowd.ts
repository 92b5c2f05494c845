// Many connections that want no good, in a process of their own, so that what they cost is the broker's alone.

import { fileURLToPath } from 'node:url'
import { LineProcess } from '../support/line-process.ts'

export interface Part {
  readonly bytes: Buffer
  readonly times: number
}

interface CrowdState {
  readonly open: number
  /** By the broker. A connection that does not read may not notice. */
  readonly ended: number
}

export class Crowd {
  readonly #process = new LineProcess(process.execPath, [fileURLToPath(new URL('crowd-process.mjs', import.meta.url))])
  readonly #address: { readonly host: string; readonly port: number }

  constructor(bootstrap: string) {
    const [host, port] = bootstrap.split(':') as [string, string]
    this.#address = { host, port: Number(port) }
  }

  /** Each sends the parts, and then nothing any more. */
  async open(count: number, { parts = [], reads = false }: { parts?: readonly Part[]; reads?: boolean } = {}): Promise<CrowdState> {
    const sent = parts.map(({ bytes, times }) => ({ base64: bytes.toString('base64'), times }))
    return (await this.#process.ask({ ...this.#address, count, parts: sent, reads })) as CrowdState
  }

  async state(): Promise<CrowdState> {
    return (await this.#process.ask({})) as CrowdState
  }

  leave(): void {
    this.#process.close()
  }
}
