// What one fetch may read into, of all that clients have not taken yet (`queued.max.response.bytes`): a share, taken before the reading, and given back
// when the answer has left. While others wait for theirs, who takes nothing of an answer is closed (server/connection.ts).

import type { ByteBudget } from '../lib/byte-budget.ts'
import type { Clock } from '../lib/clock.ts'

const SMALLEST_SHARE_BYTES = 1 << 20

interface Patience {
  readonly clock: Clock
  readonly waitMs: number
  readonly signal: AbortSignal
}

/** From a megabyte, or less when less is wanted, to all that is wanted; undefined when there is none in time. */
export function takeShare(budget: ByteBudget, wantedBytes: number, patience: Patience): number | undefined | Promise<number | undefined> {
  const atLeast = Math.min(wantedBytes, SMALLEST_SHARE_BYTES)
  if (atLeast <= 0) return 0
  const share = budget.takeShare(atLeast, wantedBytes)
  return share > 0 ? share : takeLater(budget, atLeast, patience)
}

function takeLater(budget: ByteBudget, bytes: number, { clock, waitMs, signal }: Patience): Promise<number | undefined> {
  return new Promise((resolve) => {
    const settle = (share: number | undefined): void => {
      timer.cancel()
      signal.removeEventListener('abort', giveUp)
      resolve(share)
    }
    const waiting = budget.takeLater(bytes, () => settle(bytes))
    const giveUp = (): void => {
      waiting.cancel()
      settle(undefined)
    }
    const timer = clock.after(waitMs, giveUp)
    signal.addEventListener('abort', giveUp)
    if (signal.aborted) giveUp()
  })
}
