import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { TestClient } from './test-client.ts'
import { answered, echo, others, parked, pipelined, request, scripted, startServer, type TestServer } from './fake-apis.ts'

const QUIET = 'closed a quiet connection'
const MINUTE = 60_000

async function isOpen(client: TestClient): Promise<boolean> {
  client.send(request(echo, 1, 'still there'))
  return answered(await client.next()) === '1 still there'
}

function connectPaused(test: TestServer): Socket {
  const { host, port } = test.server.addresses[0]!
  return connect({ host, port })
    .on('error', () => undefined)
    .pause()
}

const isEnded = async (client: TestClient): Promise<boolean> => (await client.next()) === undefined

const reasons = (test: TestServer): unknown[] => test.logLines.filter(({ message }) => message === QUIET).map(({ fields }) => fields.reason)

describe('the number of connections', () => {
  it('is limited over all addresses, and grows again when one closes', async () => {
    const test = await startServer({ connectionLimits: { total: 2, perAddress: Infinity, ofAddress: new Map() } })
    const [first, second] = [await test.connect(), await test.connect()]
    expect(await isOpen(second)).toBe(true)
    expect(await isEnded(await test.connect())).toBe(true)
    expect(await isOpen(first)).toBe(true)
    first.socket.destroy()
    await expect.poll(async () => isOpen(await test.connect())).toBe(true)
    expect(test.logLines[0]).toMatchObject({ level: 'warn', fields: { limit: 'max.connections' } })
  })

  it('is limited for an address, and otherwise for those that are named', async () => {
    const test = await startServer({ connectionLimits: { total: Infinity, perAddress: 1, ofAddress: new Map([['::1', 2]]) } })
    const [v4, v6] = test.server.addresses
    expect(await isOpen(await test.connect())).toBe(true)
    expect(await isEnded(await test.connect())).toBe(true)
    expect(v4!.host).toBe('127.0.0.1')
    for (let index = 0; index < 2; index++) expect(await isOpen(await test.connectTo(v6!))).toBe(true)
    expect(await isEnded(await test.connectTo(v6!))).toBe(true)
  })
})

describe('a quiet connection', () => {
  it('is closed after the idle limit, counted from the last byte in or out', async () => {
    const test = await startServer({ maxIdleMs: 10 * MINUTE })
    const client = await test.connect()
    expect(await isOpen(client)).toBe(true)
    test.clock.advance(9 * MINUTE)
    expect(await isOpen(client)).toBe(true)
    test.clock.advance(10 * MINUTE - 2_000)
    expect(reasons(test)).toEqual([])
    test.clock.advance(4_000)
    expect(await isEnded(client)).toBe(true)
    expect(reasons(test)).toEqual(['idle'])
  })

  it('stays while an answer is made for it', async () => {
    const test = await startServer({ maxIdleMs: MINUTE })
    const client = await test.connect()
    client.send(request(parked, 1, 'a'))
    const call = await test.calls.nth(0)
    test.clock.advance(60 * MINUTE)
    call.answer({ text: 'late' })
    expect(answered(await client.next())).toBe('1 late')
    expect(await isOpen(client)).toBe(true)
  })

  it('is closed soon when it stops within a large request, and within a small one when it is idle', async () => {
    const test = await startServer({ maxIdleMs: 10 * MINUTE })
    const [large, small] = [await test.connect(), await test.connect()]
    large.send(request(echo, 1, '', { padding: Buffer.alloc(500_000) }).subarray(0, 300_000))
    small.send(request(echo, 1, 'small').subarray(0, 10))
    await others(test)
    test.clock.advance(29_000)
    expect(reasons(test)).toEqual([])
    test.clock.advance(3_000)
    expect(await isEnded(large)).toBe(true)
    expect(reasons(test)).toEqual(['half a request'])
    test.clock.advance(10 * MINUTE)
    expect(await isEnded(small)).toBe(true)
  })

  it('is closed when it takes nothing of an answer, not while it takes a little', async () => {
    const test = await startServer({ maxIdleMs: 10 * MINUTE })
    test.script = () => ({ answer: { text: 'large', padding: Buffer.alloc(30 << 20) } })
    const [deaf, slow] = [connectPaused(test), connectPaused(test)]
    const takes = async (bytes: number): Promise<void> => {
      for (let taken = 0; taken < bytes; taken += (slow.read() as Buffer | null)?.length ?? 0) await new Promise(setImmediate)
    }
    for (const socket of [deaf, slow]) socket.write(request(scripted, 1, ''))
    await others(test)
    test.clock.advance(2_000)
    for (let round = 1; round <= 4; round++) {
      await takes(4 << 20)
      test.clock.advance(20_000)
    }
    expect(reasons(test)).toEqual(['takes no answer'])
    await takes(13 << 20)
    deaf.destroy()
    slow.destroy()
  })
})

describe('the bytes of large requests', () => {
  const large = (id: number): Buffer => request(pipelined, id, String(id), { padding: Buffer.alloc(3 << 20) })
  const usual = (id: number): Buffer => request(pipelined, id, String(id), { padding: Buffer.alloc(1_500_000) })

  it('are bounded over all connections: the next one waits until one is answered', async () => {
    const test = await startServer({ queuedRequestBytes: 8 << 20 })
    const [first, second] = [await test.connect(), await test.connect()]
    first.send(large(1))
    await test.calls.nth(0)
    second.send(large(2))
    await others(test)
    expect(test.calls.all).toHaveLength(1)
    test.calls.all[0]!.answer({ text: 'done' })
    ;(await test.calls.nth(1)).answer({ text: 'done' })
    expect(answered(await first.next())).toBe('1 done')
    expect(answered(await second.next())).toBe('2 done')
  })

  it('do not keep those of usual size waiting', async () => {
    const test = await startServer({ queuedRequestBytes: 8 << 20 })
    const [first, second, third] = [await test.connect(), await test.connect(), await test.connect()]
    first.send(large(1))
    second.send(large(2))
    await test.calls.nth(0)
    third.send(usual(3))
    expect((await test.calls.nth(1)).text).toBe('3')
  })

  it('come back when their connection goes, whether it had them or waited for them', async () => {
    const test = await startServer({ queuedRequestBytes: 8 << 20 })
    const clients = await Promise.all(Array.from({ length: 4 }, () => test.connect()))
    for (const client of clients.slice(0, 3)) {
      client.send(large(1).subarray(0, 2 << 20))
      await others(test)
    }
    clients[3]!.send(large(4))
    clients[1]!.socket.destroy() // one that waits
    await others(test)
    expect(test.calls.all).toHaveLength(0)
    clients[0]!.socket.destroy() // the one that has them
    clients[2]!.socket.destroy() // the one whose turn it is
    expect((await test.calls.nth(0)).text).toBe('4')
  })

  it('are not waited for longer than half a minute', async () => {
    const test = await startServer({ queuedRequestBytes: 8 << 20, maxIdleMs: 10 * MINUTE })
    const [busy, waiting] = [await test.connect(), await test.connect()]
    busy.send(large(1))
    const call = await test.calls.nth(0)
    waiting.send(large(2))
    await others(test)
    test.clock.advance(2_000)
    test.clock.advance(31_000)
    expect(await isEnded(waiting)).toBe(true)
    call.answer({ text: 'done' })
    expect(answered(await busy.next())).toBe('1 done')
  })

  it('are taken from who makes no use of them, sooner when others wait', async () => {
    const test = await startServer({ queuedRequestBytes: 8 << 20, maxIdleMs: 10 * MINUTE })
    const [stalled, waiting] = [await test.connect(), await test.connect()]
    stalled.send(large(1).subarray(0, 2 << 20))
    await others(test)
    test.clock.advance(4_000)
    waiting.send(large(2))
    await others(test)
    test.clock.advance(7_000)
    expect(await isEnded(stalled)).toBe(true)
    expect((await test.calls.nth(0)).text).toBe('2')
  })
})
