// What the background jobs count.

import { Counter } from '../lib/counters.ts'

export class UpkeepCounters {
  readonly retentionRuns = new Counter()
  readonly compactionRuns = new Counter()
  /** Before, and by how much less it is after. */
  readonly cleanedBytes = new Counter()
  readonly savedBytes = new Counter()
  readonly scrubRuns = new Counter()
  readonly scrubbedBytes = new Counter()
}
