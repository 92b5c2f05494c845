// What groups cost: heartbeats of many members (alone, and while records are produced), and commits of many groups, each synced. Starts the broker. Needs
// Linux (/proc), and two files for each connection (ulimit -n).
//
//   npm run bench:groups                                     (1,000 groups of 3, 5,000 heartbeats a second, 10,000 commits a second; about a minute)
//   npm run bench:groups -- --groups 100 --only commits

import { type ChildProcess, spawn } from 'node:child_process'
import { loadavg, tmpdir } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { processUsage } from '../src/cli/bench/process-usage.ts'
import { encodeRequest } from '../src/wire/frame.ts'
import { heartbeat } from '../src/wire/messages/heartbeat.ts'
import { offsetCommit } from '../src/wire/messages/offset-commit.ts'
import { ottlaCommand } from '../test/support/broker-process.ts'
import { ClassicMember } from '../test/support/classic-member.ts'
import { createTopics } from '../test/support/create-topics.ts'
import { WireConnection } from '../test/support/wire-connection.ts'
import { optionsOf } from './options.ts'
import { endsWithUs, leaveNothingBehind, newFolder } from './broker/left-behind.ts'
import { ottla } from './broker/loads.ts'
import { type Ottla, startOttla } from './broker/ottla.ts'

const values = optionsOf(import.meta.url, {
  groups: { type: 'string', default: '1000' },
  members: { type: 'string', default: '3' },
  'heartbeats-per-second': { type: 'string', default: '5000' },
  'commits-per-second': { type: 'string', default: '10000' },
  committers: { type: 'string', default: '100' },
  'megabytes-per-second': { type: 'string', default: '100' },
  seconds: { type: 'string', default: '10' },
  only: { type: 'string' }, // heartbeats, produce or commits
  json: { type: 'boolean', default: false },
})

const TOPIC = 'load'
const PARTITIONS = 8
const TICK_MS = 5
const WARM_UP_MS = 2000
const CLIENT_ID = 'bench'
const VERSIONS = { heartbeat: 4, commit: 8 }
const ERROR_AT = { heartbeat: 9, commitFromEnd: 5 } // of an answer without its size

leaveNothingBehind()
await measureAll()

async function measureAll(): Promise<void> {
  const settings = ['log.retention.bytes=200000000', 'log.segment.bytes=50000000']
  const broker = await startOttla({ folder: newFolder(tmpdir()), durability: 'fsync', settings })
  const rows: object[] = []
  const isWanted = (name: string): boolean => values.only === undefined || values.only === name
  try {
    const connection = await WireConnection.connect(broker.bootstrap)
    await createTopics(connection, [TOPIC], PARTITIONS)
    if (isWanted('commits')) rows.push(await measured('commits', broker, await committers(broker), Number(values['commits-per-second'])))
    if (isWanted('heartbeats') || isWanted('produce')) {
      const beats = await members(broker)
      const pace = Number(values['heartbeats-per-second'])
      if (isWanted('heartbeats')) rows.push(await measured('heartbeats', broker, beats, pace))
      if (isWanted('produce')) {
        const producer = startProducer(broker)
        rows.push(await measured(`heartbeats while ${values['megabytes-per-second']} MB/s are produced`, broker, beats, pace))
        producer.kill()
      }
    }
  } finally {
    await broker.kill()
  }
  if (values.json) console.log(JSON.stringify(rows))
  else console.table(rows)
  process.exit()
}

/** In requests of 1 MB, until it is killed. */
function startProducer({ bootstrap }: Ottla): ChildProcess {
  const rate = String(1000 * Number(values['megabytes-per-second']))
  const requests = ['--record-bytes', '1000', '--batch-bytes', '128000', '--partitions-per-request', String(PARTITIONS), '--rate', rate]
  const command = [ottlaCommand, 'bench', 'produce', '--topic', TOPIC, '--bootstrap', bootstrap, '--seconds', '3600', ...requests]
  return endsWithUs(spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] }))
}

type Send = () => Promise<void>

/** One after the other, so that all get their turn at that pace; each is answered before it sends again. */
async function measured(what: string, broker: Ottla, senders: readonly Send[], perSecond: number): Promise<object> {
  await sendFor(WARM_UP_MS, senders, perSecond)
  const before = await usageOf(broker)
  const latenciesMs = await sendFor(1000 * Number(values.seconds), senders, perSecond)
  const after = await usageOf(broker)
  const seconds = (after.timeMs - before.timeMs) / 1000
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const latencyMs = (share: number): number => Number(sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(2))
  return {
    what,
    'a second': Math.round(sorted.length / seconds),
    'p50 ms': latencyMs(0.5),
    'p99 ms': latencyMs(0.99),
    'most ms': latencyMs(1),
    'broker CPU': `${Math.round((100 * (after.cpuSeconds - before.cpuSeconds)) / seconds)}%`,
    'batches/s': Math.round((after.batches - before.batches) / seconds),
    'MB/s': Number(((after.bytes - before.bytes) / 1e6 / seconds).toFixed(1)),
    'syncs/s': Math.round((after.syncs - before.syncs) / seconds),
    load: loadavg()[0]!.toFixed(1),
  }
}

async function sendFor(ms: number, senders: readonly Send[], perSecond: number): Promise<number[]> {
  const latenciesMs: number[] = []
  const underWay = new Set<Promise<unknown>>()
  const startMs = performance.now()
  let sent = 0
  for (let nowMs = startMs; nowMs < startMs + ms; nowMs = performance.now()) {
    for (const due = ((nowMs - startMs) * perSecond) / 1000; sent < due; sent++) {
      const sentMs = performance.now()
      const answered = senders[sent % senders.length]!().then(() => latenciesMs.push(performance.now() - sentMs))
      underWay.add(answered)
      void answered.finally(() => underWay.delete(answered))
    }
    await setTimeout(TICK_MS)
  }
  await Promise.all(underWay)
  return latenciesMs
}

async function members(broker: Ottla): Promise<Send[]> {
  const options = { topic: TOPIC, partitionCount: PARTITIONS, sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 5000 }
  const groups = Array.from({ length: Number(values.groups) }, async (_, index) => {
    const groupId = `group-${index}`
    const joined = Array.from({ length: Number(values.members) }, () => new ClassicMember({ ...options, groupId }))
    const connections = await Promise.all(joined.map(() => WireConnection.connect(broker.bootstrap)))
    await Promise.all(joined.map((member, at) => member.join(connections[at]!))) // within the initial delay: all are in the first generation
    return joined.map(({ generationId, memberId }, at): Send => {
      const frame = Buffer.concat(encodeRequest(heartbeat, VERSIONS.heartbeat, 1, CLIENT_ID, { groupId, generationId, memberId }))
      return async () => check((await connections[at]!.exchange(frame)).readInt16BE(ERROR_AT.heartbeat))
    })
  })
  return (await Promise.all(groups)).flat()
}

async function committers(broker: Ottla): Promise<Send[]> {
  return Promise.all(
    Array.from({ length: Number(values.committers) }, async (_, index): Promise<Send> => {
      const connection = await WireConnection.connect(broker.bootstrap)
      const partitions = [{ partitionIndex: index % PARTITIONS, committedOffset: 1, committedMetadata: '' }]
      const request = { groupId: `committer-${index}`, memberId: '', topics: [{ name: TOPIC, partitions }] }
      const frame = Buffer.concat(encodeRequest(offsetCommit, VERSIONS.commit, 1, CLIENT_ID, request))
      return async () => {
        const answer = await connection.exchange(frame)
        check(answer.readInt16BE(answer.length - ERROR_AT.commitFromEnd))
      }
    }),
  )
}

function check(error: number): void {
  if (error !== 0) throw new Error(`error ${error}`)
}

async function usageOf(broker: Ottla): Promise<{ timeMs: number; cpuSeconds: number; batches: number; bytes: number; syncs: number }> {
  const status = await ottla('status', '--data', broker.dataFolder, '--json')
  const { metrics } = JSON.parse(status) as { metrics: { name: string; samples: { value: number & { readonly count: number } }[] }[] }
  const samplesOf = (name: string) => metrics.find((metric) => metric.name === name)!.samples
  return {
    timeMs: performance.now(),
    cpuSeconds: processUsage(broker.pid).cpuSeconds,
    batches: samplesOf('ottla_appended_batches_total')[0]!.value,
    bytes: samplesOf('ottla_appended_bytes_total')[0]!.value,
    syncs: samplesOf('ottla_sync_duration_seconds')[0]!.value.count,
  }
}
