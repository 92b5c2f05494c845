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
  readonly stallMs?: number
}

export type Figure = keyof Figures
