// What a run of a case found. Rates are higher the better, all others lower.

export interface Figures {
  readonly megabytesPerSecond?: number
  readonly requestsPerSecond?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly p999Ms?: number
  readonly cpuSecondsPerGigabyte?: number
  readonly cpuMicrosecondsPerRequest?: number
  readonly peakMegabytes?: number
  /** By the clock: also while other processes, or the host of a virtual machine, had the cores. */
  readonly stallMs?: number
  /** The longest that the broker's thread ran, and waited for the disk, without a look at the clock: what it did itself. */
  readonly ownStallMs?: number
  /** The longest stall of a process that does nothing, in the same run: what the machine itself, or whoever has its cores, holds up. */
  readonly idleStallMs?: number
  /** From the start of the process. */
  readonly firstRoundTripMs?: number
  /** From the start of the process, after a clean stop. */
  readonly readyMs?: number
  readonly allReadyMs?: number
  readonly readyAfterKillMs?: number
  readonly allReadyAfterKillMs?: number
  /** Until every member has its part, from when one more joins, and from when one leaves. */
  readonly joinMs?: number
  readonly leaveMs?: number
  readonly residentMegabytes?: number
}

export type Figure = keyof Figures
