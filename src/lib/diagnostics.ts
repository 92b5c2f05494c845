// Log lines: what happened, with its data beside it, to a sink that is handed in. A line repeated within a minute is counted, not printed again.

import type { Clock } from './clock.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LEVELS)[number]
type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface LogLine {
  readonly level: LogLevel
  readonly timeMs: number
  readonly message: string
  readonly fields: LogFields
}

export interface Diagnostics {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

const REPEAT_WINDOW_MS = 60_000
const REMEMBERED_LINES_MAX = 1000

/** Lines below `level` are dropped. A line with the same level, message and fields as one of the last minute is counted; the count goes out with its next printing, as `repeated`. */
export function createDiagnostics(clock: Clock, level: LogLevel, sink: (line: LogLine) => void): Diagnostics {
  const seen = new Map<string, { untilMs: number; repeated: number }>()
  const emit = (lineLevel: LogLevel, message: string, fields: LogFields = {}): void => {
    if (LEVELS.indexOf(lineLevel) < LEVELS.indexOf(level)) return
    const key = `${lineLevel} ${message} ${JSON.stringify(fields)}`
    const earlier = seen.get(key)
    if (earlier !== undefined && clock.monotonic() < earlier.untilMs) {
      earlier.repeated++
      return
    }
    if (seen.size >= REMEMBERED_LINES_MAX) seen.clear()
    seen.set(key, { untilMs: clock.monotonic() + REPEAT_WINDOW_MS, repeated: 0 })
    const repeated = earlier !== undefined && earlier.repeated > 0 ? { repeated: earlier.repeated } : {}
    sink({ level: lineLevel, timeMs: clock.now(), message, fields: { ...fields, ...repeated } })
  }
  return {
    debug: (message, fields) => emit('debug', message, fields),
    info: (message, fields) => emit('info', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    error: (message, fields) => emit('error', message, fields),
  }
}

/** One line of text: `2026-01-31T12:00:00.000Z warn  message  key=value`. */
export function formatText(line: LogLine): string {
  const fields = Object.entries(line.fields).filter(([, value]) => value !== undefined)
  const text = fields.map(([name, value]) => `  ${name}=${String(value)}`).join('')
  return `${new Date(line.timeMs).toISOString()} ${line.level.padEnd(5)} ${line.message}${text}`
}

/** One JSON object: time, level, message, then the fields. */
export function formatJson(line: LogLine): string {
  return JSON.stringify({ time: new Date(line.timeMs).toISOString(), level: line.level, message: line.message, ...line.fields })
}
