import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { ReplyQueue } from '../../src/server/reply-queue.ts'

const reply = (...texts: string[]) => ({ chunks: texts.map((text) => Buffer.from(text)), closes: false })
const closing = (...texts: string[]) => ({ ...reply(...texts), closes: true })

function take(queue: ReplyQueue): { texts: string[]; isLast: boolean } {
  const chunks: Buffer[] = []
  const isLast = queue.take(chunks)
  return { texts: chunks.map(String), isLast }
}

describe('the replies of a connection', () => {
  it('leave in the order of the requests, whatever the order they become ready in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }).chain((count) => fc.shuffledSubarray([...Array(count).keys()], { minLength: count })),
        (order) => {
          const queue = new ReplyQueue()
          const slots = order.map(() => queue.reserve(10))
          const left: string[] = []
          for (const index of order) {
            queue.fill(slots[index]!, reply(`${index} `))
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
    const first = queue.reserve(100)
    queue.fill(queue.reserve(200), reply('second', '!'))
    expect(take(queue)).toEqual({ texts: [], isLast: false })
    expect([queue.count, queue.requestBytes, queue.readyBytes]).toEqual([2, 300, 7])
    queue.fill(first, reply('first'))
    expect(take(queue)).toEqual({ texts: ['first', 'second', '!'], isLast: false })
  })

  it('do not wait for a request that gets none', () => {
    const queue = new ReplyQueue()
    queue.fill(queue.reserve(1), reply())
    queue.fill(queue.reserve(1), reply('second'))
    expect(take(queue).texts).toEqual(['second'])
  })

  it('end with the one that closes the connection', () => {
    const queue = new ReplyQueue()
    queue.fill(queue.reserve(1), reply('first'))
    queue.fill(queue.reserve(1), closing('sorry'))
    queue.fill(queue.reserve(1), reply('never'))
    expect(take(queue)).toEqual({ texts: ['first', 'sorry'], isLast: true })
    expect([queue.count, queue.requestBytes, queue.readyBytes]).toEqual([0, 0, 0])
  })
})
