// What is in a file of a data folder, entry by entry, as far as it can be read, and what is wrong and where. Reads only, and a log a piece at a time.

import { basename } from 'node:path'
import type { ReadingDisk } from '../disk/disk.ts'
import { LOG_START_OFFSETS, parseCheckpoint, RECOVERY_POINTS } from '../log/checkpoints.ts'
import { LEADER_EPOCH_CHECKPOINT, PARTITION_METADATA, parseOffsetFileName } from '../log/file-names.ts'
import { LeaderEpochs } from '../log/leader-epochs.ts'
import { parsePartitionMetadata } from '../log/log-folder.ts'
import { decodeSnapshot, type SnapshotEntry } from '../log/producers/producer-snapshot.ts'
import { OffsetIndex } from '../log/segments/offset-index.ts'
import { TimeIndex } from '../log/segments/time-index.ts'
import { type AbortedTransaction, parseTransactionIndex } from '../log/segments/transaction-index.ts'
import type { BatchView } from '../wire/records/batch.ts'
import { type FetchedRecord, readRecords } from '../wire/records/record.ts'
import { batchDamage } from './batch-damage.ts'
import { CLEANER_OFFSETS } from './compaction/cleaner-offsets.ts'
import { DATA_FOLDER_PROPERTIES } from './folder-check.ts'
import { type UnreadablePart, walkBatches } from './walk-batches.ts'

export interface DumpedBatch {
  readonly kind: 'batch'
  readonly position: number
  readonly size: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly recordCount: number
  readonly codec: string
  readonly timestampType: string
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly partitionLeaderEpoch: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly crc: number
  readonly isCrcValid: boolean
}

export type DumpEntry =
  | DumpedBatch
  | ({ readonly kind: 'record' } & FetchedRecord)
  | { readonly kind: 'index-entry'; readonly offset: number; readonly position: number }
  | { readonly kind: 'timeindex-entry'; readonly timestamp: number; readonly offset: number }
  | ({ readonly kind: 'aborted-transaction' } & AbortedTransaction)
  | ({ readonly kind: 'producer' } & SnapshotEntry)
  | { readonly kind: 'epoch'; readonly epoch: number; readonly startOffset: number }
  | { readonly kind: 'checkpoint'; readonly topic: string; readonly partition: number; readonly offset: number }
  | { readonly kind: 'partition'; readonly topicId: string }
  | { readonly kind: 'property'; readonly name: string; readonly value: string }
  | { readonly kind: 'damage'; readonly position?: number; readonly message: string }

/** Resolves to whether there is still somebody who reads. */
type Emit = (entry: DumpEntry) => Promise<boolean>

export interface DumpOptions {
  readonly disk: ReadingDisk
  readonly withRecords: boolean
  readonly emit: Emit
}

/** False for a file that is none of a data folder's. */
export async function dumpFile(path: string, options: DumpOptions): Promise<boolean> {
  const parsed = parseOffsetFileName(basename(path))
  if (parsed?.kind === 'log') await dumpLog(path, parsed.offset, options)
  else if (parsed?.kind === 'cut') await dumpLog(path, 0, options) // wherever it was cut off
  else {
    const entriesOf = parsed === undefined ? ENTRIES_BY_NAME[basename(path)] : ENTRIES_BY_KIND[parsed.kind]
    if (entriesOf === undefined) return false
    for (const entry of entriesOf(await readWhole(path, options.disk), parsed?.offset ?? 0)) if (!(await options.emit(entry))) break
  }
  return true
}

async function readWhole(path: string, disk: ReadingDisk): Promise<Buffer> {
  const bytes = await disk.readFile(path)
  if (bytes === undefined) throw Object.assign(new Error(`there is no file ${path}`), { code: 'ENOENT', path })
  return bytes
}

async function dumpLog(path: string, baseOffset: number, { disk, withRecords, emit }: DumpOptions): Promise<void> {
  const size = await disk.fileSize(path)
  const visit = async (view: BatchView, position: number): Promise<boolean> => {
    let isRead = await emit(describe(view, position))
    let records: Buffer | undefined
    const damage = await batchDamage(view, (sound) => (records = sound))
    if (damage !== undefined)
      isRead = await emit({ kind: 'damage', position, message: `the batch at offset ${view.baseOffset}: ${damage}` })
    if (!withRecords || records === undefined) return isRead
    for (const record of readRecords(records, view)) if (!(isRead &&= await emit({ kind: 'record', ...record }))) break
    return isRead
  }
  const unreadable = async ({ position, message }: UnreadablePart): Promise<void> =>
    void (await emit({ kind: 'damage', position, message }))
  await disk.openFor(path, 'reading', (file) => walkBatches({ file, size, baseOffset, visit, unreadable }))
}

function describe(view: BatchView, position: number): DumpedBatch {
  const { baseOffset, lastOffset, recordCount, timestampType, baseTimestamp, maxTimestamp, partitionLeaderEpoch } = view
  const { producerId, producerEpoch, baseSequence, lastSequence, isTransactional, isControl, crc, isCrcValid } = view
  const codec = view.knownCodec ?? 'unknown'
  const place = { position, size: view.sizeInBytes, baseOffset, lastOffset, recordCount, codec }
  const times = { timestampType, baseTimestamp, maxTimestamp, partitionLeaderEpoch }
  const producer = { producerId, producerEpoch, baseSequence, lastSequence, isTransactional, isControl }
  return { kind: 'batch', ...place, ...times, ...producer, crc, isCrcValid }
}

type EntriesOf = (bytes: Buffer, baseOffset: number) => Iterable<DumpEntry>

const ENTRIES_BY_KIND: Readonly<Partial<Record<string, EntriesOf>>> = {
  *index(bytes, baseOffset) {
    const index = OffsetIndex.parse(bytes, baseOffset, 0)
    for (const entry of index.entries()) yield { kind: 'index-entry', ...entry }
    yield* restOf(bytes, index.bytes().length)
  },
  *timeindex(bytes, baseOffset) {
    const index = TimeIndex.parse(bytes, baseOffset, 0)
    for (const entry of index.entries()) yield { kind: 'timeindex-entry', ...entry }
    yield* restOf(bytes, index.bytes().length)
  },
  *txnindex(bytes) {
    const { transactions, end } = parseTransactionIndex(bytes)
    for (const transaction of transactions) yield { kind: 'aborted-transaction', ...transaction }
    yield* restOf(bytes, end)
  },
  *snapshot(bytes) {
    const entries = decodeSnapshot(bytes)
    if (entries === undefined) yield UNREADABLE
    else for (const entry of entries) yield { kind: 'producer', ...entry }
  },
}

const ENTRIES_BY_NAME: Readonly<Partial<Record<string, EntriesOf>>> = {
  *[PARTITION_METADATA](bytes) {
    const topicId = parsePartitionMetadata(bytes.toString())
    yield topicId === undefined ? UNREADABLE : { kind: 'partition', topicId }
  },
  *[LEADER_EPOCH_CHECKPOINT](bytes) {
    const epochs = LeaderEpochs.parse(bytes.toString())
    if (epochs === undefined) yield UNREADABLE
    else for (const entry of epochs.entries) yield { kind: 'epoch', ...entry }
  },
  [RECOVERY_POINTS]: checkpointEntries,
  [LOG_START_OFFSETS]: checkpointEntries,
  [CLEANER_OFFSETS]: checkpointEntries,
  *[DATA_FOLDER_PROPERTIES](bytes) {
    for (const line of bytes.toString().trimEnd().split('\n')) {
      const at = line.indexOf('=')
      if (at < 1) yield { kind: 'damage', message: `a line is not name=value: ${line}` }
      else yield { kind: 'property', name: line.slice(0, at), value: line.slice(at + 1) }
    }
  },
}

const UNREADABLE: DumpEntry = { kind: 'damage', position: 0, message: 'the file cannot be read: it is not as it was written' }

function* checkpointEntries(bytes: Buffer): Iterable<DumpEntry> {
  const offsets = parseCheckpoint(bytes.toString())
  if (offsets === undefined) return yield UNREADABLE
  for (const [key, offset] of offsets) {
    const [topic, partition] = key.split(' ')
    yield { kind: 'checkpoint', topic: topic!, partition: Number(partition), offset }
  }
}

function* restOf(bytes: Buffer, end: number): Iterable<DumpEntry> {
  if (bytes.subarray(end).some((byte) => byte !== 0)) {
    yield {
      kind: 'damage',
      position: end,
      message: 'an entry does not continue the one before it, or is incomplete; what follows is not shown',
    }
  }
}
