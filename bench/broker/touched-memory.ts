// Memory that a run will find at hand. The host of a virtual machine may hand out memory only when it is touched, and take back what was free for a while: on such
// a machine the page cache took 3.2 GB/s as long as it got memory that somebody had used shortly before, and 0.36 GB/s from there on. Whoever ran first paid for it.
// Taking it back holds up the machine in turn: what is left over goes soon after, and whoever touches memory then waits for the host, though nothing of it
// was freed (64 MB of one's own, a touch a page: 82 to 108 ms of CPU instead of 0.8, one page fault where they were counted). A broker that wrote and served 0.8 GB/s stood still
// for up to 810 ms then, and for 8 at most when nothing had been touched. So stalls are measured without, and cases that write little are measured without altogether
// (10,000 records/s: a 99th percentile of 2 to 4 ms instead of 6 to 86).

import { spawnSync } from 'node:child_process'
import { freemem } from 'node:os'

const AT_MOST_BYTES = 8 * 2 ** 30 // what a run may fill
const PIECE_BYTES = 2 ** 28

/** Uses half of the free memory, 8 GB at most, and gives it back. */
export function touchMemory(): void {
  const pieces = Math.floor(Math.min(AT_MOST_BYTES, freemem() / 2) / PIECE_BYTES)
  spawnSync(process.execPath, ['-e', `globalThis.kept = Array.from({ length: ${pieces} }, () => Buffer.alloc(${PIECE_BYTES}, 1))`])
}
