import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { writeChunks } from '../../src/server/write-chunks.ts'

/** What reaches the kernel: one entry per system call, each the buffers of that call. */
function written(chunks: readonly Buffer[]): Buffer[][] {
  const calls: Buffer[][] = []
  const socket = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      calls.push([chunk])
      done()
    },
    writev: (entries, done) => {
      calls.push(entries.map(({ chunk }) => chunk as Buffer))
      done()
    },
  })
  writeChunks(socket, chunks)
  return calls
}

const small = (text: string): Buffer => Buffer.from(text)
const large = (fill: number): Buffer => Buffer.alloc(100_000, fill)

describe('writing a list of chunks', () => {
  it('makes one buffer of small ones', () => {
    expect(written([small('a'), small('b'), small('c')]).map((call) => call.map(String))).toEqual([['abc']])
  })

  it('copies no large one, and needs one call for all', () => {
    const [one, two] = [large(1), large(2)]
    const calls = written([small('a'), small('b'), one, two, small('c'), small('d')])
    expect(calls).toHaveLength(1)
    expect(calls[0]!.map((chunk) => chunk.length)).toEqual([2, 100_000, 100_000, 2])
    expect(calls[0]![1]).toBe(one)
    expect(calls[0]![2]).toBe(two)
  })

  it('writes nothing for nothing', () => {
    expect(written([])).toEqual([])
  })

  it('keeps a single chunk as it is', () => {
    const chunk = small('alone')
    expect(written([chunk])[0]![0]).toBe(chunk)
  })
})
