// What a log is handed, on a memory disk and a clock that stands still.

import type { Disk } from '../../src/disk/disk.ts'
import { FilePool } from '../../src/disk/file-pool.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { createDiagnostics, type LogLine } from '../../src/lib/diagnostics.ts'
import { TurnShare } from '../../src/lib/turn-share.ts'
import { LogCheckpoints } from '../../src/log/checkpoints.ts'
import { Deletions } from '../../src/log/deletions.ts'
import { SyncSchedule } from '../../src/log/durability/sync-schedule.ts'
import { WriteGate } from '../../src/log/durability/write-gate.ts'
import { LogCounters, type LogServices } from '../../src/log/log-settings.ts'
import { ReadAhead } from '../../src/log/segments/read-ahead.ts'
import { TailCache } from '../../src/log/tail-cache.ts'
import { ManualClock } from './manual-clock.ts'
import { OverwritingPool } from './overwriting-pool.ts'

/** Says nothing to anybody. */
export const silent = createDiagnostics(new ManualClock(), 'error', () => undefined)

export async function logServices(
  disk: Disk,
  clock: Clock = new ManualClock(),
  log: (line: LogLine) => void = () => undefined,
): Promise<LogServices> {
  const diagnostics = createDiagnostics(clock, 'warn', log)
  await disk.makeFolder('/data')
  const checkpoints = await LogCheckpoints.open({ dataFolder: '/data', disk, clock, diagnostics })
  const bufferPool = new OverwritingPool()
  const turnShare = new TurnShare(clock)
  return {
    disk,
    clock,
    turnShare,
    diagnostics,
    checkpoints,
    filePool: new FilePool(disk, 100),
    bufferPool,
    readAhead: new ReadAhead(clock, bufferPool),
    tailCache: new TailCache(1 << 20, bufferPool),
    counters: new LogCounters(),
    deletions: new Deletions({ disk, clock, turnShare, diagnostics }),
    journal: undefined,
    writeGate: new WriteGate(diagnostics),
    syncSchedule: new SyncSchedule(clock, diagnostics),
  }
}
