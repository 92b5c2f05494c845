// An append queue on a file whose operations end when the test says so.

import type { Append, WriteTarget } from '../../src/log/append-io.ts'
import { type AppendJournal, AppendQueue } from '../../src/log/append-queue.ts'
import type { Durability } from '../../src/log/log-settings.ts'
import { Histogram } from '../../src/lib/histogram.ts'
import { TurnShare } from '../../src/lib/turn-share.ts'
import type { Refusal } from '../../src/wire/error-codes.ts'
import { ManualClock } from './manual-clock.ts'

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
  await endOfTurn()
}

export async function endOfTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

interface QueueSettings {
  readonly durability?: Durability
  readonly flushMessages?: number
  readonly clock?: ManualClock
  readonly onVisible?: () => void
  readonly journal?: HeldJournal
}

/** A journal whose entries are durable, or refused, when the test says so. */
export class HeldJournal implements AppendJournal<HeldFile> {
  readonly isStarted = true
  isFor: (bytes: number) => boolean = () => true
  readonly #waiting: ((error: Error | undefined) => void)[] = []
  readonly asked: string[] = []

  append(appends: readonly Append<HeldFile>[], settled: (error: Error | undefined) => void): void {
    this.asked.push(appends.map(({ bytes }) => String(bytes)).join(''))
    this.#waiting.push(settled)
  }

  /** The oldest that waits. */
  finish(): Promise<void> {
    return settle(() => this.#waiting.shift()!(undefined))
  }

  /** All that wait. */
  fail(code: string): Promise<void> {
    return settle(() => {
      for (const settled of this.#waiting.splice(0)) settled(Object.assign(new Error(code), { code }))
    })
  }
}

interface TestQueue {
  readonly queue: AppendQueue<HeldFile>
  /** One letter, one offset, one byte. */
  readonly push: (letter: string, target?: HeldFile) => Promise<void>
  /** What the queue told, and what became of each append. */
  readonly seen: string[]
}

export function queueOn(file: HeldFile, settings: QueueSettings = {}): TestQueue {
  const { durability = 'os', flushMessages = Number.MAX_SAFE_INTEGER, clock = new ManualClock(), onVisible, journal } = settings
  const seen: string[] = []
  const events = {
    visible: (appends: readonly Append<HeldFile>[]) => {
      onVisible?.()
      seen.push(`visible ${appends.map(({ bytes }) => String(bytes)).join('')}`)
    },
    rolled: () => void seen.push('rolled'),
    failed: (_: string, isFinal: boolean) => void seen.push(isFinal ? 'failed for good' : 'failed'),
    broken: (reason: string) => void seen.push(reason),
  }
  const queue = new AppendQueue<HeldFile>({
    clock,
    turnShare: new TurnShare(clock),
    syncs: new Histogram(),
    settings: { durability, flushMessages },
    events,
    journal,
    target: file,
    endOffset: 0,
  })
  const push = async (letter: string, target = file): Promise<void> => {
    const baseOffset = queue.endOffset
    const undo = (): void => void seen.push(`undo ${letter}`)
    try {
      await new Promise<void>((resolve, reject) => {
        const settled = (refusal: Refusal | undefined): void => (refusal === undefined ? resolve() : reject(refusal))
        queue.push({ target, position: baseOffset, bytes: Buffer.from(letter), baseOffset, endOffset: baseOffset + 1, undo, settled })
      })
      seen.push(`done ${letter}`)
    } catch {
      seen.push(`refused ${letter}`)
    }
  }
  return { queue, push, seen }
}
