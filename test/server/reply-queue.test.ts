import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { Exchange } from '../../src/server/exchange.ts'
import { ReplyQueue } from '../../src/server/reply-queue.ts'
import { BufferPool } from '../../src/lib/buffer-pool.ts'

const reply = (...texts: string[]) => ({ chunks: texts.map((text) => Buffer.from(text)), closes: false })
const closing = (...texts: string[]) => ({ ...reply(...texts), closes: true })

function take(queue: ReplyQueue): { texts: string[]; isLast: boolean } {
  const texts: string[] = []
  const isLast = queue.take((_, { chunks }) => texts.push(...chunks.map(String)))
  return { texts, isLast }
}

function reserve(queue: ReplyQueue, requestBytes: number): Exchange {
  const exchange = new Exchange(Buffer.alloc(requestBytes), new BufferPool(), undefined)
  queue.push(exchange)
  return exchange
}

describe('the replies of a connection', () => {
  it('leave in the order of the requests, whatever the order they become ready in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }).chain((count) => fc.shuffledSubarray([...Array(count).keys()], { minLength: count })),
        (order) => {
          const queue = new ReplyQueue()
          const slots = order.map(() => reserve(queue, 10))
          const left: string[] = []
          for (const index of order) {
            queue.answer(slots[index]!, reply(`${index} `))
            left.push(...take(queue).texts)
          }
          expect(left).toEqual(order.map((_, index) => `${index} `))
          expect([queue.count, queue.requestBytes, queue.readyBytes]).toEqual([0, 0, 0])
        },
      ),
    )
  })

  it('are held behind one that is not ready, and counted', () => {
    const queue = new ReplyQueue()
    const first = reserve(queue, 100)
    queue.answer(reserve(queue, 200), reply('second', '!'))
    expect(take(queue)).toEqual({ texts: [], isLast: false })
    expect([queue.count, queue.requestBytes, queue.readyBytes]).toEqual([2, 300, 7])
    queue.answer(first, reply('first'))
    expect(take(queue)).toEqual({ texts: ['first', 'second', '!'], isLast: false })
  })

  it('do not wait for a request that gets none', () => {
    const queue = new ReplyQueue()
    queue.answer(reserve(queue, 1), reply())
    queue.answer(reserve(queue, 1), reply('second'))
    expect(take(queue).texts).toEqual(['second'])
  })

  it('end with the one that closes the connection', () => {
    const queue = new ReplyQueue()
    queue.answer(reserve(queue, 1), reply('first'))
    queue.answer(reserve(queue, 1), closing('sorry'))
    queue.answer(reserve(queue, 1), reply('never'))
    expect(take(queue)).toEqual({ texts: ['first', 'sorry'], isLast: true })
    expect([queue.count, queue.requestBytes, queue.readyBytes]).toEqual([0, 0, 0])
  })

  it('tell who waits for them to leave when they are dropped instead', () => {
    const queue = new ReplyQueue()
    const gone: string[] = []
    const [ready, late] = [reserve(queue, 1), reserve(queue, 1)]
    ready.whenAnswerLeft(() => gone.push('ready'))
    late.whenAnswerLeft(() => gone.push('late'))
    queue.answer(ready, reply('first'))
    expect(gone).toEqual([])
    queue.clear()
    expect(gone).toEqual(['ready'])
  })
})
