import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLines } from '../../src/cli/lines.ts'

async function* inChunks(chunks: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk as string))
}
async function bytesOf(...chunks: (string | Buffer)[]): Promise<Buffer[]> {
  const lines: Buffer[] = []
  for await (const some of readLines(inChunks(chunks))) lines.push(...some)
  return lines
}
const linesOf = async (...chunks: (string | Buffer)[]) => (await bytesOf(...chunks)).map(String)

describe('lines', () => {
  it('end at line feeds; the last one need not end', async () => {
    expect(await linesOf('a\nb\n\nc')).toEqual(['a', 'b', '', 'c'])
    expect(await linesOf('a\n')).toEqual(['a'])
    expect(await linesOf()).toEqual([])
    expect(await linesOf('a\r\nb\r\n')).toEqual(['a\r', 'b\r'])
  })

  it('are the same however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n') })), async (chunks) => {
        const whole = chunks.join('')
        expect(await linesOf(...chunks)).toEqual(
          (whole.endsWith('\n') ? whole.slice(0, -1) : whole).split('\n').slice(0, whole === '' ? 0 : undefined),
        )
      }),
    )
  })

  it('keep bytes that are not UTF-8', async () => {
    expect(await bytesOf(Buffer.from([0xff, 0xfe]), Buffer.from([0x00, 0x0a]))).toEqual([Buffer.from([0xff, 0xfe, 0x00])])
  })

  it('are taken chunk by chunk: nothing is read ahead', async () => {
    let read = 0
    async function* counted(): AsyncGenerator<Buffer> {
      for (;;) {
        read++
        yield await Promise.resolve(Buffer.from('a\nb\n'))
      }
    }
    const lines = readLines(counted())
    await lines.next()
    await lines.next()
    await lines.return(undefined)
    expect(read).toBe(2)
  })
})
