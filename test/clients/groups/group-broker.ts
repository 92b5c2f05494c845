// The broker below the groups, which is killed and comes back at the same address: Ottla, or with OTTLA_TEST_GROUPS_ON=kafka a real Kafka, the yardstick.

import { join } from 'node:path'
import { startOttla, temporaryFolder } from '../../support/broker-process.ts'
import { startKafka } from '../../support/kafka-process.ts'
import { HEARTBEAT_INTERVAL_MS, SESSION_TIMEOUT_MS } from './group-clients.ts'

/** In the consumer protocol, and for who joins first, the broker says how long to wait. */
const SETTINGS = {
  'group.initial.rebalance.delay.ms': 0,
  'group.consumer.min.heartbeat.interval.ms': HEARTBEAT_INTERVAL_MS,
  'group.consumer.heartbeat.interval.ms': HEARTBEAT_INTERVAL_MS,
  'group.consumer.min.session.timeout.ms': SESSION_TIMEOUT_MS,
  'group.consumer.session.timeout.ms': SESSION_TIMEOUT_MS,
}

interface RunningBroker {
  readonly bootstrap: string
  stop(): Promise<void>
  kill(): Promise<void>
}

const ON_KAFKA = process.env['OTTLA_TEST_GROUPS_ON'] === 'kafka'

export class GroupBroker {
  readonly #folder = temporaryFolder()
  readonly #settings: Readonly<Record<string, string | number>>
  #running: RunningBroker | undefined
  #port = 0

  private constructor(settings: Readonly<Record<string, string | number>>) {
    this.#settings = settings
  }

  static async start(settings: Readonly<Record<string, string | number>> = {}): Promise<GroupBroker> {
    const broker = new GroupBroker({ ...SETTINGS, ...settings })
    await broker.#start()
    return broker
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** As a crash ends it, and its service manager starts it again. A Kafka is stopped: after a crash it is away for longer than members wait. */
  async killAndRestart(): Promise<void> {
    await (ON_KAFKA ? this.#running?.stop() : this.#running?.kill())
    await this.#start()
  }

  async stop(): Promise<void> {
    await this.#running?.stop()
  }

  async #start(): Promise<void> {
    const settings = Object.entries(this.#settings)
    this.#running = ON_KAFKA
      ? await startKafka(
          join(this.#folder, 'kafka'),
          settings.map(([name, value]) => `${name}=${value}`),
          this.#port === 0 ? {} : { port: this.#port },
        )
      : await startOttla({
          dataFolder: this.#folder,
          port: this.#port,
          flags: settings.flatMap(([name, value]) => ['--set', `${name}=${value}`]),
        })
    this.#port = Number(this.#running.bootstrap.split(':')[1])
  }
}
