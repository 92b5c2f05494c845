// Kafka's own ProducerPerformance against a Kafka and an Ottla on this machine, in turns: what each writes per second, what its broker takes of CPU
// per GB and of memory at most. Each broker is started anew for a run, warmed up, measured, stopped; the table has the medians.
// Kafka runs as it comes (unsynced); Ottla in both durabilities. Needs Linux (/proc) and `npm run test:clients:install`.
//
//   npm run bench:kafka -- --records 2000000 --runs 5        (the defaults; about 15 minutes)
//   npm run bench:kafka -- --records 200000 --runs 1 --warm-up-records 50000

import { execFile } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { parseArgs, promisify } from 'node:util'
import { startOttla, temporaryFolder } from '../test/support/broker-process.ts'
import { javaArguments } from '../test/support/kafka-jars.ts'
import { startKafka } from '../test/support/kafka-process.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '2000000' },
    'warm-up-records': { type: 'string', default: '500000' },
    runs: { type: 'string', default: '5' },
    'record-bytes': { type: 'string', default: '1024' },
    partitions: { type: 'string', default: '8' },
    contenders: { type: 'string', default: 'kafka,os,fsync' },
    json: { type: 'boolean', default: false },
  },
})

const CLOCK_TICK_MS = 10 // of /proc: 100 Hz on every Linux that we know
const KAFKA_HEAP_MB = 1024 // the default of its start script
const PRODUCER = ['acks=all', 'batch.size=65536', 'linger.ms=5']

interface Broker {
  readonly bootstrap: string
  readonly pid: number
  stop(): Promise<void>
}

interface Contender {
  readonly title: string
  start(folder: string): Promise<Broker>
}

interface Measured {
  readonly recordsPerSecond: number
  readonly megabytesPerSecond: number
  readonly cpuSecondsPerGigabyte: number
  readonly peakMemoryMegabytes: number
}

const contenders: Readonly<Record<string, Contender>> = {
  kafka: { title: 'Kafka 4.3.1, unsynced', start: (folder) => startKafka(folder, [], KAFKA_HEAP_MB) },
  os: { title: 'Ottla, durability os', start: (dataFolder) => startOttla({ dataFolder, durability: 'os' }) },
  fsync: { title: 'Ottla, durability fsync', start: (dataFolder) => startOttla({ dataFolder, durability: 'fsync' }) },
}

const java = (...tool: string[]): Promise<{ stdout: string }> =>
  promisify(execFile)('java', [...javaArguments(512), ...tool], { maxBuffer: 1 << 24 })

async function createTopic(bootstrap: string, topic: string): Promise<void> {
  await java(
    'org.apache.kafka.tools.TopicCommand',
    '--bootstrap-server',
    bootstrap,
    '--create',
    '--topic',
    topic,
    '--partitions',
    values.partitions,
  )
}

/** The last line that it prints sums up: "2000000 records sent, 300000.0 records/sec (292.97 MB/sec), …". */
async function produce(
  bootstrap: string,
  topic: string,
  recordCount: string,
): Promise<{ recordsPerSecond: number; megabytesPerSecond: number }> {
  const what = ['--topic', topic, '--num-records', recordCount, '--record-size', values['record-bytes'], '--throughput', '-1']
  const how = ['--bootstrap-server', bootstrap, '--command-property', ...PRODUCER]
  const { stdout } = await java('org.apache.kafka.tools.ProducerPerformance', ...what, ...how)
  const [, perSecond, megabytes] = /([\d.]+) records\/sec \(([\d.]+) MB\/sec\)[^\n]*\n?$/.exec(stdout.trimEnd()) ?? []
  if (perSecond === undefined) throw new Error(`ProducerPerformance printed no result:\n${stdout}`)
  return { recordsPerSecond: Number(perSecond), megabytesPerSecond: Number(megabytes) }
}

/** User and system time, the 14th and 15th field of /proc/PID/stat; the second field may hold spaces, and ends with the last parenthesis. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS) / 1000
}

const peakMemoryMegabytes = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

async function measure(contender: Contender): Promise<Measured> {
  const folder = temporaryFolder()
  const broker = await contender.start(folder)
  try {
    for (const topic of ['warm-up', 'measured']) await createTopic(broker.bootstrap, topic)
    await produce(broker.bootstrap, 'warm-up', values['warm-up-records'])
    const before = cpuSeconds(broker.pid)
    const speed = await produce(broker.bootstrap, 'measured', values.records)
    const gigabytes = (Number(values.records) * Number(values['record-bytes'])) / 1e9
    const cpuSecondsPerGigabyte = (cpuSeconds(broker.pid) - before) / gigabytes
    return { ...speed, cpuSecondsPerGigabyte, peakMemoryMegabytes: peakMemoryMegabytes(broker.pid) }
  } finally {
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}

const chosen = values.contenders.split(',').map((name) => {
  const contender = contenders[name]
  if (contender === undefined) throw new Error(`no contender "${name}"; there are ${Object.keys(contenders).join(', ')}`)
  return { contender, runs: [] as Measured[] }
})

for (let run = 1; run <= Number(values.runs); run++) {
  for (const { contender, runs } of chosen) {
    const measured = await measure(contender)
    runs.push(measured)
    console.error(`run ${run}, ${contender.title}: ${measured.megabytesPerSecond} MB/s`)
  }
}

const table = chosen.map(({ contender, runs }) => {
  const medianOf = (field: keyof Measured): number => median(runs.map((measured) => measured[field]))
  return {
    broker: contender.title,
    'records/s': Math.round(medianOf('recordsPerSecond')),
    'MB/s': Math.round(medianOf('megabytesPerSecond')),
    'broker CPU s/GB': Number(medianOf('cpuSecondsPerGigabyte').toFixed(2)),
    'peak memory MB': Math.round(medianOf('peakMemoryMegabytes')),
  }
})
if (values.json)
  console.log(
    JSON.stringify({ options: values, medians: table, runs: chosen.map(({ contender, runs }) => ({ broker: contender.title, runs })) }),
  )
else console.table(table)
