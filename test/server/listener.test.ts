import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect, createServer, Server as NetServer, type AddressInfo } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { TurnShare } from '../../src/lib/turn-share.ts'
import { CannotListen } from '../../src/server/listener.ts'
import { answered, echo, parked, request, startServer } from './fake-apis.ts'
import { TestClient } from './test-client.ts'

/** 0 where there is no such file. */
function systemNumber(file: string): number {
  return existsSync(file) ? Number(readFileSync(file, 'latin1')) : 0
}

/** Connections that the kernel did not take since no more could wait, on this machine. */
function listenOverflows(): number {
  const [names, values] = readFileSync('/proc/net/netstat', 'latin1')
    .split('\n')
    .map((line) => line.split(' '))
  return Number(values![names!.indexOf('ListenOverflows')])
}

describe('a server', () => {
  it('listens on both loopback addresses, at the same port', async () => {
    const { server } = await startServer({ listeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 0 }] })
    const [v4, v6] = server.addresses
    expect(server.addresses.map((address) => address.host)).toEqual(['127.0.0.1', '::1'])
    expect(v6!.port).toBe(v4!.port)
    for (const address of server.addresses) {
      const client = await TestClient.connect(address)
      client.send(request(echo, 1, address.host))
      expect(answered(await client.next())).toBe(`1 ${address.host}`)
    }
  })

  it('finds another free port when the first address has one that the second has not', async () => {
    const taken = createServer().listen(0, '::1')
    await once(taken, 'listening')
    const { port: takenPort } = taken.address() as AddressInfo
    const listen = Reflect.get(NetServer.prototype, 'listen') as (...args: unknown[]) => NetServer
    const spy = vi.spyOn(NetServer.prototype, 'listen').mockImplementationOnce(function (
      this: NetServer,
      ...[options, listener]: unknown[]
    ) {
      return Reflect.apply(listen, this, [{ ...(options as object), port: takenPort }, listener])
    })
    const { server } = await startServer()
    spy.mockRestore()
    taken.close()
    const ports = server.addresses.map((address) => address.port)
    expect(ports).toHaveLength(2)
    expect(ports[0]).toBe(ports[1])
    await expect(TestClient.connect({ host: '127.0.0.1', port: takenPort })).rejects.toThrow('ECONNREFUSED')
  })

  it('makes do with IPv4 where there is no IPv6', async () => {
    const listen = Reflect.get(NetServer.prototype, 'listen') as (...args: unknown[]) => NetServer
    const spy = vi.spyOn(NetServer.prototype, 'listen').mockImplementation(function (this: NetServer, ...[options, listener]: unknown[]) {
      if ((options as { host: string }).host !== '::1') return Reflect.apply(listen, this, [options, listener])
      process.nextTick(() => this.emit('error', Object.assign(new Error('no such address'), { code: 'EADDRNOTAVAIL' })))
      return this
    })
    const { server, connect } = await startServer()
    spy.mockRestore()
    expect(server.addresses.map((address) => address.host)).toEqual(['127.0.0.1'])
    const client = await connect()
    client.send(request(echo, 1, 'hello'))
    expect(answered(await client.next())).toBe('1 hello')
  })

  it('has several listeners, and requests know theirs', async () => {
    const listeners = ['INSIDE', 'OUTSIDE'].map((name) => ({ name, host: '127.0.0.1', port: 0 }))
    const { server, calls } = await startServer({ listeners })
    const client = await TestClient.connect(server.addresses[1]!)
    client.send(request(parked, 1, ''))
    expect(server.addresses.map((address) => address.listenerName)).toEqual(['INSIDE', 'OUTSIDE'])
    expect((await calls.nth(0)).context.connection).toMatchObject({ listenerName: 'OUTSIDE', localPort: server.addresses[1]!.port })
  })

  it('shows the address of an IPv4 client as IPv4 when it listens on every interface', async () => {
    const { server, calls } = await startServer({ listeners: [{ name: 'PLAINTEXT', host: '', port: 0 }] })
    const client = await TestClient.connect({ host: '127.0.0.1', port: server.addresses[0]!.port })
    client.send(request(parked, 1, ''))
    expect((await calls.nth(0)).context.connection).toMatchObject({ localAddress: '127.0.0.1', remoteAddress: '127.0.0.1' })
  })

  const mostWaiting = systemNumber('/proc/sys/net/core/somaxconn')
  it.runIf(mostWaiting >= 1000)(
    'has a thousand that come at once wait to be accepted, instead of trying again a second later',
    async () => {
      const { server } = await startServer({ backlog: 1000 })
      const overflows = listenOverflows()
      const sockets = Array.from({ length: 1000 }, () => connect(server.addresses[0]!.port, '127.0.0.1')) // all before the first is accepted
      await Promise.all(sockets.map((socket) => once(socket, 'connect')))
      expect(listenOverflows() - overflows).toBe(0)
      for (const socket of sockets) socket.destroy()
    },
  )

  it('shortens the turns of the event loop when a connection comes, since libuv accepts one of them in a turn', async () => {
    const hurry = vi.spyOn(TurnShare.prototype, 'hurry')
    const { connect: open } = await startServer()
    for (const client of [await open(), await open()]) {
      client.send(request(echo, 1, 'accepted'))
      await client.next()
    }
    expect(hurry).toHaveBeenCalledTimes(2)
    hurry.mockRestore()
  })

  it('says that a port is in use, and then listens nowhere', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port: freePort } = free.address() as AddressInfo
    free.close()
    await once(free, 'close')
    const listeners = [freePort, port].map((port) => ({ name: 'PLAINTEXT', host: '127.0.0.1', port }))
    await expect(startServer({ listeners })).rejects.toMatchObject({
      name: 'CannotListen',
      code: 'EADDRINUSE',
      port,
      message: `port ${port} is in use (another broker?)`,
    })
    await expect(TestClient.connect({ host: '127.0.0.1', port: freePort })).rejects.toThrow('ECONNREFUSED')
    taken.close()
  })

  it.each([
    ['192.0.2.1', 'EADDRNOTAVAIL', '192.0.2.1 is not an address of this machine'],
    ['no-such-host.invalid', 'ENOTFOUND', 'the name no-such-host.invalid is unknown'],
  ])('says why it cannot listen on %s', async (host, code, message) => {
    const listening = startServer({ listeners: [{ name: 'PLAINTEXT', host, port: 0 }] })
    await expect(listening).rejects.toBeInstanceOf(CannotListen)
    await expect(listening).rejects.toMatchObject({ code, host, message })
  })
})
