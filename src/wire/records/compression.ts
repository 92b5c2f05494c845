// What a codec is, seen from codecs.ts; and when its work leaves the event loop.

export interface Compression {
  /** False when the platform has no binary of it. */
  isAvailable(): boolean
  /** The same as far as can be told without loading the binary. */
  isInstalled(): boolean
  /**
   * Throws or rejects with Malformed when the bytes are not what the codec writes, and with OutputTooLarge before more than about `maxBytes`
   * are allocated for them.
   */
  decompress(bytes: Buffer, maxBytes: number): Buffer | Promise<Buffer>
  /** `level` as in Kafka's `compression.<codec>.level`; codecs without levels take no notice of it. */
  compress(bytes: Buffer, level: number | undefined): Buffer | Promise<Buffer>
}

export class OutputTooLarge extends Error {
  override readonly name = 'OutputTooLarge'

  constructor(maxBytes: number) {
    super(`the records take more than ${maxBytes} bytes when decompressed`)
  }
}

// A hop to the thread pool costs 30 to 100 µs, most of it on the loop. Up to here no codec takes longer than half a millisecond.
const ON_LOOP_INPUT_MAX = 64 * 1024
export const ON_LOOP_OUTPUT_MAX = 128 * 1024
const FAST_ON_LOOP_INPUT_MAX = 512 * 1024
const FAST_ON_LOOP_OUTPUT_MAX = 4 << 20 // one block of lz4, of which only the largest size is known: 2 ms, if it is full
/** Of gzip and zstd, which compress five times as slowly as they decompress. */
export const ON_LOOP_COMPRESS_MAX = 16 * 1024
/** Of lz4 and snappy: half a millisecond. */
export const FAST_ON_LOOP_COMPRESS_MAX = FAST_ON_LOOP_INPUT_MAX

/** Of gzip and zstd. */
export function staysOnLoop(inputSize: number, outputSize: number): boolean {
  return inputSize <= ON_LOOP_INPUT_MAX && outputSize <= ON_LOOP_OUTPUT_MAX
}

/**
 * Of lz4 and snappy, which decompress 2 GB/s. Their packages also keep memory for every thread that they ever ran on: with batches of 200 to 500 KB on
 * each of the pool's 16 threads, 570 MB for snappy and 240 MB for lz4.
 */
export function staysOnLoopWhenFast(inputSize: number, outputMax: number): boolean {
  return inputSize <= FAST_ON_LOOP_INPUT_MAX && outputMax <= FAST_ON_LOOP_OUTPUT_MAX
}
