// One partition of `__consumer_offsets`: the records of the groups that belong to it. What groups write in one turn of the event loop, or while the batch before
// is on its way, goes out as one batch, so that 10,000 commits a second are a few hundred appends. One batch is on its way at a time: what follows one that fails
// is never in the log without it. Records that are written together are in one batch, and so on disk together or not at all.

import type { Clock } from '../lib/clock.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import { nextTurn } from '../lib/turns.ts'
import type { AppendRequest, RecordStore } from '../topics/record-store.ts'
import { Refusal } from '../wire/error-codes.ts'
import { BatchView } from '../wire/records/batch.ts'
import { decompress } from '../wire/records/codecs.ts'
import { encodeBatchInSteps, type RecordToEncode, readRecords } from '../wire/records/record.ts'
import { decodeGroupRecord, encodeGroupRecords, type GroupRecord, type GroupRecordDraft } from './records/group-record.ts'

const READ_BYTES = 1 << 20
const DECOMPRESSED_BYTES_MAX = 64 << 20
const RECORD_OVERHEAD_BYTES = 32 // at most, of a record besides its key and value
const BATCH_OVERHEAD_BYTES = 61
const ENCODED_PER_STEP = 500 // a millisecond or two
const WITHOUT_END = 2 ** 31 - 1 // ms: whoever waits has a timeout of its own, and the log has to know what became of the append

interface Waiting {
  readonly drafts: readonly GroupRecordDraft[]
  readonly timestamp: number
  /** Once it is about to be written. */
  encoded: { readonly records: readonly RecordToEncode[]; readonly size: number } | undefined
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export interface GroupLogOptions {
  readonly records: Pick<RecordStore, 'append' | 'read' | 'bounds'>
  readonly clock: Clock
  readonly turnShare: TurnShare
  readonly topicId: string
  readonly partitionIndex: number
  readonly maxBatchBytes: () => number
  /** Called once: what was written since the failure is lost, and the groups' state with it. */
  readonly failed: (refusal: Refusal) => void
}

export class GroupLog {
  readonly #options: GroupLogOptions
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #failure: Refusal | undefined

  constructor(options: GroupLogOptions) {
    this.#options = options
  }

  /** Every record from the first to the last, in order; those that cannot be read are passed over. Throws a Refusal when the partition cannot be read. */
  async *replay(passedOver: (offset: number, error: unknown) => void): AsyncGenerator<GroupRecord> {
    const { records, turnShare, topicId, partitionIndex } = this.#options
    const { logStartOffset, highWatermark } = await records.bounds(topicId, partitionIndex)
    for (let offset = logStartOffset; offset < highWatermark;) {
      const read = { topicId, partitionIndex, offset, maxBytes: READ_BYTES, lastFetchedEpoch: -1 }
      const request = { reads: [read], maxBytes: READ_BYTES, atLeastOneBatch: true, readCommitted: false, stopsWhenFull: false }
      const [found] = await records.read(request)
      if (found instanceof Refusal) throw found
      const bytes = Buffer.concat(found!.chunks)
      if (bytes.length === 0) return
      for (let position = 0; position < bytes.length;) {
        const batch = new BatchView(bytes, position)
        if (!batch.isControl) {
          const unpacked = await decompress(batch.codec, batch.packedRecords, DECOMPRESSED_BYTES_MAX)
          for (const record of readRecords(unpacked, batch)) {
            const decoded = decodedAfter(record, offset, passedOver)
            if (decoded !== undefined) yield decoded
            const wait = turnShare.step() // there may be millions
            if (wait !== undefined) await wait
          }
        }
        position += batch.sizeInBytes
        offset = batch.lastOffset + 1
      }
    }
  }

  /** As GroupServices.write says. */
  write(records: readonly GroupRecordDraft[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const timestamp = this.#options.clock.now()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ drafts: records, timestamp, encoded: undefined, resolve, reject })
      this.#writing ??= this.#write()
    })
  }

  /** Everything that was written is on disk, or refused. */
  async idle(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    await nextTurn() // what other requests of this turn write goes out in the same batch
    while (this.#waiting.length > 0) {
      const together = await this.#nextBatch()
      if (together.length === 0) continue
      try {
        await this.#append(together)
        await this.#options.turnShare.step() // a sync brings the commits of many shards to an end, and each may have thousands
        for (const { resolve } of together) resolve()
      } catch (error) {
        this.#fail(error, together)
      }
    }
    this.#writing = undefined
  }

  /** What no batch can hold is refused, and left out. */
  async #nextBatch(): Promise<Waiting[]> {
    const sizeMax = this.#options.maxBatchBytes()
    const together: Waiting[] = []
    for (let size = BATCH_OVERHEAD_BYTES; this.#waiting.length > 0;) {
      const wait = this.#options.turnShare.step()
      if (wait !== undefined) await wait
      const next = this.#waiting[0]!
      try {
        next.encoded ??= await this.#encode(next, sizeMax)
        size += next.encoded.size
        if (together.length > 0 && size > sizeMax) break
        together.push(next)
      } catch (error) {
        next.reject(error)
      }
      this.#waiting.shift()
    }
    return together
  }

  /** Rejects with UNKNOWN_SERVER_ERROR. */
  async #encode({ drafts, timestamp }: Waiting, sizeMax: number): Promise<Waiting['encoded'] & object> {
    const records: RecordToEncode[] = []
    for (let start = 0; start < drafts.length; start += ENCODED_PER_STEP) {
      if (start > 0) await this.#options.turnShare.step()
      const encoded = encodeGroupRecords(drafts.slice(start, start + ENCODED_PER_STEP))
      for (const { key, value } of encoded) records.push({ timestamp, key, value })
    }
    const size = records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES, 0)
    if (size + BATCH_OVERHEAD_BYTES <= sizeMax) return { records, size }
    throw new Refusal('UNKNOWN_SERVER_ERROR', `${size} bytes are more than a batch of __consumer_offsets may have`)
  }

  /** Resolves when the batch is durable. */
  async #append(together: readonly Waiting[]): Promise<void> {
    const { records, topicId, partitionIndex } = this.#options
    await this.#options.turnShare.step()
    const batch = await this.#options.turnShare.through(
      encodeBatchInSteps({ records: together.flatMap(({ encoded }) => encoded!.records) }),
    )
    await this.#options.turnShare.step() // it is checked as any batch is, which takes as long again
    const appends = [{ topicId, partitionIndex, records: batch }]
    const request: AppendRequest = { transactionalId: null, allowsZstd: true, timeoutMs: WITHOUT_END, appends }
    const [result] = await (await records.append(request)).results
    if (result instanceof Refusal) throw result
  }

  #fail(error: unknown, together: readonly Waiting[]): void {
    this.#failure = new Refusal('NOT_COORDINATOR', error instanceof Error ? error.message : String(error))
    for (const { reject } of [...together, ...this.#waiting.splice(0)]) reject(this.#failure)
    this.#options.failed(this.#failure)
  }
}

function decodedAfter(
  { key, value, offset }: { readonly key: Buffer | null; readonly value: Buffer | null; readonly offset: number },
  fromOffset: number,
  passedOver: (offset: number, error: unknown) => void,
): GroupRecord | undefined {
  if (offset < fromOffset || key === null) return undefined
  try {
    return decodeGroupRecord(key, value && Buffer.from(value)) // what a group keeps of it would keep all that was read
  } catch (error) {
    passedOver(offset, error)
    return undefined
  }
}
