// What is written: text of words, which codecs pack to a half or a third, as they do what people log. The same every time.

import { Buffer } from 'node:buffer'
import { encodeBatch } from '../../wire/records/record.ts'
import type { Codec } from '../../wire/records/codecs.ts'

const WORDS =
  'order paid shipped customer warehouse basket invoice parcel street number total amount euro dollar returned late early'.split(' ')
const RECORD_OVERHEAD_BYTES = 10 // of a record beside its value, about

/** Records of about `recordBytes` each, as many as come near `batchBytes` before compression; at least one. */
export async function sampleBatch(
  { recordBytes, batchBytes }: { recordBytes: number; batchBytes: number },
  codec: Codec,
): Promise<{ batch: Buffer; records: number }> {
  const valueBytes = Math.max(0, recordBytes - RECORD_OVERHEAD_BYTES)
  const records = Math.max(1, Math.floor(batchBytes / recordBytes))
  const timestamp = Date.now()
  const text = wordsOf(records * valueBytes)
  const value = (index: number): Buffer => text.subarray(index * valueBytes, (index + 1) * valueBytes)
  const batch = await encodeBatch({
    codec,
    records: Array.from({ length: records }, (_, index) => ({ timestamp, key: null, value: value(index) })),
  })
  return { batch, records }
}

function wordsOf(bytes: number): Buffer {
  const words: string[] = []
  let state = 1
  for (let length = 0; length < bytes;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const word = state % 3 === 0 ? String(state) : WORDS[(state >>> 8) % WORDS.length]!
    words.push(word)
    length += word.length + 1
  }
  return Buffer.from(words.join(' ').slice(0, bytes).padEnd(bytes))
}
