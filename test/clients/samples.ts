// The records that every writer of the matrix writes: one of each kind that clients and codecs have stumbled over.

import { record, type TestRecord } from './drivers/records.ts'

/** Text that no codec makes much smaller, the same every time. */
export function noise(length: number): string {
  let state = 12345
  let text = ''
  while (text.length < length) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    text += state.toString(36)
  }
  return text.slice(0, length)
}

const HEADERS = [
  ['trace', 'a1b2'],
  ['Überschrift', 'größer als früher'],
  ['leer', ''],
] as const

export const firstRecords: readonly TestRecord[] = [
  record('key', 'value'),
  record(null, 'no key'),
  record('', 'an empty key'),
  record('an empty value', ''),
  record('a tombstone', null),
  record(null, null),
  record('ключ', 'значение, 日本語, 🚀'),
  record('with headers', 'and a value', HEADERS),
  record('with the same header twice', 'value', [
    ['step', '1'],
    ['step', '2'],
  ]),
  record('with a header without value', 'value', [['nothing', null]]),
  record('quotes', '{"a": "b\\c", \'d\': "\ttab"}'),
  record('large', noise(900_000)),
]

export const linesInValues: TestRecord = record('lines', 'first\nsecond\r\nthird\n')

/** Small ones, written together after the first: the offset and the timestamp to start from lie among them. */
export const laterRecords: readonly TestRecord[] = Array.from({ length: 100 }, (_, index) =>
  record(`key ${index}`, `value ${index} of a batch`),
)
