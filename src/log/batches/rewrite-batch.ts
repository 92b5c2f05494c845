// The two slow paths of an append, which change what the producer sent: a codec other than the topic's `compression.type`, and a header that is not what
// the topic makes of it (LogAppendTime), or not true. The records themselves stay as they are.

import { BATCH_HEADER_SIZE, BatchView, CODEC_MASK } from '../../wire/records/batch.ts'
import { type Codec, CODECS, compress } from '../../wire/records/codecs.ts'

/** The batch with its records, given `uncompressed`, packed by `codec`: new bytes. `level` as in `compression.<codec>.level`. */
export function recompress(view: BatchView, uncompressed: Buffer, codec: Codec, level: number | undefined): Buffer | Promise<Buffer> {
  const packed = compress(codec, uncompressed, level)
  const assemble = (records: Buffer): Buffer => {
    const bytes = Buffer.concat([view.buffer.subarray(view.position, view.position + BATCH_HEADER_SIZE), records])
    const attributes = (view.attributes & ~CODEC_MASK) | CODECS.indexOf(codec)
    new BatchView(bytes).seal(attributes, view.maxTimestamp, bytes.length)
    return bytes
  }
  return packed instanceof Promise ? packed.then(assemble) : assemble(packed)
}
