// Everything that goes on with a broker during a soak, at once and all the time. Each part starts anew what ends, until it is told to stop.

import { setMaxListeners } from 'node:events'
import { steadyPace } from '../../src/cli/bench/pace.ts'
import { sampleBatch } from '../../src/cli/bench/sample-batch.ts'
import { LATEST, offsetsAt } from '../../src/client/admin.ts'
import { Cluster, type TopicMetadata } from '../../src/client/cluster.ts'
import { FetchLoad, FOLLOWING } from '../../src/client/load/fetch-load.ts'
import { Measurement } from '../../src/client/load/measurement.ts'
import { ProduceLoad } from '../../src/client/load/produce-load.ts'
import { comeAndGo, livingGroup } from './clients.ts'
import { slowReader, stuckReader } from './readers.ts'

export interface SoakLoadOptions {
  readonly bootstrap: string
  readonly topic: string
  readonly partitions: number
  /** Of what is written in large batches; undefined for as much as the broker takes. */
  readonly megabytesPerSecond: number | undefined
}

export interface SoakLoad {
  readonly produced: Measurement
  readonly consumed: Measurement
  stop(): Promise<void>
}

const LARGE_BATCHES = { recordBytes: 1000, batchBytes: 64_000 }
const SMALL_BATCHES = { recordBytes: 100, batchBytes: 100 } // of one record
const LARGE_CONNECTIONS = 4
const SMALL_PER_SECOND = 2000
const CONSUMERS = 2
const SLOW_READERS = 20
const STUCK_READERS = 20
const GROUP_MEMBERS = 4

export async function startLoad(options: SoakLoadOptions): Promise<SoakLoad> {
  const { bootstrap, megabytesPerSecond } = options
  const [host, port] = bootstrap.split(':') as [string, string]
  const cluster = new Cluster([{ host, port: Number(port) }])
  const [topic] = await cluster.topics([options.topic])
  const [produced, consumed] = [new Measurement(), new Measurement()]
  const stopping = new AbortController()
  setMaxListeners(0, stopping.signal) // every part waits with it
  const shared = { cluster, topic: topic!, acks: -1, partitionsPerRequest: 1, measurement: produced, onEnd: fail }
  const [large, small] = await Promise.all([sampleBatch(LARGE_BATCHES, 'none'), sampleBatch(SMALL_BATCHES, 'none')])
  const loads = await Promise.all([
    ProduceLoad.start({
      ...shared,
      connections: LARGE_CONNECTIONS,
      inFlight: 5,
      batch: large.batch,
      recordsPerBatch: large.records,
      ...(megabytesPerSecond === undefined ? {} : { pace: steadyPace((megabytesPerSecond * 1e6) / LARGE_BATCHES.batchBytes) }),
    }),
    ProduceLoad.start({
      ...shared,
      connections: 1,
      inFlight: 20,
      batch: small.batch,
      recordsPerBatch: small.records,
      pace: steadyPace(SMALL_PER_SECOND),
    }),
  ])
  const parts = [
    ...times(CONSUMERS, () => keepUp(cluster, topic!, consumed, stopping.signal)),
    ...times(SLOW_READERS, (index) => slowReader(options, { index, isFromStart: index % 2 === 0, consumed }, stopping.signal)),
    ...times(STUCK_READERS, (index) => stuckReader(options, index, stopping.signal)),
    ...times(GROUP_MEMBERS, () => livingGroup(options, stopping.signal)),
    comeAndGo(options, stopping.signal),
  ]
  return {
    produced,
    consumed,
    async stop() {
      stopping.abort()
      await Promise.all([...loads.map((load) => load.stop()), ...parts])
      cluster.close()
    },
  }
}

/** From the end on; from where that is by then, when retention has overtaken it. */
async function keepUp(cluster: Cluster, topic: TopicMetadata, measurement: Measurement, signal: AbortSignal): Promise<void> {
  const partitions = topic.partitions.map(({ partition }) => partition)
  while (!signal.aborted) {
    const ends = await offsetsAt(cluster, topic, partitions, LATEST)
    const ranges = partitions.map((partition) => ({ partition, begin: ends.get(partition)!.offset, end: Infinity }))
    const ended = new AbortController()
    const load = await FetchLoad.start({
      cluster,
      topic,
      ranges,
      ...FOLLOWING,
      measurement,
      onEnd: () => ended.abort(),
    })
    await aborted([signal, ended.signal])
    load.stop()
  }
}

function fail(error: Error): void {
  throw error // a producer that is refused is the end of the soak
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))

const aborted = (signals: readonly AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    if (signals.some((signal) => signal.aborted)) return resolve()
    for (const signal of signals) signal.addEventListener('abort', () => resolve(), { once: true })
  })
