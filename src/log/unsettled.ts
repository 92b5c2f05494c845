// An append whose promise has not settled: it is on its way, and becomes visible or is undone.

import { Refusal } from '../wire/error-codes.ts'
import type { Append, WriteTarget } from './append-io.ts'

export interface Unsettled<Target extends WriteTarget> {
  readonly append: Append<Target>
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (refusal: Refusal) => void
}

export function newUnsettled<Target extends WriteTarget>(append: Append<Target>): Unsettled<Target> {
  const { promise, resolve, reject } = withResolvers()
  promise.catch(() => undefined) // nobody waits for an append with acks=0
  return { append, promise, resolve, reject }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (refusal: Refusal) => void } {
  let resolve!: () => void
  let reject!: (refusal: Refusal) => void
  const promise = new Promise<void>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise
    reject = rejectPromise
  })
  return { promise, resolve, reject }
}

export function reject(undone: readonly Unsettled<WriteTarget>[], reason: string): void {
  for (const { reject } of undone) reject(new Refusal('KAFKA_STORAGE_ERROR', reason))
}
