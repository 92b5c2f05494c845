// How long a stall is, as it is judged. Pure.

import type { WatchReport } from '../broker/stall-watch.ts'

export const STALL_LIMIT_MS = 50

export type SeenStall = Pick<WatchReport, 'stall' | 'ownStall'>

/** By the clock; or the broker's own part of it: what its thread ran, and waited for the disk. */
export const countedMs = ({ stall, ownStall: { ranMs, diskMs } }: SeenStall, isOwn: boolean): number =>
  isOwn ? ranMs + diskMs : stall.wallMs
