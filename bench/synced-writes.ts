// What it costs to have every acknowledged record on disk: the same pipelined requests against Ottla's journal, against a sync of each partition's own file
// (Ottla with flush.messages=1), against Kafka with flush.messages=1 and against Kafka as it comes, which syncs nothing. Each is started anew for each run; the
// runs go in turns, and the table has medians. Needs Linux (/proc), and for Kafka `npm run test:clients:install`.
//
//   npm run bench:synced                                     (1, 8, 64 and 1,000 partitions, one record of 100 B a request; about 10 minutes)
//   npm run bench:synced -- --partitions 8 --record-bytes 1024 --batch-bytes 65536 --contenders journal,each,kafka-synced

import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { startOttla, temporaryFolder } from '../test/support/broker-process.ts'
import { startKafka } from '../test/support/kafka-process.ts'

const { values } = parseArgs({
  options: {
    partitions: { type: 'string', default: '1,8,64,1000' },
    'record-bytes': { type: 'string', default: '100' },
    'batch-bytes': { type: 'string', default: '100' },
    connections: { type: 'string', default: '4' },
    'in-flight': { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '3' },
    contenders: { type: 'string', default: 'journal,each,kafka-synced,kafka' },
    json: { type: 'boolean', default: false },
  },
})

interface Broker {
  readonly bootstrap: string
  readonly pid: number
  stop(): Promise<void>
}

const KAFKA_HEAP_MB = 1024 // the default of its start script
const KAFKA_WARM_UP_SECONDS = '12' // until its code is compiled
const EACH = ['--set', 'log.flush.interval.messages=1']

const contenders: Readonly<Record<string, { readonly title: string; readonly start: (folder: string) => Promise<Broker> }>> = {
  journal: { title: 'Ottla, fsync', start: (dataFolder) => startOttla({ dataFolder, durability: 'fsync' }) },
  each: { title: 'Ottla, os, flush.messages=1', start: (dataFolder) => startOttla({ dataFolder, durability: 'os', flags: EACH }) },
  'kafka-synced': {
    title: 'Kafka, flush.messages=1',
    start: (folder) => startKafka(folder, ['log.flush.interval.messages=1'], KAFKA_HEAP_MB),
  },
  kafka: { title: 'Kafka, unsynced', start: (folder) => startKafka(folder, [], KAFKA_HEAP_MB) },
}

interface Measured {
  readonly requestsPerSecond: number
  readonly megabytesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly brokerCpuMicrosecondsPerRequest: number
}

async function measure(name: string, partitions: string): Promise<Measured> {
  const folder = temporaryFolder()
  const broker = await contenders[name]!.start(folder)
  try {
    const warmUp = name.startsWith('kafka') ? KAFKA_WARM_UP_SECONDS : '2'
    const load = ['--record-bytes', values['record-bytes'], '--batch-bytes', values['batch-bytes'], '--partitions', partitions]
    const pace = ['--connections', values.connections, '--in-flight', values['in-flight'], '--seconds', values.seconds]
    const where = ['--bootstrap', broker.bootstrap, '--pid', String(broker.pid), '--partitions-per-request', '1', '--json']
    const rawLoad = fileURLToPath(new URL('raw-load.js', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [rawLoad, ...where, ...load, ...pace, '--warm-up-seconds', warmUp])
    return JSON.parse(stdout) as Measured
  } finally {
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function medianOf(runs: readonly Measured[], field: keyof Measured): number {
  return runs.map((run) => run[field]).toSorted((a, b) => a - b)[Math.floor(runs.length / 2)]!
}

const names = values.contenders.split(',')
for (const name of names)
  if (contenders[name] === undefined) throw new Error(`no contender "${name}"; there are ${Object.keys(contenders).join(', ')}`)

const rows: object[] = []
for (const partitions of values.partitions.split(',')) {
  const runs = new Map<string, Measured[]>(names.map((name) => [name, []]))
  for (let run = 1; run <= Number(values.runs); run++) {
    for (const name of names) {
      const measured = await measure(name, partitions)
      runs.get(name)!.push(measured)
      console.error(
        `${partitions} partitions, run ${run}, ${contenders[name]!.title}: ${Math.round(measured.requestsPerSecond)} requests/s`,
      )
    }
  }
  for (const [name, measured] of runs) {
    rows.push({
      partitions: Number(partitions),
      broker: contenders[name]!.title,
      'requests/s': Math.round(medianOf(measured, 'requestsPerSecond')),
      'MB/s': Number(medianOf(measured, 'megabytesPerSecond').toFixed(1)),
      'p50 ms': Number(medianOf(measured, 'p50Ms').toFixed(2)),
      'p99 ms': Number(medianOf(measured, 'p99Ms').toFixed(2)),
      'CPU µs/request': Math.round(medianOf(measured, 'brokerCpuMicrosecondsPerRequest')),
    })
  }
}
if (values.json) console.log(JSON.stringify({ options: values, medians: rows }))
else console.table(rows)
