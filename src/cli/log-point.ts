// A place in a log as a person names it: its beginning, its end, an offset, or a time.

import { InvalidArgumentError } from 'commander'

export type LogPoint =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'time'; readonly timeMs: number }

export const LOG_POINTS =
  'earliest, latest, an offset, or a time as 2026-01-31 or 2026-01-31T12:00:00Z (local time unless it names its zone) or @1769860800000 (ms since 1970)'

export function parseLogPoint(text: string): LogPoint {
  if (text === 'earliest' || text === 'latest') return { kind: text }
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { kind: 'offset', offset: Number(text) }
  if (/^@\d{1,15}$/.test(text)) return { kind: 'time', timeMs: Number(text.slice(1)) }
  const timeMs = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text) // a date alone would be UTC
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(timeMs)) {
    throw new InvalidArgumentError(
      'It must be earliest, latest, an offset, or a time as 2026-01-31, 2026-01-31T12:00, 2026-01-31T12:00:00Z or @1769860800000.',
    )
  }
  return { kind: 'time', timeMs }
}
