import { describe, expect, it } from 'vitest'
import type { ServerCounters } from '../../src/server/server-counters.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { errorFields } from '../../src/wire/error-fields.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { CLOSE_CONNECTION, NO_RESPONSE } from '../../src/handlers/handler.ts'
import { echo, parked, request, scripted, startServer, type TestServer } from './fake-apis.ts'
import type { TestClient } from './test-client.ts'

const of = (samples: ReturnType<ServerCounters['requests']['samples']>): unknown[] =>
  samples.filter(({ value }) => value !== 0).map(({ labels, value }) => [...Object.values(labels), value])

/** The server has noticed that a connection is gone. */
async function closed({ counters }: TestServer): Promise<void> {
  while (counters.openConnections > 0) await new Promise((resolve) => setImmediate(resolve))
}

async function end(server: TestServer, client: TestClient): Promise<void> {
  client.socket.end()
  await closed(server)
}

describe('the server counts', () => {
  it('the requests of each API, their bytes, their errors and how long they took', async () => {
    const server = await startServer()
    const client = await server.connect()
    const asked = request(echo, 1, 'hello')
    client.send(asked, request(echo, 2, 'hello'), request(parked, 3, 'wait'))
    const answers = [await client.next(), await client.next()]
    const call = await server.calls.nth(0)
    server.clock.advance(250)
    call.answer({ text: 'done' })
    await client.next()
    server.script = () => {
      throw new Refusal('INVALID_REQUEST')
    }
    client.send(request(scripted, 4, 'refused'))
    await client.next()
    const { counters } = server
    expect(of(counters.requests.samples())).toEqual([
      ['Echo', 2],
      ['Parked', 1],
      ['Scripted', 1],
    ])
    expect(counters.requestBytes.of('Echo').value).toBe(2 * (asked.length - 4))
    expect(counters.responseBytes.of('Echo').value).toBe(answers.reduce((sum, frame) => sum + frame!.length + 4, 0))
    expect(of(counters.errors.samples())).toEqual([['Scripted', 'INVALID_REQUEST', 1]])
    expect(counters.durations.of('Parked').snapshot()).toMatchObject({ count: 1, max: 0.25 })
    expect(counters.durations.of('Echo').snapshot()).toMatchObject({ count: 2, max: 0 })
  })

  it('the bytes of all connections, both ways', async () => {
    const server = await startServer()
    const client = await server.connect()
    const asked = request(echo, 1, 'hello')
    client.send(asked)
    const answer = await client.next()
    expect(server.counters.receivedBytes.value).toBe(asked.length)
    expect(server.counters.sentBytes.value).toBe(answer!.length + 4)
  })

  it('connections that are open, and why the others were closed', async () => {
    const server = await startServer()
    const { counters } = server
    const leaving = await server.connect()
    leaving.send(request(echo, 1, 'hello'))
    await leaving.next()
    expect([counters.connectionsOpened.value, counters.openConnections]).toEqual([1, 1])
    await end(server, leaving)

    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), request(echo, 1, '', { version: 2 }).fill(0x7f, 4, 6)]) {
      const client = await server.connect()
      client.send(bytes)
      expect(await client.next()).toBeUndefined()
      await end(server, client)
    }

    server.script = () => ({ answer: CLOSE_CONNECTION })
    const unanswerable = await server.connect()
    unanswerable.send(request(scripted, 1, ''))
    expect(await unanswerable.next()).toBeUndefined()
    await end(server, unanswerable)

    server.script = () => {
      throw new TypeError('a bug')
    }
    const buggy = await server.connect()
    buggy.send(request(scripted, 1, ''))
    await buggy.rest()
    await end(server, buggy)

    const stopped = await server.connect()
    stopped.send(request(echo, 1, ''))
    await stopped.next()
    await server.server.stop(1000)
    await closed(server)
    expect(of(counters.connectionsClosed.samples())).toEqual([
      ['client', 1],
      ['malformed', 2],
      ['unanswerable', 1],
      ['bug', 1],
      ['stop', 1],
    ])
    expect([counters.connectionsOpened.value, counters.openConnections]).toEqual([6, 0])
  })

  it('requests that get no answer', async () => {
    const server = await startServer()
    server.script = () => ({ answer: NO_RESPONSE })
    const client = await server.connect()
    client.send(request(scripted, 1, ''), request(echo, 2, ''))
    await client.next()
    expect(server.counters.durations.of('Scripted').snapshot().count).toBe(1)
    expect(server.counters.responseBytes.of('Scripted').value).toBe(0)
  })
})

describe('the error codes of a response', () => {
  const codesIn = (api: typeof produce | typeof createTopics, response: object): number[] => {
    const codes: number[] = []
    errorFields(api.response)(response, (code) => codes.push(code))
    return codes
  }

  it('are found in every partition, and none where there is no error', () => {
    const partitionResponses = [{ index: 0, errorCode: 0 }, { index: 1, errorCode: 3 }, { index: 2 }]
    expect(codesIn(produce, { responses: [{ partitionResponses }, { partitionResponses: [{ errorCode: 87 }] }] })).toEqual([3, 87])
    expect(codesIn(createTopics, { topics: [{ errorCode: 36, configs: null }] })).toEqual([36])
    expect(codesIn(createTopics, {})).toEqual([])
  })
})
