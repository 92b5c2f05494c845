// A distributed worker of Kafka Connect in a process of its own, and its REST interface.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { temporaryFolder } from '../../support/broker-process.ts'
import { freePorts } from '../../support/free-ports.ts'
import { javaArguments } from '../../support/kafka-jars.ts'
import { StartedProcess } from '../../support/started-process.ts'

const READY_WITHIN_MS = 120_000
const STRINGS = 'org.apache.kafka.connect.storage.StringConverter'

export interface ConnectGroup {
  readonly bootstrap: string
  readonly group: string
}

interface ConnectorStatus {
  readonly connector: { readonly state: string; readonly worker_id: string }
  readonly tasks: readonly { readonly state: string; readonly worker_id: string }[]
}

export const offsetsTopic = (group: string): string => `${group}-offsets`

export class ConnectWorker {
  /** host:port, which is also its name among the workers. */
  readonly address: string
  readonly #process: StartedProcess

  private constructor(address: string, process: StartedProcess) {
    this.address = address
    this.#process = process
  }

  static async start({ bootstrap, group }: ConnectGroup): Promise<ConnectWorker> {
    const address = `127.0.0.1:${(await freePorts(1))[0]}`
    const file = join(temporaryFolder(), 'worker.properties')
    const config = Object.entries(workerConfig(bootstrap, group, address))
    writeFileSync(file, config.map(([name, value]) => `${name}=${value}`).join('\n'))
    const jvm = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...javaArguments(256)]
    const worker = new ConnectWorker(address, new StartedProcess('java', [...jvm, 'org.apache.kafka.connect.cli.ConnectDistributed', file]))
    await worker.#ready()
    return worker
  }

  async create(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, config }) }
    for (;;) {
      const response = await fetch(`http://${this.address}/connectors`, request)
      if (response.ok) return
      if (response.status !== 409) throw new Error(`connector ${name}: ${await response.text()}`)
      await setTimeout(100) // 409: the workers are rebalancing
    }
  }

  /** undefined while it is not known. */
  async status(name: string): Promise<ConnectorStatus | undefined> {
    const response = await fetch(`http://${this.address}/connectors/${name}/status`)
    return response.ok ? ((await response.json()) as ConnectorStatus) : undefined
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#process.end(signal)
  }

  /** It listens before it knows its connectors. */
  async #ready(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS
    for (;;) {
      const answered = await fetch(`http://${this.address}/connectors`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (answered) return
      if (this.#process.hasEnded || Date.now() > deadline) throw new Error(`the worker is not ready:\n${this.#process.output}`)
      await setTimeout(100)
    }
  }
}

const workerConfig = (bootstrap: string, group: string, address: string): Record<string, string | number> => ({
  'bootstrap.servers': bootstrap,
  'group.id': group,
  listeners: `http://${address}`,
  'key.converter': STRINGS,
  'value.converter': STRINGS,
  'config.storage.topic': `${group}-configs`,
  'config.storage.replication.factor': 1,
  'offset.storage.topic': offsetsTopic(group),
  'offset.storage.replication.factor': 1,
  'offset.storage.partitions': 1,
  'status.storage.topic': `${group}-status`,
  'status.storage.replication.factor': 1,
  'status.storage.partitions': 1,
  'offset.flush.interval.ms': 500,
  'session.timeout.ms': 6000,
  'heartbeat.interval.ms': 500,
  'consumer.session.timeout.ms': 6000,
  'consumer.heartbeat.interval.ms': 500,
  'scheduled.rebalance.max.delay.ms': 1000,
  'reconnect.backoff.max.ms': 1000,
})
