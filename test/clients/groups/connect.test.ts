// Kafka Connect: its workers are a group of a protocol type of their own, and what they know lies in compacted topics.

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { GroupDescription } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newTopic, temporaryFolder } from '../../support/broker-process.ts'
import { describeWith } from '../../support/test-clients.ts'
import { WireReader } from '../../support/wire-reader.ts'
import { ConnectWorker, offsetsTopic } from '../drivers/connect-worker.ts'
import { kafkaJs } from '../drivers/kafkajs.ts'
import { GroupBroker } from './group-broker.ts'

const WITHIN_MS = 90_000

describeWith('kafka')('Kafka Connect', () => {
  const group = newTopic('connect')
  const lines = newTopic('lines')
  const folder = temporaryFolder()
  const [source, sink] = [join(folder, 'source.txt'), join(folder, 'sink.txt')]
  const written: string[] = []
  let broker: GroupBroker
  let workers: ConnectWorker[] = []

  beforeAll(async () => {
    broker = await GroupBroker.start()
    const where = { bootstrap: broker.bootstrap, group }
    workers = [await ConnectWorker.start(where), await ConnectWorker.start(where)]
  }, 300_000)

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop('SIGKILL')))
    await broker?.stop()
  })

  async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
    for (const deadline = Date.now() + WITHIN_MS; !(await isSo()); await setTimeout(100)) {
      if (Date.now() > deadline) throw new Error(`not within ${WITHIN_MS} ms: ${what}`)
    }
  }

  const sunk = (): string[] => (existsSync(sink) ? readFileSync(sink, 'utf8').split('\n').slice(0, -1) : [])

  /** Until they came out at the other end, and how far they were read and written is committed. */
  async function move(...more: string[]): Promise<void> {
    written.push(...more)
    appendFileSync(source, more.map((line) => `${line}\n`).join(''))
    await until('the lines are moved', () => sunk().length >= written.length)
    const size = readFileSync(source).length
    const reader = await WireReader.connect(broker.bootstrap)
    const admin = kafkaJs(broker.bootstrap).admin()
    await admin.connect()
    try {
      await until('the offset of the source is kept', async () => {
        const kept = (await reader.readAll(offsetsTopic(group))).at(-1)?.value ?? '{}'
        return (JSON.parse(kept) as { position?: number }).position === size
      })
      await until('the offset of the sink is committed', async () => {
        const [offsets] = await admin.fetchOffsets({ groupId: 'connect-sink', topics: [lines] })
        return Number(offsets!.partitions[0]?.offset) === written.length
      })
    } finally {
      await admin.disconnect()
      reader.close()
    }
  }

  /** Who runs what, once all of it runs at these workers. */
  async function runningAt(...running: readonly ConnectWorker[]): Promise<string[]> {
    const addresses = new Set(running.map(({ address }) => address))
    let runs: string[] = []
    await until(`everything runs at ${[...addresses].join(' and ')}`, async () => {
      const statuses = await Promise.all(['source', 'sink'].map((name) => running[0]!.status(name)))
      const parts = statuses.flatMap((status) => (status === undefined ? [] : [status.connector, ...status.tasks]))
      runs = parts.map(({ worker_id: worker }) => worker)
      const isAll = parts.length === 4 && parts.every(({ state }) => state === 'RUNNING')
      return isAll && runs.every((worker) => addresses.has(worker)) && new Set(runs).size === addresses.size
    })
    return runs
  }

  it('forms a group of its workers', async () => {
    const admin = kafkaJs(broker.bootstrap).admin()
    await admin.connect()
    const described = async (): Promise<GroupDescription> => (await admin.describeGroups([group])).groups[0]!
    await until('both are members', async () => (await described()).members.length === 2)
    await until('the group is stable', async () => (await described()).state === 'Stable')
    expect((await described()).protocolType).toBe('connect')
    await admin.disconnect()
  })

  it('moves lines from file to file, and shares the work', async () => {
    appendFileSync(source, '')
    const klass = (name: string): string => `org.apache.kafka.connect.file.FileStream${name}Connector`
    await workers[0]!.create('source', { 'connector.class': klass('Source'), file: source, topic: lines })
    await workers[0]!.create('sink', { 'connector.class': klass('Sink'), file: sink, topics: lines })
    expect(new Set(await runningAt(...workers)).size).toBe(2)
    await move('first', 'second', 'third')
    expect(sunk()).toEqual(written)
  })

  it('goes on with one worker when the other is killed, where it was', async () => {
    const [survivor, killed] = workers as [ConnectWorker, ConnectWorker]
    await killed.stop('SIGKILL')
    await runningAt(survivor)
    await move('fourth', 'fifth')
    expect(sunk()).toEqual(written)
  })

  it('goes on where it was after its worker and the broker were started anew', async () => {
    await workers[0]!.stop()
    await broker.killAndRestart()
    const restarted = await ConnectWorker.start({ bootstrap: broker.bootstrap, group })
    workers = [restarted]
    await runningAt(restarted)
    await move('sixth', 'seventh')
    expect(sunk()).toEqual(written)
  })
})
