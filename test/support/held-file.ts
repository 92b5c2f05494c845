import type { WriteTarget } from '../../src/log/append-io.ts'

interface Pending {
  readonly what: string
  finish(result?: boolean): Promise<void>
  fail(code: string): Promise<void>
}

/** A file whose operations end when the test says so. */
export class HeldFile implements WriteTarget {
  readonly started: Pending[] = []
  readonly writtenNow: string[] = []
  now: (chunk: Buffer) => boolean | undefined = () => undefined

  write(chunks: readonly Buffer[], _: number, position: number): Promise<boolean> {
    return this.#hold(`write ${chunks.join('')} at ${position}`)
  }

  writeNow(chunk: Buffer): boolean | undefined {
    const result = this.now(chunk)
    if (result === true) this.writtenNow.push(String(chunk))
    return result
  }

  async sync(): Promise<void> {
    await this.#hold('sync')
  }

  async cut(position: number): Promise<void> {
    await this.#hold(`cut at ${position}`)
  }

  /** What was started and not looked at since. */
  get next(): string[] {
    return this.started.map(({ what }) => what)
  }

  take(): Pending {
    const first = this.started.shift()
    if (first === undefined) throw new Error('nothing was started')
    return first
  }

  #hold(what: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.started.push({
        what,
        finish: (result = true) => settle(() => resolve(result)),
        fail: (code) => settle(() => reject(Object.assign(new Error(code), { code }))),
      })
    })
  }
}

/** Does it, and lets everything run that follows from it. */
export async function settle(action: () => void): Promise<void> {
  action()
  await new Promise((resolve) => setImmediate(resolve))
}
