import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { answered, echo, parked, pipelined, request, startServer } from './fake-apis.ts'

describe('a server that stops', () => {
  it('ends idle connections at once, and resolves when all are gone', async () => {
    const { server, connect } = await startServer()
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect()))
    const stopped = server.stop(10_000)
    for (const client of clients) expect(await client.next()).toBeUndefined()
    await stopped
  })

  it('answers what it has let in', async () => {
    const { server, calls, connect } = await startServer()
    const client = await connect()
    client.send(request(pipelined, 1, 'a'), request(pipelined, 2, 'b'))
    const second = await calls.nth(1)
    const stopped = server.stop(10_000)
    second.answer({ text: 'second' })
    calls.all[0]!.answer({ text: 'first' })
    expect((await client.rest()).map((frame) => answered(frame))).toEqual(['1 first', '2 second'])
    await stopped
  })

  it('answers what had come to the machine, read or not', async () => {
    const { server, connect } = await startServer()
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect()))
    for (const client of clients) {
      client.send(request(echo, 0, 'accepted'))
      await client.next()
    }
    for (const client of clients) client.send(request(echo, 1, 'a'), request(parked, 2, 'b'))
    const stopped = server.stop(10_000)
    for (const client of clients) expect((await client.rest()).map((frame) => answered(frame))).toEqual(['1 a', '2 ended'])
    await stopped
  })

  it('ends parked requests at once, and answers those that came behind them', async () => {
    const { server, calls, connect } = await startServer()
    const client = await connect()
    client.send(request(parked, 1, 'a'), request(echo, 2, 'b'), request(parked, 3, 'c'), request(echo, 4, 'd'))
    await calls.nth(0)
    const stopped = server.stop(10_000)
    expect((await client.rest()).map((frame) => answered(frame))).toEqual(['1 ended', '2 b', '3 ended', '4 d'])
    await stopped
  })

  it('drops a request of which a part has come, and takes no later one', async () => {
    const { server, calls, connect } = await startServer()
    const client = await connect({ allowHalfOpen: true })
    client.send(request(pipelined, 1, 'a'), request(echo, 2, 'part').subarray(0, 20))
    const call = await calls.nth(0)
    const stopped = server.stop(10_000)
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    client.send(request(echo, 2, 'part').subarray(20), request(echo, 3, 'late'))
    call.answer({ text: 'first' })
    expect((await client.rest()).map((frame) => answered(frame))).toEqual(['1 first'])
    client.socket.end()
    await stopped
  })

  it('takes no new connections', async () => {
    const { server, connect } = await startServer()
    await server.stop(10_000)
    await expect(connect()).rejects.toThrow('ECONNREFUSED')
  })

  it('waits for the last answer to be read, not for a client that does not hang up', async () => {
    const { server, calls, clock, connect } = await startServer()
    const client = await connect({ allowHalfOpen: true })
    client.send(request(pipelined, 1, ''))
    const call = await calls.nth(0)
    const stopped = server.stop(10_000)
    call.answer({ text: 'a' })
    expect((await client.rest()).map((frame) => answered(frame))).toEqual(['1 a'])
    clock.advance(200)
    await stopped
  })

  it('cuts off what is not answered in time', async () => {
    const { server, calls, clock, connect } = await startServer()
    const client = await connect()
    client.send(request(pipelined, 1, 'a'))
    await calls.nth(0)
    const stopped = server.stop(10_000)
    clock.advance(9_999)
    const end = client.next()
    expect(await Promise.race([end, new Promise((resolve) => setImmediate(resolve, 'open'))])).toBe('open')
    clock.advance(1)
    expect(await end).toBeUndefined()
    await stopped
  })

  it('cuts off at once when it is told so a second time', async () => {
    const { server, calls, clock, connect } = await startServer()
    const client = await connect()
    client.send(request(pipelined, 1, 'a'))
    await calls.nth(0)
    const stopped = server.stop(10_000)
    const second = server.stop(0)
    clock.advance(0)
    await Promise.all([stopped, second])
    expect(await client.next()).toBeUndefined()
    expect(clock.pendingTimerCount).toBe(0)
  })

  it('leaves no client waiting, whatever a thousand of them are doing', { timeout: 30_000 }, async () => {
    const { server, calls, connect } = await startServer()
    const clients = await Promise.all(Array.from({ length: 1000 }, () => connect()))
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.send(request(parked, index, 'a'), request(echo, index, 'b'))
    }
    await calls.nth(499)
    const stopped = server.stop(10_000)
    for (const [index, client] of clients.entries()) {
      const answers = (await client.rest()).map((frame) => answered(frame))
      expect(answers).toEqual(index % 2 === 0 ? [`${index} ended`, `${index} b`] : [])
    }
    await stopped
  })

  it('has nobody to wait for when nobody came', async () => {
    const { server, clock } = await startServer()
    await server.stop(10_000)
    await server.stop(10_000)
    expect(clock.pendingTimerCount).toBe(0)
  })
})

describe('a connection that ends', () => {
  it('is cut off when the client does not hang up', async () => {
    const { server, clock, connect } = await startServer()
    const client = await connect({ allowHalfOpen: true })
    client.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    expect(await client.next()).toBeUndefined()
    while (clock.pendingTimerCount === 0) await new Promise(setImmediate)
    clock.advance(200)
    await server.stop(10_000)
  })

  it('forgets what still comes', async () => {
    const { connect } = await startServer()
    const client = await connect({ allowHalfOpen: true })
    client.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    expect(await client.next()).toBeUndefined()
    const more = Buffer.alloc(64 << 20)
    const before = memoryInUse()
    await new Promise((resolve) => client.socket.write(more, resolve))
    expect(memoryInUse() - before).toBeLessThan(32 << 20)
  })
})

function memoryInUse(): number {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  collectGarbage()
  collectGarbage() // buffers found by the first one are released when the second starts
  return process.memoryUsage().arrayBuffers
}
