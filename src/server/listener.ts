// The server: the only file of the broker that opens sockets for others to connect to. It owns the listening sockets and knows every connection.
// A listener on `localhost` is one socket on each loopback address, at the same port: clients that resolve the name to ::1 first find it too.

import { createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net'
import type { ServedApi } from '../handlers/handler.ts'
import type { ByteBudget } from '../lib/byte-budget.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import type { BufferPool } from '../lib/buffer-pool.ts'
import type { TurnShare } from '../lib/turn-share.ts'
import { RequestBudgets } from './budgets.ts'
import { Connection, type ConnectionServices } from './connection.ts'
import { Dispatcher } from './dispatch.ts'
import { pieceTurns } from './output.ts'
import type { ServerCounters } from './server-counters.ts'

export interface ListenerOptions {
  /** Kafka's listener name, as in `advertised.listeners`. */
  readonly name: string
  /** An address or name of this machine; `localhost` for both loopback addresses, '' for every interface. */
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
}

export interface ListeningAddress {
  readonly listenerName: string
  readonly host: string
  readonly port: number
}

export interface ServerOptions {
  readonly listeners: readonly ListenerOptions[]
  readonly served: readonly ServedApi[]
  readonly diagnostics: Diagnostics
  readonly clock: Clock
  /** What many clients ask for at once takes turns. */
  readonly turnShare: TurnShare
  /** `socket.request.max.bytes`: a larger frame closes its connection. */
  readonly maxRequestBytes: number
  readonly counters: ServerCounters
  /** `queued.max.request.bytes` */
  readonly queuedRequestBytes: number
  /** What requests are assembled in. */
  readonly bufferPool: BufferPool
  /** What answers are made of; who holds some and takes nothing is closed when others wait for it. */
  readonly responseBudget: ByteBudget
  /** `connections.max.idle.ms` */
  readonly maxIdleMs: number
  readonly connectionLimits: ConnectionLimits
  /** `socket.listen.backlog.size` */
  readonly backlog: number
}

/** A connection beyond one of them is closed as soon as it is accepted. */
export interface ConnectionLimits {
  readonly total: number
  readonly perAddress: number
  /** Instead of `perAddress`, for these addresses. */
  readonly ofAddress: ReadonlyMap<string, number>
}

export class CannotListen extends Error {
  override name = 'CannotListen'
  /** Node's: EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOTFOUND, … */
  readonly code: string
  readonly host: string
  readonly port: number

  constructor(code: string, host: string, port: number) {
    super(SENTENCES[code]?.(host, port) ?? `cannot listen on ${host}:${port} (${code})`)
    this.code = code
    this.host = host
    this.port = port
  }
}

const SENTENCES: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (_, port) => `port ${port} is in use (another broker?)`,
  EACCES: (_, port) => `port ${port} needs more rights than this process has`,
  EADDRNOTAVAIL: (host) => `${host} is not an address of this machine`,
  ENOTFOUND: (host) => `the name ${host} is unknown`,
}

const LOOPBACK = { v4: '127.0.0.1', v6: '::1' }
const NO_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'EINVAL'])
const FREE_PORT_ATTEMPTS = 20
const QUIET_CHECK_MS = 1000

export class Server {
  readonly #services: ConnectionServices
  readonly #limits: ConnectionLimits
  readonly #backlog: number
  readonly #connections = new Set<Connection>()
  readonly #connectionCounts = new Map<string, number>() // by the client's address
  #quietCheck: Timer | undefined
  readonly #listening: NetServer[] = []
  readonly #addresses: ListeningAddress[] = []
  #nextConnectionId = 0
  #closed: Promise<unknown> | undefined

  /** Rejects with CannotListen, and listens nowhere then. */
  static async listen(options: ServerOptions): Promise<Server> {
    const server = new Server(options)
    try {
      for (const listener of options.listeners) await server.#open(listener)
    } catch (error) {
      await server.stop(0)
      throw error
    }
    return server
  }

  private constructor(options: ServerOptions) {
    const { served, connectionLimits, backlog, queuedRequestBytes } = options
    this.#limits = connectionLimits
    this.#backlog = backlog
    this.#services = {
      ...options,
      dispatcher: new Dispatcher(served, options),
      requestBudgets: new RequestBudgets(queuedRequestBytes),
      pieceTurns: pieceTurns(),
    }
  }

  /** Where it listens, with the ports that were chosen. */
  get addresses(): readonly ListeningAddress[] {
    return this.#addresses
  }

  /**
   * Takes no more connections and requests, answers every request that has come completely (parked ones at once), ends the connections and resolves when all are gone.
   * What is left after `graceMs` is cut off; a second call may shorten it.
   */
  async stop(graceMs: number): Promise<void> {
    this.#closed ??= this.#close()
    const timer = this.#services.clock.after(graceMs, () => {
      for (const connection of this.#connections) connection.destroy()
    })
    await this.#closed
    timer.cancel()
  }

  async #close(): Promise<void> {
    const closed = this.#listening.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    const gone = [...this.#connections].map((connection) => new Promise<void>((resolve) => connection.whenClosed(resolve)))
    for (const connection of this.#connections) connection.finish()
    await Promise.all([...closed, ...gone])
  }

  async #open(listener: ListenerOptions): Promise<void> {
    if (listener.host === 'localhost') return this.#openLoopback(listener)
    await this.#bind(listener.name, listener.host, listener.port)
  }

  async #openLoopback({ name, port }: ListenerOptions): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const first = await this.#bind(name, LOOPBACK.v4, port)
      try {
        await this.#bind(name, LOOPBACK.v6, first.port)
        return
      } catch (error) {
        const { code } = error as CannotListen
        if (NO_IPV6.has(code)) return
        // A port that is free on the first address may be taken on the second: any other will do when none was asked for.
        if (code !== 'EADDRINUSE' || port !== 0 || attempt === FREE_PORT_ATTEMPTS) throw error
        this.#addresses.pop()
        this.#listening.pop()?.close()
      }
    }
  }

  /** Listens on one address, for good. */
  async #bind(listenerName: string, host: string, port: number): Promise<ListeningAddress> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) =>
      this.#accept(socket, listenerName),
    )
    // Without a host Node listens on :: for both families, or on 0.0.0.0 where there is no IPv6.
    const options = { port, backlog: this.#backlog, ...(host === '' ? {} : { host }) }
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(new CannotListen(error.code ?? error.message, host, port)))
      server.listen(options, resolve)
    })
    server.removeAllListeners('error').on('error', (error: NodeJS.ErrnoException) => {
      this.#services.counters.connectionsRefused.add()
      this.#services.diagnostics.warn('could not accept a connection', { listener: listenerName, reason: error.code ?? error.message })
    })
    const address = { listenerName, host, port: (server.address() as AddressInfo).port }
    this.#listening.push(server)
    this.#addresses.push(address)
    return address
  }

  #accept(socket: Socket, listenerName: string): void {
    this.#services.turnShare.hurry() // libuv accepts one connection in a turn of the event loop, and others may be waiting
    const remoteAddress = plainAddress(socket.remoteAddress)
    const count = this.#connectionCounts.get(remoteAddress) ?? 0
    const refusal = this.#refusal(remoteAddress, count)
    if (refusal !== undefined) {
      this.#services.counters.connectionsRefused.add()
      this.#services.diagnostics.warn('closed a connection that is one too many', { client: remoteAddress, limit: refusal })
      return void socket.destroy()
    }
    const info = {
      id: this.#nextConnectionId++,
      listenerName,
      localAddress: plainAddress(socket.localAddress),
      localPort: socket.localPort ?? 0,
      remoteAddress,
    }
    const connection = new Connection(socket, info, this.#services)
    this.#connections.add(connection)
    this.#connectionCounts.set(remoteAddress, count + 1)
    connection.whenClosed(() => this.#closedOne(connection))
    this.#quietCheck ??= this.#services.clock.after(QUIET_CHECK_MS, this.#endQuiet)
  }

  #refusal(address: string, count: number): string | undefined {
    if (this.#connections.size >= this.#limits.total) return 'max.connections'
    const limit = this.#limits.ofAddress.get(address) ?? this.#limits.perAddress
    return count >= limit ? 'max.connections.per.ip' : undefined
  }

  #closedOne(connection: Connection): void {
    this.#connections.delete(connection)
    const { remoteAddress } = connection.info
    const count = this.#connectionCounts.get(remoteAddress)! - 1
    if (count > 0) this.#connectionCounts.set(remoteAddress, count)
    else this.#connectionCounts.delete(remoteAddress)
    if (this.#connections.size > 0) return
    this.#quietCheck?.cancel()
    this.#quietCheck = undefined
  }

  readonly #endQuiet = (): void => {
    const { clock } = this.#services
    for (const connection of this.#connections) connection.endIfQuiet(clock.monotonic())
    this.#quietCheck = clock.after(QUIET_CHECK_MS, this.#endQuiet)
  }
}

/** An IPv4 client on an IPv6 socket has an address like ::ffff:10.0.0.1; a client that is already gone has none. */
function plainAddress(address = ''): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
}
