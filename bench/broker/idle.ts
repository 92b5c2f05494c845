// A process that does nothing, with the watch that brokers have.

import { StartedProcess } from '../../test/support/started-process.ts'
import { besideUs } from './ottla.ts'
import type { WatchReport } from './stall-watch.ts'

export interface IdleProcess {
  /** The longest that it stood still since the last call. */
  stallMs(): Promise<number>
  end(): Promise<void>
}

export function startIdle(): IdleProcess {
  const idle = new StartedProcess(process.execPath, [besideUs('idle-process.js')], { hasChannel: true })
  return {
    stallMs: async () => ((await idle.ask('watch?')) as WatchReport).stall.wallMs,
    end: async () => void (await idle.end()),
  }
}
