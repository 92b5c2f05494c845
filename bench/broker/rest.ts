// Waits until the machine is at rest. The host of a virtual machine takes back memory that became free, for up to a minute after files of gigabytes are gone, and
// holds up every process meanwhile (touched-memory.ts): a broker that was measured then stood still for 72 to 136 ms, and so did a process that does nothing.

import { setTimeout } from 'node:timers/promises'
import { startIdle } from './idle.ts'

const LOOK_MS = 3000
const STALL_MS = 10 // an idle process stands still for 2 to 6 otherwise
const AT_MOST_MS = 120_000

/** Until an idle process was not held up for three seconds, or for two minutes at most. */
export async function machineAtRest(progress: (sentence: string) => void): Promise<void> {
  const idle = startIdle()
  try {
    await idle.stallMs() // from now on
    for (let waitedMs = 0; waitedMs < AT_MOST_MS; waitedMs += LOOK_MS) {
      await setTimeout(LOOK_MS)
      if ((await idle.stallMs()) <= STALL_MS) return
    }
    progress(`the machine does not come to rest: an idle process still stands still for more than ${STALL_MS} ms; stalls will say little`)
  } finally {
    await idle.end()
  }
}
