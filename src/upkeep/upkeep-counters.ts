// What the background jobs count.

import { Counter } from '../lib/counters.ts'

export class UpkeepCounters {
  readonly retentionRuns = new Counter()
}
