import { describe, expect, it } from 'vitest'
import { apiVersions } from '../../src/wire/messages/api-versions.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { encodeResponse } from '../../src/wire/frame.ts'
import { answered, echo, parked, pipelined, request, scripted, startServer, type TestServer } from './fake-apis.ts'
import type { ServedApi } from '../../src/handlers/handler.ts'

const served: ServedApi[] = [
  {
    api: apiVersions,
    minVersion: 0,
    maxVersion: 4,
    accept: () => ({ answer: { errorCode: 0, apiKeys: [] } }),
    refuse: () => ({ errorCode: -1, apiKeys: [] }),
  },
]

/** A frame around bytes written in hex, with spaces where they help. */
function frame(hex: string): Buffer {
  const body = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

const hex = (frame: Buffer | undefined): string => frame?.toString('hex') ?? 'closed'

// key, version, correlation id, client id "me"
const API_VERSIONS_V0 = '0012 0000 00000007 00026d65'
const API_VERSIONS_V0_ANSWER = '00000007 0000 00000000'.replaceAll(' ', '')
const API_VERSIONS_V3 = '0012 0003 00000007 00026d65'
const API_VERSIONS_V3_BODY = '0261 0262 00'
const API_VERSIONS_V3_ANSWER = '00000007 0000 01 00000000 00'.replaceAll(' ', '')

describe('a request is answered', () => {
  it.each([
    ['with a client id', API_VERSIONS_V0, API_VERSIONS_V0_ANSWER],
    ['with an empty client id', '0012 0000 00000007 0000', API_VERSIONS_V0_ANSWER],
    ['without a client id', '0012 0000 00000007 ffff', API_VERSIONS_V0_ANSWER],
    ['with a negative correlation id', '0012 0000 fffffffb ffff', 'fffffffb000000000000'],
    ['with bytes after its end', `${API_VERSIONS_V0} 6a756e6b`, API_VERSIONS_V0_ANSWER],
    ['in a flexible version', `${API_VERSIONS_V3} 00 ${API_VERSIONS_V3_BODY}`, API_VERSIONS_V3_ANSWER],
    ['in a flexible version without a client id', `0012 0003 00000007 ffff 00 ${API_VERSIONS_V3_BODY}`, API_VERSIONS_V3_ANSWER],
    ['with unknown tagged fields in its header', `${API_VERSIONS_V3} 02 0503616263 0700 ${API_VERSIONS_V3_BODY}`, API_VERSIONS_V3_ANSWER],
    ['in a flexible version with bytes after its end', `${API_VERSIONS_V3} 00 ${API_VERSIONS_V3_BODY} 6a756e6b`, API_VERSIONS_V3_ANSWER],
  ])('%s', async (_, sent, answer) => {
    const { connect } = await startServer({ served })
    const client = await connect()
    client.send(frame(sent), frame(API_VERSIONS_V0))
    expect(hex(await client.next())).toBe(answer)
    expect(hex(await client.next())).toBe(API_VERSIONS_V0_ANSWER)
  })
})

describe('a long answer', () => {
  const answeringApis = (apiKeys: { readonly apiKey: number }[]): ServedApi[] => [
    { ...served[0]!, accept: () => ({ answer: { errorCode: 0, apiKeys } }) },
  ]
  const apis = Array.from({ length: 300 }, (_, apiKey) => ({ apiKey, minVersion: 0, maxVersion: 1 }))

  it('is encoded in several turns of the event loop', async () => {
    const encodedPerTurn: number[] = []
    let encoded = 0
    const slowly = apis.map(({ apiKey, ...versions }) => ({
      ...versions,
      get apiKey() {
        if (encoded++ === 0) setImmediate(endTurn)
        clock.advance(1)
        return apiKey
      },
    }))
    const endTurn = (): void => {
      encodedPerTurn.push(encoded)
      encoded = 0
    }
    const { connect, clock } = await startServer({ served: answeringApis(slowly) })
    const client = await connect()
    client.send(frame(API_VERSIONS_V0))
    const expected = Buffer.concat(encodeResponse(apiVersions, 0, 7, { errorCode: 0, apiKeys: apis }))
    expect(hex(await client.next())).toBe(hex(expected.subarray(4)))
    expect(Math.max(...encodedPerTurn)).toBeLessThan(apis.length / 5)
  })

  it('closes the connection when it cannot be encoded, which is a bug', async () => {
    const { connect, logLines } = await startServer({
      served: answeringApis(apis.map((api, index) => (index === 200 ? { apiKey: 1e9 } : api))),
    })
    const client = await connect()
    client.send(frame(API_VERSIONS_V0))
    expect(hex(await client.next())).toBe('00000007ffff00000000')
    expect(hex(await client.next())).toBe('closed')
    expect(logLines.map(({ message }) => message)).toContain('bug: could not answer ApiVersions')
  })
})

// What Kafka 4.3.1 sends, byte for byte, when it is asked the same.
describe('ApiVersions in a version that is not served', () => {
  it.each([
    ['a later one', `0012 0063 00000007 00026d65 00 ${API_VERSIONS_V3_BODY}`],
    ['the next one, with a body that only that version has', `0012 0005 00000007 00026d65 00 ${API_VERSIONS_V3_BODY} 78797a`],
    ['a negative one', '0012 ffff 00000007 00026d65'],
  ])('is answered in the form of v0 with the versions there are (%s)', async (_, sent) => {
    const { connect } = await startServer({ served })
    const client = await connect()
    client.send(frame(sent), frame(API_VERSIONS_V0))
    expect(hex(await client.next())).toBe('00000007002300000001001200000004')
    expect(hex(await client.next())).toBe(API_VERSIONS_V0_ANSWER)
  })
})

describe('what is no request closes the connection, after the answers to what came before it', () => {
  it.each([
    ['an empty frame', frame('')],
    ['a negative size', Buffer.from('ffffffff', 'hex')],
    ['a size over the limit', Buffer.from('000f4241', 'hex')],
    ...[1, 2, 3, 5, 7, 8, 9, 11].map((size): [string, Buffer] => [
      `a header cut after ${size} bytes`,
      frame(Buffer.from(API_VERSIONS_V0.replaceAll(' ', ''), 'hex').subarray(0, size).toString('hex')),
    ]),
    ['a client id that is longer than the frame', frame('0012 0000 00000007 01f4 616263')],
    ['a flexible header without tagged fields', frame(API_VERSIONS_V3)],
    ['a flexible header whose tagged field is cut short', frame(`${API_VERSIONS_V3} 01 057f 616263`)],
    ['a later ApiVersions without tagged fields in its header', frame('0012 0063 00000007 00026d65')],
    ['a body that is cut short', frame(`${API_VERSIONS_V3} 00 0261 02`)],
    ['an unknown API', frame('03e7 0000 00000007 00026d65')],
    ['a negative API key', frame('ffff 0000 00000007 00026d65')],
    ['a version below the served ones', request(echo, 1, 'x', { version: 1 }).fill(0, 6, 8)],
    ['a version above the served ones', request(echo, 1, 'x').fill(99, 7, 8)],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['TLS', Buffer.from('160301020001000100', 'hex')],
  ])('%s', async (_, sent) => {
    const { connect, calls, logLines } = await startServer({ served, maxRequestBytes: 1_000_000 })
    const client = await connect()
    const other = await connect()
    client.send(frame(API_VERSIONS_V0), request(pipelined, 2, 'a'), sent, request(pipelined, 3, 'behind'), frame(API_VERSIONS_V0))
    other.send(request(echo, 1, 'undisturbed'))
    expect(answered(await other.next())).toBe('1 undisturbed')
    ;(await calls.nth(0)).answer({ text: 'before' })
    const [first, second, ...others] = await client.rest()
    expect(hex(first)).toBe(API_VERSIONS_V0_ANSWER)
    expect(answered(second)).toBe('2 before')
    expect(others).toEqual([])
    expect(calls.all).toHaveLength(1)
    expect(logLines.map((line) => line.level)).toEqual(['debug'])
  })

  it('only when its turn has come', async () => {
    const { connect, calls } = await startServer()
    const client = await connect()
    client.send(request(parked, 1, 'a'), frame('ffff'))
    ;(await calls.nth(0)).answer({ text: 'first' })
    expect((await client.rest()).map((each) => answered(each))).toEqual(['1 first'])
  })

  it('and says why once, however often it happens', async () => {
    const { connect, logLines } = await startServer()
    for (let round = 0; round < 5; round++) {
      const client = await connect()
      client.send(frame('03e7 0000 00000007 00026d65'))
      await client.rest()
    }
    expect(logLines).toHaveLength(1)
    expect(logLines[0]).toMatchObject({
      level: 'debug',
      message: 'closed a connection that sent what is no request',
      fields: { apiKey: 999, apiVersion: 0, client: '127.0.0.1' },
    })
  })
})

const thrown = (error: Error): never => {
  throw error
}
const rejected = async (error: Error): Promise<never> => thrown(error)

const ways: [string, (error: Error) => TestServer['script']][] = [
  ['thrown', (error) => () => thrown(error)],
  ['by a rejected accept', (error) => () => rejected(error)],
  ['by a rejected answer', (error) => () => ({ answer: rejected(error) })],
  ['by a late rejected answer', (error) => async () => ({ answer: rejected(error) })],
]

describe('a refusal', () => {
  it.each(ways)('is the answer, and the connection goes on (%s)', async (_, failing) => {
    const test = await startServer()
    test.script = failing(new Refusal('TOPIC_ALREADY_EXISTS', 'there is one already'))
    const client = await test.connect()
    client.send(request(scripted, 1, ''), request(echo, 2, 'next'))
    expect(answered(await client.next())).toBe('1 error 36 there is one already')
    expect(answered(await client.next())).toBe('2 next')
    expect(test.logLines).toEqual([])
  })
})

describe('a bug of ours', () => {
  it.each(ways)('is UNKNOWN_SERVER_ERROR and the end of that connection, and is logged with its stack (%s)', async (_, failing) => {
    const test = await startServer()
    test.script = failing(new TypeError('undefined is not an offset'))
    const client = await test.connect()
    const other = await test.connect()
    client.send(request(echo, 1, 'before'), request(scripted, 2, ''), request(echo, 3, 'after'))
    const frames = await client.rest()
    expect(answered(frames[0])).toBe('1 before')
    expect(answered(frames[1])).toMatch(/^2 error -1 /)
    expect(frames).toHaveLength(2)
    other.send(request(echo, 1, 'undisturbed'))
    expect(answered(await other.next())).toBe('1 undisturbed')
    expect(test.logLines).toHaveLength(1)
    expect(test.logLines[0]).toMatchObject({ level: 'error', message: 'bug: could not answer Scripted' })
    expect(test.logLines[0]!.fields.stack).toContain('TypeError: undefined is not an offset\n    at ')
  })

  it('may be an answer that cannot be written', async () => {
    const test = await startServer()
    test.script = () => ({ answer: {} })
    const client = await test.connect()
    client.send(request(scripted, 1, ''))
    expect((await client.rest()).map((each) => answered(each))).toEqual([expect.stringMatching(/^1 error -1 /)])
    expect(test.logLines.map((line) => line.level)).toEqual(['error'])
  })
})
