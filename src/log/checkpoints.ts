// (Public surface; the bodies follow.) Broker-wide `recovery-point-offset-checkpoint` and `log-start-offset-checkpoint`, written at most once a second.
// broker.ts: `await LogCheckpoints.open(…)` before the first log, `await checkpoints.close()` after all logs are closed.

import type { Disk } from '../disk/disk.ts'
import type { Clock } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'

export declare class LogCheckpoints {
  static open(options: { dataFolder: string; disk: Disk; clock: Clock; diagnostics: Diagnostics }): Promise<LogCheckpoints>
  /** The broker that used the folder before closed every log. */
  readonly wasCleanShutdown: boolean
  /** Writes both files and the clean-shutdown marker. */
  close(): Promise<void>
}
