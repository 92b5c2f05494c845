import { once } from 'node:events'
import { Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import * as fc from 'fast-check'
import { CLOSE_CONNECTION, NO_RESPONSE } from '../../src/handlers/handler.ts'
import { answered, echo, parked, pipelined, request, startServer } from './fake-apis.ts'
import type { TestClient } from './test-client.ts'

describe('requests on one connection', () => {
  it('are answered in their order, also when a later one is ready first', async () => {
    const { calls, connect } = await startServer()
    const client = await connect()
    client.send(request(pipelined, 1, 'a'), request(pipelined, 2, 'b'), request(echo, 3, 'c'))
    ;(await calls.nth(1)).answer({ text: 'second' })
    ;(await calls.nth(0)).answer({ text: 'first' })
    expect(answered(await client.next())).toBe('1 first')
    expect(answered(await client.next())).toBe('2 second')
    expect(answered(await client.next())).toBe('3 c')
  })

  it('start when the one before was let in, before it is answered', async () => {
    const { calls, connect } = await startServer()
    const client = await connect()
    client.send(request(pipelined, 1, 'a'), request(pipelined, 2, 'b'))
    expect((await calls.nth(1)).text).toBe('b')
  })

  it('wait for the one before that is not let in yet', async () => {
    const { calls, connect } = await startServer()
    const client = await connect()
    const other = await connect()
    client.send(request(parked, 1, 'a'), request(parked, 2, 'b'), request(echo, 3, 'c'))
    const first = await calls.nth(0)
    for (let round = 0; round < 10; round++) {
      other.send(request(echo, round, 'meanwhile'))
      await other.next()
    }
    expect(calls.all).toHaveLength(1)
    first.answer({ text: 'first' })
    ;(await calls.nth(1)).answer({ text: 'second' })
    expect(answered(await client.next())).toBe('1 first')
    expect(answered(await client.next())).toBe('2 second')
    expect(answered(await client.next())).toBe('3 c')
  })

  it('are answered however their bytes are cut', async () => {
    const { connect } = await startServer()
    const texts = fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 20 })
    const cuts = fc.array(fc.nat(300), { minLength: 1, maxLength: 50 })
    await fc.assert(
      fc.asyncProperty(texts, cuts, async (texts, cuts) => {
        const client = await connect()
        const bytes = Buffer.concat(texts.map((text, index) => request(echo, index, text)))
        for (let sent = 0, cut = 0; sent < bytes.length; cut++) {
          const end = sent + 1 + cuts[cut % cuts.length]!
          client.send(bytes.subarray(sent, end))
          sent = end
          if (cut % 3 === 0) await new Promise(setImmediate)
        }
        for (const [index, text] of texts.entries()) expect(answered(await client.next())).toBe(`${index} ${text}`)
        client.socket.destroy()
      }),
      { numRuns: 50 },
    )
  })

  it('are answered with what they said, whatever their size, beside those on other connections', async () => {
    const { server, connect } = await startServer()
    const sizes = [0, 50, 3000, 40_000, 300_000, 1_500_000, 20, 70_000, 70_000, 8, 33_000]
    const ask = async (client: TestClient, name: number): Promise<void> => {
      const padding = (index: number): Buffer => Buffer.alloc(sizes[index]!, name * sizes.length + index)
      const bytes = Buffer.concat(sizes.map((_, index) => request(echo, index, 'x', { padding: padding(index) })))
      for (let sent = 0; sent < bytes.length; sent += 50_000 + name) {
        client.send(bytes.subarray(sent, sent + 50_000 + name))
        await new Promise(setImmediate)
      }
      for (const index of sizes.keys()) expect((await client.next())!.includes(padding(index))).toBe(true)
    }
    const clients = await Promise.all([connect(), connect(), connect()])
    await Promise.all(clients.map(ask))
    await server.stop(0)
  })

  it('that come in one chunk are answered in one write', async () => {
    const { server, connect } = await startServer()
    const client = await connect()
    const write = vi.spyOn(Socket.prototype, 'write')
    client.send(...Array.from({ length: 20 }, (_, index) => request(echo, index, 'x')))
    for (let index = 0; index < 20; index++) expect(answered(await client.next())).toBe(`${index} x`)
    const writes = write.mock.contexts.filter((socket) => (socket as Socket).localPort === server.addresses[0]!.port)
    write.mockRestore()
    expect(writes).toHaveLength(1)
  })

  it('that get no answer hold up nothing', async () => {
    const { calls, connect } = await startServer()
    const client = await connect()
    client.send(request(pipelined, 1, 'no answer'), request(echo, 2, 'next'))
    ;(await calls.nth(0)).answer(NO_RESPONSE)
    expect(answered(await client.next())).toBe('2 next')
  })

  it('can have the end of the connection as answer, after the answers before it', async () => {
    const { calls, connect } = await startServer()
    const client = await connect()
    client.send(request(pipelined, 1, 'a'), request(pipelined, 2, 'b'), request(pipelined, 3, 'c'))
    ;(await calls.nth(2)).answer({ text: 'third' })
    ;(await calls.nth(1)).answer(CLOSE_CONNECTION)
    ;(await calls.nth(0)).answer({ text: 'first' })
    expect((await client.rest()).map((frame) => answered(frame))).toEqual(['1 first'])
  })

  it('do not keep a connection open that is to end, though one is not let in yet', async () => {
    const { calls, connect } = await startServer()
    const client = await connect()
    client.send(request(pipelined, 1, 'a'), request(parked, 2, 'b'))
    await calls.nth(1)
    calls.all[0]!.answer(CLOSE_CONNECTION)
    expect(await client.next()).toBeUndefined()
  })

  it('know who sent them', async () => {
    const test = await startServer()
    const client = await test.connect()
    client.send(request(parked, 1, 'a', { version: 3, clientId: 'me' }))
    const { context } = await test.calls.nth(0)
    const { id, ...connection } = context.connection
    expect(context).toMatchObject({ apiVersion: 3, clientId: 'me' })
    expect(connection).toEqual({
      listenerName: 'PLAINTEXT',
      localAddress: '127.0.0.1',
      localPort: test.server.addresses[0]!.port,
      remoteAddress: '127.0.0.1',
    })
    const other = await test.connect()
    other.send(request(parked, 1, 'b'))
    expect((await test.calls.nth(1)).context.connection.id).not.toBe(id)
  })
})

describe('a client that has finished sending', () => {
  it('gets the answers to all it sent, and then the end', async () => {
    const { calls, connect } = await startServer()
    const client = await connect({ allowHalfOpen: true })
    client.socket.end(Buffer.concat([request(pipelined, 1, 'a'), request(echo, 2, 'b'), request(echo, 3, 'c')]))
    const call = await calls.nth(0)
    if (!call.context.signal.aborted) await once(call.context.signal, 'abort')
    call.answer({ text: 'late' })
    expect((await client.rest()).map((frame) => answered(frame))).toEqual(['1 late', '2 b', '3 c'])
  })

  it('ends its parked requests at once', async () => {
    const { connect } = await startServer()
    const client = await connect({ allowHalfOpen: true })
    client.socket.end(Buffer.concat([request(parked, 1, 'a'), request(parked, 2, 'b')]))
    expect((await client.rest()).map((frame) => answered(frame))).toEqual(['1 ended', '2 ended'])
  })

  it('loses the request of which it sent a part', async () => {
    const { connect } = await startServer()
    const client = await connect({ allowHalfOpen: true })
    client.socket.end(Buffer.concat([request(echo, 1, 'whole'), request(echo, 2, 'part').subarray(0, 15)]))
    expect((await client.rest()).map((frame) => answered(frame))).toEqual(['1 whole'])
  })
})

describe('a client that is gone', () => {
  it.each(['destroy', 'resetAndDestroy'] as const)('ends its parked requests (%s)', async (leave) => {
    const { calls, connect } = await startServer()
    const client = await connect()
    client.send(request(parked, 1, 'a'))
    const { context } = await calls.nth(0)
    expect(context.signal.aborted).toBe(false)
    client.socket[leave]()
    await once(context.signal, 'abort')
  })

  it('does not disturb what it left behind, or anybody else', async () => {
    const { calls, connect, logLines } = await startServer()
    const client = await connect()
    const other = await connect()
    client.send(request(pipelined, 1, 'a'), request(pipelined, 2, 'b'), request(parked, 3, 'c'))
    const { context } = await calls.nth(2)
    client.socket.resetAndDestroy()
    await once(context.signal, 'abort')
    calls.all[0]!.answer({ text: 'nobody' })
    calls.all[1]!.answer(CLOSE_CONNECTION)
    other.send(request(echo, 1, 'still here'))
    expect(answered(await other.next())).toBe('1 still here')
    expect(logLines.filter((line) => line.level !== 'debug')).toEqual([])
  })
})
