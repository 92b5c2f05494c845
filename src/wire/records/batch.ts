// One record batch (format 2) as it lies in a buffer: a view, never a copy. Of its fields only those in front of the checksum may be changed without
// computing it anew, and they are the ones that a broker fills in.
//
//   bytes 0-7    base offset              of the first record
//   bytes 8-11   batch length             of what follows these 12 bytes
//   bytes 12-15  partition leader epoch
//   byte  16     magic                    2
//   bytes 17-20  crc                      CRC-32C of what follows
//   bytes 21-22  attributes               bits 0-2 codec, 3 timestamp type (1: LogAppendTime), 4 transactional, 5 control, 6 delete horizon set
//   bytes 23-26  last offset delta        offset of the last record − base offset; may exceed the record count − 1 once compacted
//   bytes 27-34  base timestamp           the records' timestamps are relative to it; the delete horizon where that is set
//   bytes 35-42  max timestamp            of the records; with LogAppendTime, of each of them
//   bytes 43-50  producer id              -1 without one, and so the next two
//   bytes 51-52  producer epoch
//   bytes 53-56  base sequence            of the first record
//   bytes 57-60  record count
//   bytes 61-    records                  compressed as one when there is a codec

import { type Codec, CODECS } from './codecs.ts'
import { crc32c } from './crc32c.ts'
import { Malformed } from '../reader.ts'
import { int64At, writeInt64At } from '../fixed-size.ts'

export type TimestampType = 'CreateTime' | 'LogAppendTime'

export const BATCH_HEADER_SIZE = 61
/** Base offset and batch length, which the batch length does not count. */
export const BATCH_OVERHEAD = 12
const CRC_START = 21

export const CODEC_MASK = 0x07
export const LOG_APPEND_TIME_BIT = 0x08
export const TRANSACTIONAL_BIT = 0x10
export const CONTROL_BIT = 0x20
export const DELETE_HORIZON_BIT = 0x40

export class BatchView {
  readonly buffer: Buffer
  readonly position: number

  /** At least the header must be in the buffer. */
  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer
    this.position = position
  }

  get baseOffset(): number {
    return int64At(this.buffer, this.position)
  }

  set baseOffset(value: number) {
    writeInt64At(this.buffer, value, this.position)
  }

  get batchLength(): number {
    return this.buffer.readInt32BE(this.position + 8)
  }

  get sizeInBytes(): number {
    return this.batchLength + BATCH_OVERHEAD
  }

  get partitionLeaderEpoch(): number {
    return this.buffer.readInt32BE(this.position + 12)
  }

  set partitionLeaderEpoch(value: number) {
    this.buffer.writeInt32BE(value, this.position + 12)
  }

  get magic(): number {
    return this.buffer.readInt8(this.position + 16)
  }

  get crc(): number {
    return this.buffer.readUInt32BE(this.position + 17)
  }

  get attributes(): number {
    return this.buffer.readInt16BE(this.position + CRC_START)
  }

  /** Undefined when the attributes name none that exists. */
  get knownCodec(): Codec | undefined {
    return CODECS[this.attributes & CODEC_MASK]
  }

  /** Throws Malformed when the attributes name none that exists. */
  get codec(): Codec {
    const codec = this.knownCodec
    if (codec === undefined) throw new Malformed(`there is no codec ${this.attributes & CODEC_MASK}`)
    return codec
  }

  get timestampType(): TimestampType {
    return (this.attributes & LOG_APPEND_TIME_BIT) === 0 ? 'CreateTime' : 'LogAppendTime'
  }

  get isTransactional(): boolean {
    return (this.attributes & TRANSACTIONAL_BIT) !== 0
  }

  get isControl(): boolean {
    return (this.attributes & CONTROL_BIT) !== 0
  }

  /** From when on compaction may remove the tombstones in it (KIP-534); undefined until compaction has set it. */
  get deleteHorizonMs(): number | undefined {
    return (this.attributes & DELETE_HORIZON_BIT) === 0 ? undefined : this.baseTimestamp
  }

  get lastOffsetDelta(): number {
    return this.buffer.readInt32BE(this.position + 23)
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }

  get baseTimestamp(): number {
    return int64At(this.buffer, this.position + 27)
  }

  get maxTimestamp(): number {
    return int64At(this.buffer, this.position + 35)
  }

  get producerId(): number {
    return int64At(this.buffer, this.position + 43)
  }

  get producerEpoch(): number {
    return this.buffer.readInt16BE(this.position + 51)
  }

  /** -1 without one. */
  get baseSequence(): number {
    return this.buffer.readInt32BE(this.position + 53)
  }

  /** Sequences wrap from 2^31 - 1 to 0. */
  get lastSequence(): number {
    const { baseSequence } = this
    return baseSequence < 0 ? baseSequence : (baseSequence + this.lastOffsetDelta) % 2 ** 31
  }

  get recordCount(): number {
    return this.buffer.readInt32BE(this.position + 57)
  }

  /** The records as they are in the batch: still compressed when it has a codec. */
  get packedRecords(): Buffer {
    return this.buffer.subarray(this.position + BATCH_HEADER_SIZE, this.position + this.sizeInBytes)
  }

  get isCrcValid(): boolean {
    return this.crc === this.computeCrc()
  }

  /** Changes what lies under the checksum, and computes it anew. The batch is `sizeInBytes` long from now on. */
  seal(attributes: number, maxTimestamp: number, sizeInBytes = this.sizeInBytes): void {
    this.buffer.writeInt32BE(sizeInBytes - BATCH_OVERHEAD, this.position + 8)
    this.buffer.writeInt16BE(attributes, this.position + CRC_START)
    writeInt64At(this.buffer, maxTimestamp, this.position + 35)
    this.buffer.writeUInt32BE(this.computeCrc(), this.position + 17)
  }

  computeCrc(): number {
    return crc32c(this.buffer.subarray(this.position + CRC_START, this.position + this.sizeInBytes))
  }
}
