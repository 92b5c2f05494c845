// Zstandard, by node:zlib where it has it (from Node 22.15), else by a package with its own binary. Both read some frames that are cut short without a
// word, and node:zlib no more than the first of several: so they get whole frames, one at a time.

import * as zlib from 'node:zlib'
import { promisify } from 'node:util'
import { Malformed } from '../reader.ts'
import { type Compression, ON_LOOP_COMPRESS_MAX, OutputTooLarge, staysOnLoop } from './compression.ts'
import { isInstalled, lazyPackage } from './load-package.ts'
import { ZSTD_BLOCK_OUTPUT_MAX, type ZstdFrame, zstdFrames } from './zstd-frames.ts'

const DEFAULT_LEVEL = 3

interface Binding {
  decompressSync(frame: Buffer, maxBytes: number): Buffer
  decompress(frame: Buffer, maxBytes: number): Promise<Buffer>
  compressSync(bytes: Buffer, level: number): Buffer
  compress(bytes: Buffer, level: number): Promise<Buffer>
}

export const zstd: Compression = {
  isAvailable: () => binding() !== undefined,
  isInstalled: () => builtIn !== undefined || isInstalled('@toondepauw/node-zstd'),

  decompress(bytes, maxBytes) {
    const frames = zstdFrames(bytes)
    let outputMax = 0
    for (const frame of frames) outputMax += frame.outputMax
    // The last block is seldom full.
    if (outputMax > maxBytes + ZSTD_BLOCK_OUTPUT_MAX) throw new OutputTooLarge(maxBytes)
    if (!staysOnLoop(bytes.length, outputMax)) return decompressLater(frames, maxBytes)
    const outputs = frames.map((frame) => {
      try {
        return binding()!.decompressSync(frame.bytes, frame.outputMax)
      } catch (error) {
        return throwMalformed(error)
      }
    })
    return joined(frames, outputs, maxBytes)
  },

  compress(bytes, level = DEFAULT_LEVEL) {
    return bytes.length <= ON_LOOP_COMPRESS_MAX ? binding()!.compressSync(bytes, level) : binding()!.compress(bytes, level)
  },
}

async function decompressLater(frames: readonly ZstdFrame[], maxBytes: number): Promise<Buffer> {
  const outputs: Buffer[] = []
  for (const frame of frames) {
    outputs.push(await binding()!.decompress(frame.bytes, frame.outputMax).catch(throwMalformed))
  }
  return joined(frames, outputs, maxBytes)
}

function joined(frames: readonly ZstdFrame[], outputs: readonly Buffer[], maxBytes: number): Buffer {
  const isTrue = frames.every(({ contentSize }, index) => contentSize === undefined || contentSize === outputs[index]!.length)
  if (!isTrue) throw new Malformed('not zstd: a frame misstates its size') // some libraries take no notice, others trust it
  const output = outputs.length === 1 ? outputs[0]! : Buffer.concat(outputs)
  if (output.length > maxBytes) throw new OutputTooLarge(maxBytes)
  return output
}

function throwMalformed(error: unknown): never {
  throw new Malformed(`not zstd: ${(error as Error).message}`)
}

const packaged = lazyPackage('@toondepauw/node-zstd') as () => typeof import('@toondepauw/node-zstd') | undefined
const builtIn = zstdOfNode()

function binding(): Binding | undefined {
  return builtIn ?? zstdOfPackage()
}

function zstdOfPackage(): Binding | undefined {
  const library = packaged()
  if (library === undefined) return undefined
  const { Decoder, Encoder } = library
  return {
    decompressSync: (frame) => new Decoder().decodeSync(frame),
    decompress: (frame) => new Decoder().decode(frame),
    compressSync: (bytes, level) => new Encoder(level).encodeSync(bytes),
    compress: (bytes, level) => new Encoder(level).encode(bytes),
  }
}

interface DecompressOptions {
  readonly maxOutputLength: number
}

interface CompressOptions {
  readonly params: Readonly<Record<number, number>>
}

/** Typed here because the types are those of the oldest Node, which has no zstd. */
function zstdOfNode(): Binding | undefined {
  type Done = (error: Error | null, output: Buffer) => void
  interface ZlibWithZstd {
    zstdDecompressSync: (bytes: Buffer, options: DecompressOptions) => Buffer
    zstdDecompress: (bytes: Buffer, options: DecompressOptions, done: Done) => void
    zstdCompressSync: (bytes: Buffer, options: CompressOptions) => Buffer
    zstdCompress: (bytes: Buffer, options: CompressOptions, done: Done) => void
    constants: { readonly ZSTD_c_compressionLevel: number }
  }
  const library = zlib as unknown as ZlibWithZstd
  if (!('zstdDecompressSync' in zlib)) return undefined
  const decompress = promisify(library.zstdDecompress)
  const compress = promisify(library.zstdCompress)
  const optionsOf = (level: number): CompressOptions => ({ params: { [library.constants.ZSTD_c_compressionLevel]: level } })
  return {
    decompressSync: (frame, maxBytes) => library.zstdDecompressSync(frame, { maxOutputLength: Math.max(maxBytes, 1) }),
    decompress: (frame, maxBytes) => decompress(frame, { maxOutputLength: Math.max(maxBytes, 1) }),
    compressSync: (bytes, level) => library.zstdCompressSync(bytes, optionsOf(level)),
    compress: (bytes, level) => compress(bytes, optionsOf(level)),
  }
}
