import { once } from 'node:events'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { expect, it } from 'vitest'
import { adopt } from '../../src/server/adopt.ts'

/** A client's socket, and the accepted one. */
async function connected(): Promise<[Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = (await accepted) as [Socket]
  server.close()
  return [client, socket]
}

async function echoed(client: Socket, accepted: Socket, space: () => Buffer | undefined): Promise<{ text: string; chunks: number }> {
  let chunks = 0
  const socket = adopt(accepted, {
    space,
    received: (count, chunk) => {
      if (chunk !== undefined) chunks++
      socket.write(Buffer.from(chunk ?? space()!.subarray(0, count)))
    },
  })
  socket.on('end', () => socket.end())
  client.end('hello')
  let text = ''
  for await (const bytes of client) text += String(bytes)
  return { text, chunks }
}

it('hands over what comes in a chunk where it is not known where it belongs', async () => {
  const [client, accepted] = await connected()
  expect(await echoed(client, accepted, () => undefined)).toEqual({ text: 'hello', chunks: 1 })
})

it('reads what comes to where it belongs', async () => {
  const [client, accepted] = await connected()
  const space = Buffer.alloc(10)
  expect(await echoed(client, accepted, () => space)).toEqual({ text: 'hello', chunks: 0 })
  expect(space.toString()).toBe('hello\0\0\0\0\0')
})

it('hands over the chunks of a socket that has no handle', async () => {
  const accepted = new Socket().pause()
  const chunks: Buffer[] = []
  adopt(accepted, {
    space: () => undefined,
    received: (count, chunk) => void chunks.push(chunk!.subarray(0, count)),
  })
  accepted.push('hello')
  accepted.push(null)
  await once(accepted, 'end')
  expect(String(Buffer.concat(chunks))).toBe('hello')
})
