// What the append queue does to files. What goes wrong is an answer, not an exception: the queue has a rule for it.

import { hasCode, isOutOfDescriptors } from '../disk/disk.ts'
import { Refusal } from '../wire/error-codes.ts'

/** What the queue needs of a segment. */
export interface WriteTarget {
  /** Resolves to whether all of it was written. */
  write(chunks: readonly Buffer[], size: number, position: number): Promise<boolean>
  /** undefined when only `write` will do. */
  writeNow(chunk: Buffer, position: number): boolean | undefined
  sync(): Promise<void>
  /** Drops what is there from `position` on. */
  cut(position: number): Promise<void>
}

/** Called once, never by the call that appends: with nothing when the append is visible, or with why it was undone. Must not throw. */
export type Settled = (refusal?: Refusal) => void

export interface Append<Target extends WriteTarget> {
  readonly target: Target
  readonly position: number
  readonly bytes: Buffer
  readonly baseOffset: number
  readonly endOffset: number
  /** Takes back everything that the append changed in memory; only the newest can be. */
  undo(): void
  settled: Settled
}

/** Writes appends that follow each other in one file, at once. Resolves to what went wrong. */
export async function writeTogether(appends: readonly Append<WriteTarget>[]): Promise<Error | undefined> {
  const { target, position } = appends[0]!
  const chunks = appends.map(({ bytes }) => bytes)
  try {
    return (await target.write(chunks, sizeOf(appends), position)) ? undefined : new ShortWrite()
  } catch (error) {
    return asError(error)
  }
}

/** The same for small ones, at once. Whether it worked: if not, they are still to be written at that place. */
export function writeTogetherNow(appends: readonly Append<WriteTarget>[]): boolean {
  const { target, position, bytes } = appends[0]!
  const chunk = appends.length === 1 ? bytes : Buffer.concat(appends.map((append) => append.bytes))
  try {
    return target.writeNow(chunk, position) === true
  } catch {
    return false
  }
}

export function sizeOf(appends: readonly Append<WriteTarget>[]): number {
  return appends.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** In order. Resolves to what went wrong. */
export async function syncAll(targets: readonly WriteTarget[]): Promise<Error | undefined> {
  for (const target of targets) {
    const error = await failureOf(target.sync())
    if (error !== undefined) return error
  }
  return undefined
}

/** Resolves to what went wrong. */
export async function failureOf(work: Promise<unknown>): Promise<Error | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return asError(error)
  }
}

/**
 * Takes the newest appends out of their files, the newest file first. Resolves to whether that worked: then they will not be back after a power loss, when
 * others are in the journal in their place.
 */
export async function cutBack(undone: readonly Append<WriteTarget>[]): Promise<boolean> {
  const firstPositions = new Map<WriteTarget, number>()
  for (const { target, position } of undone.toReversed()) firstPositions.set(target, position)
  try {
    for (const [target, position] of firstPositions) await target.cut(position)
    return true
  } catch {
    return false
  }
}

/** `settled` shares the fate of the append. */
export function alsoSettle(append: Append<WriteTarget>, settled: Settled): void {
  const first = append.settled
  append.settled = (refusal) => {
    first(refusal)
    settled(refusal)
  }
}

/** Settles what was undone. */
export function refuse(undone: readonly Append<WriteTarget>[], reason: string): void {
  const refusal = new Refusal('KAFKA_STORAGE_ERROR', reason)
  for (const append of undone) append.settled(refusal)
}

/** Says nothing against the disk, and may be otherwise the next time: the log goes on. */
export function isPassing(error: Error): boolean {
  return error instanceof ShortWrite || hasCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG', 'ENOMEM') || isOutOfDescriptors(error)
}

export class ShortWrite extends Error {
  override name = 'ShortWrite'

  constructor() {
    super('the disk took only a part of it (is it full?)')
  }
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
