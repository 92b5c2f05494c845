import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Output, pieceTurns } from '../../src/server/output.ts'

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
  const output = new Output(socket, pieceTurns(), () => undefined)
  output.add(chunks)
  output.pump()
  return calls
}

/** A socket whose kernel takes a write when the test says so. */
function slowOutput() {
  const calls: Buffer[][] = []
  const pending: (() => void)[] = []
  const stream = new Writable({
    highWaterMark: 16 << 10,
    write: (chunk: Buffer, _encoding, done) => {
      calls.push([chunk])
      pending.push(done)
    },
    writev: (entries, done) => {
      calls.push(entries.map(({ chunk }) => chunk as Buffer))
      pending.push(done)
    },
  })
  const takeOne = async (): Promise<void> => {
    pending.shift()!()
    await new Promise(setImmediate)
  }
  return { output: new Output(stream, pieceTurns(), () => undefined), calls, socket: { stream, takeOne } }
}

const small = (text: string): Buffer => Buffer.from(text)
const large = (fill: number): Buffer => Buffer.alloc(100_000, fill)

describe('the output of a connection', () => {
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

  it('goes out in pieces, each when the one before is taken', async () => {
    const { output, socket, calls } = slowOutput()
    const chunks = [Buffer.alloc(600_000, 1), Buffer.alloc(10, 2), Buffer.alloc(300_000, 3)]
    output.add(chunks)
    output.pump()
    expect([calls.length, output.unsentBytes, output.sentBytes]).toEqual([1, 900_010, 0])
    const sent: number[] = []
    while (output.unsentBytes > 0) {
      await socket.takeOne()
      sent.push(output.sentBytes)
    }
    expect(sent).toEqual([262_144, 524_288, 786_432, 900_010])
    expect(Buffer.concat(calls.flat()).equals(Buffer.concat(chunks))).toBe(true)
  })

  it('goes out a few pieces in a turn of the event loop, of all connections together', async () => {
    const taken: Buffer[] = []
    const turns = pieceTurns()
    for (let index = 0; index < 20; index++) {
      const socket = new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          taken.push(chunk)
          done()
        },
      })
      const output = new Output(socket, turns, () => undefined)
      output.add([Buffer.alloc(700_000)])
      output.pump()
    }
    const counts = [taken.length]
    while (taken.length < 40) {
      await new Promise(setImmediate)
      counts.push(taken.length)
    }
    const perTurn = counts.slice(1).map((after, index) => after - counts[index]!)
    expect([counts[0], Math.max(...perTurn)]).toEqual([20, 2])
  })

  it('goes out in larger pieces while each is taken at once', async () => {
    const sizes: number[] = []
    let isSlow = false
    let take = (): void => undefined
    const socket = new Writable({
      write(chunk: Buffer, _encoding, done) {
        sizes.push(chunk.length)
        if (isSlow) take = done
        else done()
      },
    })
    const output = new Output(socket, pieceTurns(), () => undefined)
    output.add([Buffer.alloc(4_000_000)])
    output.pump()
    while (sizes.length < 3) await new Promise(setImmediate)
    isSlow = true
    while (sizes.length < 4) await new Promise(setImmediate)
    take()
    while (sizes.length < 5) await new Promise(setImmediate)
    expect(sizes).toEqual([262_144, 1_048_576, 1_048_576, 1_048_576, 262_144])
  })

  it('tells when what was added before a mark is taken, and when it never will be', async () => {
    const { output, socket } = slowOutput()
    const reached: string[] = []
    output.add([Buffer.alloc(300_000)])
    output.mark(() => reached.push('first'))
    output.add([Buffer.alloc(300_000)])
    output.mark(() => reached.push('second'))
    output.pump()
    await socket.takeOne()
    expect(reached).toEqual([])
    await socket.takeOne()
    expect(reached).toEqual(['first'])
    output.abandon()
    expect(reached).toEqual(['first', 'second'])
  })

  it('ends the socket behind its last byte', async () => {
    const { output, socket } = slowOutput()
    output.add([Buffer.alloc(300_000)])
    output.end()
    expect(socket.stream.writableEnded).toBe(false)
    await socket.takeOne()
    expect(socket.stream.writableEnded).toBe(true)
  })
})
