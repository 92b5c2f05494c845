// What a client sends to be appended, checked before the log sees it: one whole batch of format 2, its checksum, its header, each of its records. Kafka's
// error for each offence; where Kafka lets a batch pass that its own consumers could not read, it is refused here (docs/decisions/0002-compression-libraries.md).
// Small batches are checked at once, large compressed ones on the thread pool. The log appends what comes out.

import { Malformed } from '../../wire/reader.ts'
import { Refusal } from '../../wire/error-codes.ts'
import { BATCH_HEADER_SIZE, BATCH_OVERHEAD, BatchView, LOG_APPEND_TIME_BIT } from '../../wire/records/batch.ts'
import { type Codec, decompress } from '../../wire/records/codecs.ts'
import { OutputTooLarge } from '../../wire/records/compression.ts'
import { checkRecords, type RecordRules } from './check-records.ts'
import { recompress } from './rewrite-batch.ts'

export interface BatchRules extends RecordRules {
  /** Of the batch as it is sent, and as it is stored. */
  readonly maxMessageBytes: number
  readonly maxDecompressedBytes: number
  /** Of the request. */
  readonly transactionalId: string | null
  readonly compressionType: 'producer' | 'uncompressed' | Codec
  /** Of the topic's codec, as in `compression.<codec>.level`. */
  readonly compressionLevel?: number | undefined
  /** False for Produce below version 7, whose clients could not read it back (KIP-110). Left out: true. */
  readonly allowsZstd?: boolean
}

export interface CheckedBatch {
  readonly bytes: Buffer
  /** Of `bytes`, which it covers. */
  readonly view: BatchView
}

const MAGIC = 2
const MAGIC_POSITION = 16
const BATCH_LENGTH_MIN = 14 // of the smallest message of any format

/**
 * Throws or rejects with a Refusal, RefusedRecords where single records are to blame. `records` is the buffer of the request, and becomes part of
 * the answer: the greatest timestamp and the timestamp type in its header are set right in place.
 */
export function checkBatch(records: Buffer | null, rules: BatchRules): CheckedBatch | Promise<CheckedBatch> {
  const view = new BatchView(onlyBatch(records ?? Buffer.alloc(0), rules))
  checkHeader(view, rules)
  const { codec } = view
  if (codec === 'none') return finish(view, view.buffer, BATCH_HEADER_SIZE, rules)
  const uncompressed = unpack(codec, view, rules)
  return uncompressed instanceof Promise
    ? uncompressed.then((bytes) => finish(view, bytes, 0, rules))
    : finish(view, uncompressed, 0, rules)
}

const invalid = (message: string): Refusal => new Refusal('INVALID_RECORD', message)

function onlyBatch(records: Buffer, { transactionalId, allowsZstd = true }: BatchRules): Buffer {
  const size = batchSizeAt(records, 0)
  if (size === undefined) throw invalid('there is no whole record batch')
  const magic = records[MAGIC_POSITION]!
  if (magic !== MAGIC) throw invalid(`the record batch has format ${magic}; this broker takes format ${MAGIC}, of Kafka 0.11 and later`)
  if (size < BATCH_HEADER_SIZE) throw new Refusal('CORRUPT_MESSAGE', `a record batch of ${size} bytes is too short for its header`)
  const view = new BatchView(records)
  if (view.isTransactional && transactionalId === null) {
    throw new Refusal('TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'a transactional batch in a request without a transactional id')
  }
  if (batchSizeAt(records, size) !== undefined) throw invalid('there is more than one record batch')
  if (view.knownCodec === 'zstd' && !allowsZstd) {
    throw new Refusal('UNSUPPORTED_COMPRESSION_TYPE', 'zstd needs version 7 or later of the Produce request')
  }
  return records.subarray(0, size)
}

/** Of the whole batch that begins there. Undefined when there is none, or only the beginning of one, which old clients are used to see ignored. */
function batchSizeAt(records: Buffer, position: number): number | undefined {
  const remaining = records.length - position
  if (remaining < BATCH_OVERHEAD) return undefined
  const batchLength = records.readInt32BE(position + 8)
  if (batchLength < BATCH_LENGTH_MIN) throw new Refusal('CORRUPT_MESSAGE', `a record batch claims a length of ${batchLength} bytes`)
  if (remaining <= MAGIC_POSITION) return undefined
  const magic = records.readInt8(position + MAGIC_POSITION)
  if (magic < 0 || magic > MAGIC) throw new Refusal('CORRUPT_MESSAGE', `a record batch of unknown format ${magic}`)
  return remaining < batchLength + BATCH_OVERHEAD ? undefined : batchLength + BATCH_OVERHEAD
}

/** In Kafka's order, so that of several offences the same one is answered. */
function checkHeader(view: BatchView, { maxMessageBytes }: BatchRules): void {
  const { recordCount, lastOffsetDelta, sizeInBytes } = view
  if (view.baseOffset !== 0) throw invalid(`the base offset of a batch to append must be 0, and is ${view.baseOffset}`)
  checkSize(sizeInBytes, maxMessageBytes)
  if (!view.isCrcValid) throw new Refusal('CORRUPT_MESSAGE', 'the checksum of the record batch is wrong')
  if (view.knownCodec === undefined) {
    throw new Refusal('UNSUPPORTED_COMPRESSION_TYPE', `the record batch names codec ${view.attributes & 7}, which does not exist`)
  }
  if (recordCount <= 0) throw invalid(`a record batch of ${recordCount} records`)
  if (lastOffsetDelta !== recordCount - 1)
    throw invalid(`a record batch of ${recordCount} records whose last offset delta is ${lastOffsetDelta}`)
  if (view.isControl) throw invalid('clients may not write control batches')
  if (view.producerId >= 0 && view.baseSequence < 0) throw invalid(`a batch of producer ${view.producerId} without a sequence`)
}

function checkSize(size: number, maxMessageBytes: number): void {
  if (size > maxMessageBytes) {
    throw new Refusal('MESSAGE_TOO_LARGE', `the record batch has ${size} bytes; the topic allows ${maxMessageBytes} (max.message.bytes)`)
  }
}

function unpack(codec: Codec, view: BatchView, { maxDecompressedBytes }: BatchRules): Buffer | Promise<Buffer> {
  try {
    const uncompressed = decompress(codec, view.packedRecords, maxDecompressedBytes)
    return uncompressed instanceof Promise ? uncompressed.catch(refuseUndecodable) : uncompressed
  } catch (error) {
    return refuseUndecodable(error)
  }
}

/** The checksum was right: the sender's own mistake, which sending it once more would not mend. So not CORRUPT_MESSAGE, which clients retry. */
function refuseUndecodable(error: unknown): never {
  if (error instanceof Malformed) throw invalid(`the records cannot be decompressed: ${error.message}`)
  if (error instanceof OutputTooLarge) throw new Refusal('MESSAGE_TOO_LARGE', `${error.message} (max.decompressed.batch.bytes)`)
  throw error
}

/** `uncompressed` holds the records from `start` on. */
function finish(view: BatchView, uncompressed: Buffer, start: number, rules: BatchRules): CheckedBatch | Promise<CheckedBatch> {
  settleTimestamps(view, uncompressed, start, rules)
  const codec = rules.compressionType === 'uncompressed' ? 'none' : rules.compressionType
  if (codec === 'producer' || codec === view.codec) return { bytes: view.buffer, view }
  const assemble = (bytes: Buffer): CheckedBatch => {
    checkSize(bytes.length, rules.maxMessageBytes)
    return { bytes, view: new BatchView(bytes) }
  }
  const bytes = recompress(view, uncompressed.subarray(start), codec, rules.compressionLevel)
  return bytes instanceof Promise ? bytes.then(assemble) : assemble(bytes)
}

/** Checks the records, and makes the header say what holds: consumers and the time index rely on it, and some clients do not take the trouble. */
function settleTimestamps(view: BatchView, uncompressed: Buffer, start: number, rules: BatchRules): void {
  const isLogAppendTime = rules.timestampType === 'LogAppendTime'
  if (isLogAppendTime && view.timestampType === 'LogAppendTime') {
    throw new Refusal('INVALID_TIMESTAMP', 'a producer may not set the timestamp type to LogAppendTime')
  }
  const greatestTimestamp = checkRecords(uncompressed, start, view, rules)
  const attributes = isLogAppendTime ? view.attributes | LOG_APPEND_TIME_BIT : view.attributes & ~LOG_APPEND_TIME_BIT
  const maxTimestamp = isLogAppendTime ? rules.nowMs : greatestTimestamp
  if (attributes !== view.attributes || maxTimestamp !== view.maxTimestamp) view.seal(attributes, maxTimestamp)
}
