import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { answered, echo, others, parked, pipelined, request, scripted, startServer } from './fake-apis.ts'

describe('a client that sends and never reads', () => {
  it('has one large response made for it and none behind it', async () => {
    const test = await startServer()
    const response = { text: 'large', padding: Buffer.alloc(16 << 20) } // more than the kernel's socket buffers take
    let started = 0
    test.script = () => {
      started++
      return { answer: response }
    }
    const client = await test.connect()
    client.send(...Array.from({ length: 6 }, (_, index) => request(scripted, index, '')))
    await others(test)
    expect(started).toBe(1)
    for (let index = 0; index < 6; index++) expect(answered(await client.next())).toBe(`${index} large`)
    expect(started).toBe(6)
  })

  it('has one large response made for it, also by requests whose answer takes its time', async () => {
    const test = await startServer()
    let started = 0
    test.script = async () => {
      started++
      await new Promise(setImmediate)
      return { answer: { text: 'large', padding: Buffer.alloc(16 << 20) } }
    }
    const client = await test.connect()
    client.send(...Array.from({ length: 20 }, (_, index) => request(scripted, index, '')))
    await others(test)
    expect(started).toBe(1)
  })

  it('has no responses piled up behind one that is not ready', async () => {
    const test = await startServer()
    let started = 0
    test.script = () => {
      started++
      return { answer: { text: 'large', padding: Buffer.alloc(1 << 20) } }
    }
    const client = await test.connect()
    client.send(request(pipelined, 0, 'first'), ...Array.from({ length: 20 }, (_, index) => request(scripted, index, '')))
    const call = await test.calls.nth(0)
    await others(test)
    expect(started).toBe(1)
    call.answer({ text: 'first' })
    for (let index = 0; index <= 20; index++) await client.next()
    expect(started).toBe(20)
  })

  it('is not read from: what it sends stays with it', async () => {
    const test = await startServer()
    const client = await test.connect()
    const small = request(echo, 1, 'x'.repeat(1000))
    client.send(Buffer.concat(Array<Buffer>(40_000).fill(small)))
    await others(test)
    expect(client.socket.writableLength).toBeGreaterThan(0)
    for (let index = 0; index < 40_000; index++) await client.next()
    expect(client.socket.writableLength).toBe(0)
  })
})

describe('a client whose requests take long to answer', () => {
  it('has a bounded number of them at work, and all answered in the end', async () => {
    const test = await startServer()
    const client = await test.connect()
    client.send(...Array.from({ length: 1000 }, (_, index) => request(pipelined, index, `${index}`)))
    await test.calls.nth(100)
    await others(test)
    expect(test.calls.all.length).toBeLessThan(200)
    for (let index = 0; index < 1000; index++) (await test.calls.nth(index)).answer({ text: 'done' })
    for (let index = 0; index < 1000; index++) expect(answered(await client.next())).toBe(`${index} done`)
  })

  it('has a bounded number of bytes at work, and one request of any size', async () => {
    const test = await startServer()
    const client = await test.connect()
    const padding = Buffer.alloc(6 << 20)
    client.send(...Array.from({ length: 10 }, (_, index) => request(pipelined, index, '', { padding })))
    await test.calls.nth(2)
    await others(test)
    expect(test.calls.all).toHaveLength(3)
    for (let index = 0; index < 10; index++) (await test.calls.nth(index)).answer({ text: 'done' })
    client.send(request(pipelined, 10, '', { padding: Buffer.alloc(40 << 20) }))
    ;(await test.calls.nth(10)).answer({ text: 'done' })
    for (let index = 0; index <= 10; index++) expect(answered(await client.next())).toBe(`${index} done`)
  })

  it('is not read from while one is parked', async () => {
    const test = await startServer()
    const client = await test.connect()
    client.send(request(parked, 1, 'a'))
    const call = await test.calls.nth(0)
    client.send(Buffer.concat(Array<Buffer>(400).fill(request(echo, 2, '', { padding: Buffer.alloc(100_000) }))))
    await others(test)
    expect(client.socket.writableLength).toBeGreaterThan(0)
    call.answer({ text: 'first' })
    for (let index = 0; index <= 400; index++) await client.next()
  })
})

describe('a client with a flood of small requests', () => {
  it('takes turns with the others, also within what is read at once', async () => {
    const test = await startServer()
    const flood = await test.connect()
    const other = await test.connect()
    const order: string[] = []
    test.script = ({ text }) => {
      order.push(text)
      return { answer: { text } }
    }
    flood.send(Buffer.concat(Array<Buffer>(1000).fill(request(scripted, 1, 'flood'))))
    other.send(request(scripted, 1, 'mine'))
    await other.next()
    for (let index = 0; index < 1000; index++) await flood.next()
    expect(order.indexOf('mine')).toBeLessThan(500)
  })
})

describe('a thousand connections', () => {
  it('are opened, used and closed without a trace', { timeout: 30_000 }, async () => {
    const test = await startServer()
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 100 }, () => test.connect()))
      for (const [index, client] of clients.entries()) client.send(request(echo, index, 'hello'))
      for (const [index, client] of clients.entries()) expect(answered(await client.next())).toBe(`${index} hello`)
      const closed = clients.map((client) => once(client.socket, 'close'))
      for (const [index, client] of clients.entries()) client.socket[index % 2 === 0 ? 'end' : 'resetAndDestroy']()
      await Promise.all(closed)
    }
    await test.server.stop(10_000)
    expect(test.clock.pendingTimerCount).toBe(0)
    expect(test.logLines.filter((line) => line.level !== 'debug')).toEqual([])
  })
})
