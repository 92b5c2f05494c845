// The decoders of the protocol, fed noise and damaged messages: a value comes out, which written again is read as the same, or Malformed. And the cutting of a
// stream into frames, against a plain one.

import { isDeepStrictEqual } from 'node:util'
import type { Codec } from '../../src/wire/compile.ts'
import { FrameQueue } from '../../src/wire/frame-queue.ts'
import { Malformed, Reader } from '../../src/wire/reader.ts'
import { Writer } from '../../src/wire/writer.ts'
import { below, chance, pick, type Random } from '../support/random.ts'
import { codecByTitle, goldenMessages } from './golden-messages.ts'
import { mutated, noise } from './mutated.ts'
import { target, type Target } from './target.ts'

const NOISE_BYTES_MAX = 200
const FRAME_BYTES_MAX = 1000

/** What `action` gives, or undefined when it finds the bytes Malformed. */
export function unlessMalformed<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

interface Message {
  readonly title: string
  readonly bytes: Buffer
  readonly isWritten: boolean
}

function writtenAgain(codec: Codec<unknown, never>, value: unknown): unknown {
  const writer = new Writer()
  codec.encode(writer, value as never)
  return codec.decode(new Reader(Buffer.concat(writer.chunks())))
}

const messages = target<Message>({
  name: 'message',
  weight: 10,
  make(random) {
    const { title, bytes } = pick(random, goldenMessages)
    const damaged = chance(random, 0.1) ? noise(random, below(random, NOISE_BYTES_MAX)) : mutated(bytes, random)
    return { title, bytes: damaged, isWritten: chance(random, 0.1) }
  },
  try({ title, bytes, isWritten }) {
    const codec = codecByTitle.get(title)!
    const value = unlessMalformed(() => codec.decode(new Reader(bytes)))
    if (value === undefined || !isWritten) return
    if (!isDeepStrictEqual(writtenAgain(codec, value), value)) throw new Error(`${title}: written again it is read as another value`)
  },
})

interface Stream {
  readonly bytes: Buffer
  /** Where it is cut into chunks. */
  readonly cuts: readonly number[]
}

function frameBytes(random: Random): Buffer {
  const body = noise(random, below(random, chance(random, 0.02) ? 100 * FRAME_BYTES_MAX : 20))
  const size = Buffer.alloc(4)
  size.writeInt32BE(chance(random, 0.05) ? pick(random, [-1, body.length + 1, FRAME_BYTES_MAX * 200, 0x7fff_ffff]) : body.length)
  return Buffer.concat([size, body])
}

/** What a reader with the whole stream at hand would cut off; `isMalformed` when a size is out of range, behind the last of them. */
function framesOf(bytes: Buffer, frameBytesMax: number): { frames: Buffer[]; isMalformed: boolean } {
  const frames: Buffer[] = []
  for (let position = 0; position + 4 <= bytes.length;) {
    const size = bytes.readInt32BE(position)
    if (size < 0 || size > frameBytesMax) return { frames, isMalformed: true }
    if (position + 4 + size > bytes.length) break
    frames.push(bytes.subarray(position + 4, position + 4 + size))
    position += 4 + size
  }
  return { frames, isMalformed: false }
}

const frames = target<Stream>({
  name: 'frames',
  weight: 2,
  make(random) {
    const bytes = Buffer.concat(Array.from({ length: 1 + below(random, 6) }, () => frameBytes(random)))
    return { bytes, cuts: cutsOf(random, bytes.length, 10) }
  },
  try({ bytes, cuts }) {
    const frameBytesMax = 150 * FRAME_BYTES_MAX
    const expected = framesOf(bytes, frameBytesMax)
    const queue = new FrameQueue(frameBytesMax)
    const found: Buffer[] = []
    const isWhole = unlessMalformed(() => {
      for (const chunk of chunksOf(bytes, cuts)) for (const frame of queue.take(chunk)) found.push(frame)
      return true
    })
    const isAsExpected = (isWhole === undefined) === expected.isMalformed && isDeepStrictEqual(found, expected.frames)
    if (!isAsExpected) throw new Error(`${found.length} frames, not ${expected.frames.length}, or not the same`)
  },
})

/** At most `count` places, in order. */
export function cutsOf(random: Random, size: number, count: number): number[] {
  return Array.from({ length: below(random, count + 1) }, () => below(random, size + 1)).sort((a, b) => a - b)
}

export function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  return [...cuts, bytes.length].map((cut, index) => bytes.subarray(cuts[index - 1] ?? 0, cut))
}

export const decoderTargets: readonly Target[] = [messages, frames]
