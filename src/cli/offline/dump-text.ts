// The entries of a data folder's files as lines, for people and for programs.

import { toJson } from '../record-text.ts'
import { formatCount } from '../terminal.ts'
import type { DumpedBatch, DumpEntry } from '../../upkeep/dump.ts'

/** An object for JSON.stringify: keys and values of records as `ottla consume --json` prints them, times in ms since 1970. */
export function entryAsJson(file: string, entry: DumpEntry): object {
  if (entry.kind !== 'record') return { file, ...entry }
  const headers = entry.headers.map(({ key, value }) => ({ key, value: toJson(value) }))
  return { file, ...entry, key: toJson(entry.key), value: toJson(entry.value), headers }
}

export function entryAsText(entry: DumpEntry): string {
  switch (entry.kind) {
    case 'batch':
      return batchText(entry)
    case 'record':
      return `    offset ${entry.offset}  ${time(entry.timestamp)}  key ${JSON.stringify(toJson(entry.key))}  value ${JSON.stringify(toJson(entry.value))}${entry.headers
        .map(({ key, value }) => `  header ${key} ${JSON.stringify(toJson(value))}`)
        .join('')}`
    case 'index-entry':
      return `  offset ${entry.offset}  at ${entry.position}`
    case 'timeindex-entry':
      return `  up to offset ${entry.offset}  greatest ${time(entry.timestamp)}`
    case 'aborted-transaction':
      return `  producer ${entry.producerId}  offsets ${entry.firstOffset}-${entry.lastOffset}  last stable offset ${entry.lastStableOffset}`
    case 'producer':
      return `  producer ${entry.producerId} epoch ${entry.producerEpoch}  last sequence ${entry.lastSequence}  last batch ${entry.lastOffset - entry.offsetDelta}-${entry.lastOffset}  ${time(entry.timestamp)}`
    case 'epoch':
      return `  leader epoch ${entry.epoch}  from offset ${entry.startOffset}`
    case 'checkpoint':
      return `  ${entry.topic} partition ${entry.partition}  offset ${entry.offset}`
    case 'partition':
      return `  topic id ${entry.topicId}`
    case 'property':
      return `  ${entry.name} = ${entry.value}`
    case 'damage':
      return `  DAMAGE${entry.position === undefined ? '' : ` at byte ${entry.position}`}: ${entry.message}`
  }
}

function batchText(batch: DumpedBatch): string {
  const { position, size, baseOffset, lastOffset, recordCount, codec, timestampType, maxTimestamp, partitionLeaderEpoch } = batch
  const parts = [
    `at ${position}`,
    `offsets ${baseOffset}-${lastOffset}`,
    formatCount(recordCount, 'record'),
    `${size} bytes`,
    codec,
    `${timestampType} ${time(maxTimestamp)}`,
    `leader epoch ${partitionLeaderEpoch}`,
  ]
  if (batch.producerId >= 0)
    parts.push(`producer ${batch.producerId} epoch ${batch.producerEpoch} sequences ${batch.baseSequence}-${batch.lastSequence}`)
  if (batch.isTransactional) parts.push('transactional')
  if (batch.isControl) parts.push('control')
  parts.push(batch.isCrcValid ? `crc ${batch.crc}` : `crc ${batch.crc} is wrong`)
  return `  ${parts.join('  ')}`
}

/** -1 is no time; what is out of every calendar stays a number. */
function time(ms: number): string {
  if (ms === -1) return 'no time'
  return Math.abs(ms) > 8.64e15 ? `${ms}` : new Date(ms).toISOString()
}
