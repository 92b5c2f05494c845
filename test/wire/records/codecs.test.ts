import { readFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Malformed } from '../../../src/wire/reader.ts'
import { CODECS, compress, decompress, missingCodecs, type Codec } from '../../../src/wire/records/codecs.ts'
import { OutputTooLarge } from '../../../src/wire/records/compression.ts'

const COMPRESSING = CODECS.filter((codec) => codec !== 'none')
const MIB = 1 << 20

/** Made with the lz4 and zstd command lines: 150,000 bytes of `abcdefghij` over and over, unless the name says otherwise. */
const frames = JSON.parse(readFileSync(new URL('data/frames.json', import.meta.url), 'utf8')) as Record<string, string>
const frame = (name: string): Buffer => Buffer.from(frames[name]!, 'base64')
const text = (size: number): Buffer => Buffer.from('abcdefghij'.repeat(size / 10))

async function outcome(codec: Codec, bytes: Buffer, maxBytes = 64 * MIB): Promise<Buffer | Error> {
  try {
    return await decompress(codec, bytes, maxBytes)
  } catch (error) {
    return error as Error
  }
}

const textOf = async (codec: Codec, bytes: Buffer): Promise<string> => (await decompress(codec, bytes, MIB)).toString()

/** How decompressing what a stranger sent may end. */
const REGULAR_ENDS = ['Buffer', 'Malformed', 'OutputTooLarge']
const endOf = async (codec: Codec, bytes: Buffer, maxBytes?: number): Promise<string> => {
  const got = await outcome(codec, bytes, maxBytes)
  return got instanceof Error ? got.name : 'Buffer'
}

describe.each(COMPRESSING)('%s', (codec) => {
  it('gives back what was put in, of any size', async () => {
    for (const size of [0, 1, 100, 16_384, 16_385, 70_000, 131_072, 131_073, 3_000_000]) {
      for (const bytes of [randomBytes(size), Buffer.alloc(size, 'some text ')]) {
        expect((await decompress(codec, await compress(codec, bytes), Math.max(size, 1))).equals(bytes), `${size} bytes`).toBe(true)
      }
    }
  })

  it('works at once on what is small, and on the thread pool on what is large', async () => {
    expect(compress(codec, Buffer.alloc(10_000))).toBeInstanceOf(Buffer)
    expect(decompress(codec, await compress(codec, Buffer.alloc(100_000)), MIB)).toBeInstanceOf(Buffer)
    const incompressible = await compress(codec, randomBytes(600_000))
    const large = await compress(codec, Buffer.alloc(8 * MIB))
    for (const promise of [
      compress(codec, Buffer.alloc(600_000)),
      decompress(codec, large, 8 * MIB),
      decompress(codec, incompressible, MIB),
    ]) {
      expect(promise).toBeInstanceOf(Promise)
      await promise
    }
  })

  it('allows an output of exactly the limit, and not a byte more', async () => {
    for (const size of [1000, 100_000, 1_000_000]) {
      const bytes = await compress(codec, Buffer.alloc(size, 'text'))
      expect(await outcome(codec, bytes, size)).toHaveLength(size)
      expect(await outcome(codec, bytes, size - 1)).toBeInstanceOf(OutputTooLarge)
    }
  })

  it('is Malformed when it is cut at any byte', async () => {
    const whole = await compress(codec, text(300))
    for (let size = 0; size < whole.length; size++) {
      // Behind the header of snappy's streams no chunk need follow: nothing, but not malformed.
      const expected = codec === 'snappy' && size >= 16 && size < 20 ? 'Buffer' : 'Malformed'
      expect(await endOf(codec, whole.subarray(0, size)), `cut to ${size}`).toBe(expected)
    }
  })

  it('is Malformed, too large or some bytes, never anything else, when any bytes are changed', async () => {
    const whole = await compress(codec, Buffer.concat([text(300), randomBytes(300)]))
    const change = fc.tuple(fc.oneof(fc.nat(Math.min(30, whole.length - 1)), fc.nat(whole.length - 1)), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = Buffer.from(whole)
        for (const [position, byte] of changes) changed[position] = byte
        expect(REGULAR_ENDS).toContain(await endOf(codec, changed, 4 * MIB))
      }),
      { numRuns: 300 },
    )
  })

  it('is Malformed, too large or some bytes when it is noise', async () => {
    for (let size = 0; size < 200; size++) expect(REGULAR_ENDS).toContain(await endOf(codec, randomBytes(size), MIB))
    expect(await outcome(codec, Buffer.from('surely nothing of the kind'))).toBeInstanceOf(Malformed)
  })
})

describe('a bomb', () => {
  const zstdBlocks = (count: number): Buffer =>
    Buffer.concat([...Array.from({ length: count }, () => Buffer.from('02001000', 'hex')), Buffer.from('010000', 'hex')])
  const zstdHeader = Buffer.from('28b52ffd0058', 'hex') // window of 2 MiB, no content size
  const zstdHeaderThatLies = Buffer.from('28b52ffd805800100000', 'hex') // content size 4096
  const lz4Header = Buffer.from('04224d18604082', 'hex')

  const bombs: Record<string, () => Promise<readonly [Codec, Buffer, number]>> = {
    'of gzip': async () => ['gzip', await compress('gzip', Buffer.alloc(64 * MIB)), 64],
    'of gzip, in members of 1 MiB': async () => {
      const member = gzipSync(Buffer.alloc(MIB))
      return ['gzip', Buffer.concat(Array.from({ length: 1000 }, () => member)), 1000]
    },
    'of snappy, in one block': async () => ['snappy', (await compress('snappy', Buffer.alloc(256 * MIB))).subarray(20), 256],
    'of snappy, in chunks of 1 MiB': async () => {
      const stream = await compress('snappy', Buffer.alloc(MIB))
      return ['snappy', Buffer.concat([stream.subarray(0, 16), ...Array.from({ length: 200 }, () => stream.subarray(16))]), 200]
    },
    'of lz4': async () => {
      const block = (await compress('lz4', Buffer.alloc(65_536))).subarray(7, -4)
      return ['lz4', Buffer.concat([lz4Header, ...Array.from({ length: 16_384 }, () => block), Buffer.alloc(4)]), 1024]
    },
    'of zstd that does not state its size': async () => ['zstd', Buffer.concat([zstdHeader, zstdBlocks(8192)]), 1024],
    'of zstd that states too small a size': async () => ['zstd', Buffer.concat([zstdHeaderThatLies, zstdBlocks(8192)]), 1024],
    'of zstd, in frames of 1 MiB': async () => {
      const one = await compress('zstd', Buffer.alloc(MIB))
      return ['zstd', Buffer.concat(Array.from({ length: 1000 }, () => one)), 1000]
    },
  }

  it.each(Object.entries(bombs))('%s is found too large before memory grows', async (_, build) => {
    const [codec, bytes, outputMib] = await build()
    expect(bytes.length).toBeLessThan((outputMib * MIB) / 15)
    const before = process.resourceUsage().maxRSS
    expect(await outcome(codec, bytes, MIB)).toBeInstanceOf(OutputTooLarge)
    const grownMib = (process.resourceUsage().maxRSS - before) / 1024
    expect(grownMib).toBeLessThan(64)
  })

  it('that claims an output that its bytes cannot hold is Malformed', async () => {
    expect(await outcome('snappy', Buffer.from('ffffff7f0000', 'hex'))).toBeInstanceOf(Malformed)
    expect(await outcome('zstd', Buffer.from('28b52ffdc058ffffffff0f000000010000', 'hex'))).toBeInstanceOf(Malformed)
  })
})

describe('lz4 frames of other encoders', () => {
  it.each([
    'lz4, blocks of 64 KiB',
    'lz4, blocks of 4 MiB',
    'lz4, block checksums',
    'lz4, content size',
    'lz4, no content checksum',
    'lz4, level 12',
  ])('%s: read, on the loop and on the thread pool', async (name) => {
    expect((await decompress('lz4', frame(name), 150_000)).equals(text(150_000))).toBe(true)
    expect(await outcome('lz4', frame(name), 149_999)).toBeInstanceOf(OutputTooLarge)
  })

  it('are refused when their blocks are linked, which Kafka’s own clients cannot read', async () => {
    expect(await outcome('lz4', frame('lz4, linked blocks'))).toMatchObject({
      name: 'Malformed',
      message: expect.stringContaining('linked'),
    })
    expect(await outcome('lz4', frame('lz4, legacy'))).toBeInstanceOf(Malformed)
  })

  it('end the data: what follows the first frame is ignored, as Java does', async () => {
    expect((await decompress('lz4', frame('lz4, two frames'), MIB)).equals(text(70_000))).toBe(true)
    expect((await decompress('lz4', Buffer.concat([frame('lz4, content size'), Buffer.from('rest')]), MIB)).length).toBe(150_000)
  })

  it('end with an empty block, also with one that says it is not compressed, as Java and the package have it', async () => {
    const HEADER = Buffer.from('04224d18604082', 'hex')
    const emptyUncompressed = Buffer.from('00000080', 'hex')
    const block = Buffer.concat([Buffer.from('03000080', 'hex'), Buffer.from('abc')])
    for (const rest of [Buffer.alloc(0), Buffer.alloc(4), block]) {
      const bytes = Buffer.concat([HEADER, block, emptyUncompressed, rest])
      expect((await decompress('lz4', bytes, MIB)).toString()).toBe('abc')
    }
  })

  it('are refused when a checksum is wrong', async () => {
    const wrongAt = (name: string, position: number): Buffer => {
      const bytes = frame(name)
      bytes[bytes.length + position]! ^= 1
      return bytes
    }
    expect(await outcome('lz4', wrongAt('lz4, content size', -1))).toBeInstanceOf(Malformed) // of the content
    expect(await outcome('lz4', wrongAt('lz4, block checksums', -9))).toBeInstanceOf(Malformed) // of the last block
    expect(await outcome('lz4', wrongAt('lz4, content size', 14 - frame('lz4, content size').length))).toBeInstanceOf(Malformed) // of the header
  })
})

describe('zstd frames of other encoders', () => {
  it.each([
    'zstd, without content size',
    'zstd, with content size',
    'zstd, level 22',
    'zstd, level -5',
    'zstd, no checksum',
    'zstd, window of 128 MiB',
    'zstd, two frames',
    'zstd, two frames with content sizes',
    'zstd, a skippable frame in front',
  ])('%s: read', async (name) => {
    expect((await decompress('zstd', frame(name), 150_000)).equals(text(150_000))).toBe(true)
    expect(await outcome('zstd', frame(name), 149_999)).toBeInstanceOf(OutputTooLarge)
  })

  it('are read when they are one segment', async () => {
    for (const size of [50, 1000, 70_000]) {
      const name = `zstd, ${size} bytes of content, single segment`
      expect((await decompress('zstd', frame(name), size)).equals(text(size))).toBe(true)
      expect(await outcome('zstd', frame(name), size - 1)).toBeInstanceOf(OutputTooLarge)
    }
  })

  it('are refused with a window that Java refuses, with bytes behind them, and with a wrong checksum', async () => {
    const wrong = frame('zstd, without content size')
    wrong[wrong.length - 1]! ^= 1
    for (const bytes of [frame('zstd, window of 256 MiB'), Buffer.concat([frame('zstd, no checksum'), Buffer.alloc(9)]), wrong]) {
      expect(await outcome('zstd', bytes)).toBeInstanceOf(Malformed)
    }
  })
})

describe('gzip of other encoders', () => {
  it('may have several members, and zeros behind them', async () => {
    const members = [gzipSync('first '), gzipSync('second'), gzipSync('')]
    for (const rest of [0, 1, 8, 100]) {
      expect(await textOf('gzip', Buffer.concat([...members, Buffer.alloc(rest)]))).toBe('first second')
    }
  })

  it('is not trusted in what it says of its size', async () => {
    const large = gzipSync(Buffer.alloc(MIB))
    const members = [large, gzipSync('tail')] // only the last one's size is at the end
    const got = decompress('gzip', Buffer.concat(members), 2 * MIB)
    expect(got).toBeInstanceOf(Promise)
    expect(await got).toHaveLength(MIB + 4)
  })
})

describe('snappy of other encoders', () => {
  const framed = (text: string): Buffer => compress('snappy', Buffer.from(text)) as Buffer

  it('may be one raw block', async () => {
    expect(await textOf('snappy', framed('some text').subarray(20))).toBe('some text')
  })

  it('may be a stream of many chunks, an empty one among them, and streams joined together', async () => {
    const chunks = Buffer.concat([framed('one '), framed('').subarray(16), framed('two ').subarray(16), framed('three')])
    expect(await textOf('snappy', chunks)).toBe('one two three')
    const large = Buffer.concat([framed('start '), (await compress('snappy', Buffer.alloc(MIB))).subarray(16), framed(' end').subarray(16)])
    expect(await decompress('snappy', large, 2 * MIB)).toHaveLength(MIB + 10)
  })

  it('is Malformed when a chunk is empty of bytes or longer than what is left', async () => {
    expect(await outcome('snappy', Buffer.concat([framed('text'), Buffer.alloc(4)]))).toBeInstanceOf(Malformed)
    expect(await outcome('snappy', Buffer.concat([framed('text'), Buffer.from('7fffffff', 'hex')]))).toBeInstanceOf(Malformed)
    expect(await outcome('snappy', Buffer.concat([framed('text'), Buffer.from('ffffffff', 'hex')]))).toBeInstanceOf(Malformed)
  })
})

describe('levels', () => {
  it.each([
    ['gzip', 1, 9],
    ['zstd', -131072, 22],
  ] as const)('of %s from %i to %i make a difference', async (codec, fastest, smallest) => {
    const bytes = Buffer.from(Array.from({ length: 3000 }, (_, index) => `${index * 7919},${Math.sqrt(index)}`).join('\n'))
    const [fast, small] = [await compress(codec, bytes, fastest), await compress(codec, bytes, smallest)]
    expect(fast.length).toBeGreaterThan(small.length)
    for (const compressed of [fast, small]) expect((await decompress(codec, compressed, MIB)).equals(bytes)).toBe(true)
  })
})

describe('a codec without a binary', () => {
  it('is none on this machine', () => {
    expect(missingCodecs()).toEqual([])
  })
})
