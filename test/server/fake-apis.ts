// APIs that the server does not know from real ones, answered by the tests, and a server that serves them on a free port.

import { EventEmitter, once } from 'node:events'
import { onTestFinished } from 'vitest'
import { ByteBudget } from '../../src/lib/byte-budget.ts'
import { TurnShare } from '../../src/lib/turn-share.ts'
import { createDiagnostics, type LogLine } from '../../src/lib/diagnostics.ts'
import { type ListeningAddress, Server, type ServerOptions } from '../../src/server/listener.ts'
import { ServerCounters } from '../../src/server/server-counters.ts'
import { decodeResponse, encodeRequest } from '../../src/wire/frame.ts'
import { errorCode } from '../../src/wire/error-codes.ts'
import { Reader } from '../../src/wire/reader.ts'
import { bytes, defineApi, int16, records, string, struct, type Infer } from '../../src/wire/schema.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { OverwritingPool } from '../support/overwriting-pool.ts'
import { TestClient } from './test-client.ts'
import type { Accepted, RequestContext, ServedApi } from '../../src/handlers/handler.ts'

const fakeApi = (key: number, name: string) =>
  defineApi({
    key,
    name,
    versions: '1-3',
    flexible: '3+',
    request: struct({ text: string, padding: bytes }),
    response: struct({ errorCode: int16.default(0), text: string, padding: records.nullable().default(null) }),
  })

export const echo = fakeApi(1000, 'Echo')
export const parked = fakeApi(1001, 'Parked')
export const pipelined = fakeApi(1002, 'Pipelined')
export const scripted = fakeApi(1003, 'Scripted')

type FakeApi = typeof echo
type FakeRequest = Infer<FakeApi['request']>
type FakeAnswer = { text: string; padding?: Buffer }

interface Call {
  readonly text: string
  readonly context: RequestContext
  readonly answer: (answer: FakeAnswer | symbol) => void
}

/** What the server let in of the parked and pipelined requests, in order; each is answered by the test. */
class Calls extends EventEmitter {
  readonly all: Call[] = []

  async nth(index: number): Promise<Call> {
    while (this.all.length <= index) await once(this, 'call')
    return this.all[index]!
  }

  add(request: FakeRequest, context: RequestContext): Promise<object> {
    let resolve!: (answer: object) => void
    const promise = new Promise<object>((resolveIt) => (resolve = resolveIt))
    this.all.push({ text: request.text, context, answer: (answer) => resolve(answer as object) })
    this.emit('call')
    return promise
  }
}

type Script = (request: FakeRequest, context: RequestContext) => Accepted | Promise<Accepted>

export interface TestServer {
  readonly server: Server
  readonly calls: Calls
  readonly clock: ManualClock
  readonly logLines: LogLine[]
  readonly counters: ServerCounters
  /** What the API `scripted` does. */
  script: Script
  readonly connect: (options?: { allowHalfOpen?: boolean }) => Promise<TestClient>
  readonly connectTo: (address: ListeningAddress) => Promise<TestClient>
}

const noLimits = (): Omit<ServerOptions, 'served' | 'diagnostics' | 'clock' | 'turnShare' | 'counters'> => ({
  listeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 0 }],
  maxRequestBytes: 104_857_600,
  queuedRequestBytes: Infinity,
  bufferPool: new OverwritingPool(),
  responseBudget: new ByteBudget(Infinity),
  maxIdleMs: Infinity,
  backlog: 4096,
  connectionLimits: { total: Infinity, perAddress: Infinity, ofAddress: new Map() },
})

export async function startServer(options: Partial<Omit<ServerOptions, 'diagnostics' | 'clock' | 'turnShare' | 'counters'>> = {}) {
  const calls = new Calls()
  const clock = new ManualClock()
  const logLines: LogLine[] = []
  const diagnostics = createDiagnostics(clock, 'debug', (line) => logLines.push(line))
  const served = [
    serve(echo, ({ text, padding }) => ({ answer: { text, padding } })),
    serve(parked, (request, context) => {
      const answered = calls.add(request, context)
      const ended = new Promise<object>((resolve) => {
        if (context.signal.aborted) resolve({ text: 'ended' })
        context.signal.addEventListener('abort', () => resolve({ text: 'ended' }), { once: true })
      })
      return Promise.race([answered, ended]).then((answer) => ({ answer }))
    }),
    serve(pipelined, (request, context) => ({ answer: calls.add(request, context) })),
    serve(scripted, (request, context) => test.script(request, context)),
    ...(options.served ?? []),
  ]
  const counters = new ServerCounters()
  const server = await Server.listen({ ...noLimits(), ...options, served, diagnostics, clock, turnShare: new TurnShare(clock), counters })
  onTestFinished(() => {
    void server.stop(0)
    clock.advance(0)
  })
  const test: TestServer = {
    server,
    calls,
    clock,
    logLines,
    counters,
    script: () => ({ answer: { text: '' } }),
    connect: (options) => TestClient.connect(server.addresses[0]!, options),
    connectTo: (address) => TestClient.connect(address),
  }
  return test
}

function serve(api: FakeApi, script: Script): ServedApi {
  return {
    api,
    minVersion: api.minVersion,
    maxVersion: api.maxVersion,
    accept: (request, context) => script(request as FakeRequest, context),
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), text: refusal.message }),
  }
}

export function request(
  api: FakeApi,
  correlationId: number,
  text: string,
  options: { version?: number; clientId?: string | null; padding?: Buffer } = {},
) {
  const { version = 2, clientId = 'test', padding = Buffer.alloc(0) } = options
  return Buffer.concat(encodeRequest(api, version, correlationId, clientId, { text, padding }))
}

/** Long enough for the server to have done all it is going to do: another client's requests go to and fro, and it is gone. */
export async function others(test: TestServer): Promise<void> {
  const other = await test.connect()
  for (let round = 0; round < 30; round++) {
    other.send(request(echo, round, 'meanwhile'))
    await other.next()
  }
  other.socket.destroy()
  await once(other.socket, 'close')
}

/** A response frame as a test compares it: `7 hello`, with the error code when there is one. */
export function answered(frame: Buffer | undefined, version = 2): string {
  if (frame === undefined) return 'closed'
  const { correlationId, response } = decodeResponse(echo, version, new Reader(frame))
  return `${correlationId} ${response.errorCode === 0 ? '' : `error ${response.errorCode} `}${response.text}`
}
