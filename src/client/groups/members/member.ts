// A member of a group, as the reader that works with it sees it: it says what partitions there are to read, and is told when the others are let go.

import type { Cluster } from '../../cluster.ts'
import type { Committer, TopicPartition } from '../committed-offsets.ts'
import type { Coordinators } from '../coordinators.ts'
import type { Clock } from '../../../lib/clock.ts'

export interface GroupMember {
  /** Who commits now. */
  readonly committer: Committer
  /** Stays in the group until `signal` aborts. Rejects with what cannot be mended. */
  run(signal: AbortSignal): Promise<void>
  /** Leaves, if it is in the group and the broker can be reached: else its session ends by itself. For when `run` has ended. */
  leave(): Promise<void>
}

interface MemberEvents {
  /** These, and no others, are to be read from now on. What is not among them any more is given away once this resolves. */
  readonly assigned: (partitions: readonly TopicPartition[]) => Promise<void>
  /** Everything was taken away: others may be reading it already. */
  readonly lost: (reason: string) => void
}

export interface MemberOptions {
  /** Of connections that nothing else waits on: a request may take as long as a rebalance. */
  readonly coordinators: Coordinators
  /** For what topics there are. */
  readonly cluster: Cluster
  readonly groupId: string
  readonly topic: string
  readonly events: MemberEvents
  readonly clock: Clock
  /** How long a coordinator that cannot be reached is tried. */
  readonly retryMs: number
}

/** How long the other members wait for this one to give up partitions. */
export const REBALANCE_TIMEOUT_MS = 60_000
export const RETRY_BACKOFF_MS = 500
