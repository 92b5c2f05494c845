// The aborted transactions of one segment, in the order of their markers.
//
//   bytes 0-1     version (0)
//   bytes 2-9     producer id
//   bytes 10-17   first offset         of the transaction
//   bytes 18-25   last offset          its marker's
//   bytes 26-33   last stable offset   once the marker was written

import { Reader } from '../../wire/reader.ts'

const ENTRY_SIZE = 34

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly lastStableOffset: number
}

/** The longest part of a file's bytes that is a valid index, and where it ends. */
export function parseTransactionIndex(bytes: Buffer): { transactions: AbortedTransaction[]; end: number } {
  const reader = new Reader(bytes)
  const transactions: AbortedTransaction[] = []
  while (reader.remaining >= ENTRY_SIZE) {
    const end = reader.position
    const version = reader.int16()
    const [producerId, firstOffset, lastOffset, lastStableOffset] = [reader.int64(), reader.int64(), reader.int64(), reader.int64()]
    const grows = firstOffset >= 0 && lastOffset > firstOffset && lastOffset > (transactions.at(-1)?.lastOffset ?? -1)
    if (version !== 0 || producerId < 0 || !grows) return { transactions, end }
    transactions.push({ producerId, firstOffset, lastOffset, lastStableOffset })
  }
  return { transactions, end: reader.position }
}
