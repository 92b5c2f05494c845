// Memory and stalls of a broker under everything at once, for long: producers at full load, consumers that keep up, slow and stuck readers, connections that come and
// go, a group that always changes; and retention, so that segments are rolled and deleted all the time. Exit code 1 when memory grows, or the loop stands still for
// longer than 50 ms, by the clock; with --own only what the broker's thread ran and waited for the disk counts, since on a busy machine it also waits for a core.
// What a run of less than five minutes tells of growth is not judged. (Linux.)
//
//   npm run bench:soak -- --minutes 10                          (a gigabyte of disk, written over and over)
//   npm run bench:soak -- --minutes 1 --megabytes-per-second 50
//   npm run bench:soak -- --durability os --own

import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTopics } from '../test/support/create-topics.ts'
import { WireConnection } from '../test/support/wire-connection.ts'
import { optionsOf } from './options.ts'
import { leaveNothingBehind, newFolder, removeFolder } from './broker/left-behind.ts'
import { type Ottla, startOttla } from './broker/ottla.ts'
import { startLoad } from './soak/load.ts'
import { growsBeyond, trendOf } from './soak/trend.ts'
import { countedMs, type SeenStall, STALL_LIMIT_MS } from './stalls/counted.ts'

const values = optionsOf(import.meta.url, {
  minutes: { type: 'string', default: '10' },
  durability: { type: 'string', default: 'fsync' },
  'megabytes-per-second': { type: 'string' }, // of large batches; left out: as much as it takes
  folder: { type: 'string', default: tmpdir() },
  'sample-seconds': { type: 'string', default: '10' },
  own: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
})

const TOPIC = 'soak'
const PARTITIONS = 8
const SETTINGS = [
  'log.segment.bytes=16777216',
  'log.retention.bytes=67108864',
  'log.retention.check.interval.ms=1000',
  'log.segment.delete.delay.ms=1000',
  'group.initial.rebalance.delay.ms=0',
]
const WARM_UP_SHARE = 0.2
/** A shorter run shows trends, but says nothing of them: a broker takes minutes to have compiled what it runs, and filled its pools. */
const JUDGED_MINUTES = 5
/** Megabytes a minute, by which a figure may seem to grow. */
const GROWTH_BOUNDS = { heap: 0.5, external: 2, rss: 4 }
const TITLES = { heap: 'heap after a collection', external: 'external memory, array buffers in it', rss: 'resident memory' }

interface Sample extends SeenStall {
  readonly minutes: number
  readonly gigabytes: number
  readonly records: number
  readonly heap: number
  readonly external: number
  readonly arrayBuffers: number
  readonly rss: number
}

leaveNothingBehind()
const folder = newFolder(values.folder)
const broker = await startOttla({ folder, durability: values.durability, settings: SETTINGS, isWatched: true })
const samples = await soak(broker)
await broker.stop()
removeFolder(folder)
const isSound = judge(samples)
process.exit(isSound ? 0 : 1)

async function soak(ottla: Ottla): Promise<Sample[]> {
  const { bootstrap } = ottla
  const connection = await WireConnection.connect(bootstrap)
  await createTopics(connection, [TOPIC], PARTITIONS)
  const rate = values['megabytes-per-second']
  const megabytesPerSecond = rate === undefined ? undefined : Number(rate)
  const load = await startLoad({ bootstrap, topic: TOPIC, partitions: PARTITIONS, megabytesPerSecond })
  const taken: Sample[] = []
  await ottla.report() // the broker's start is not what is watched
  const startMs = performance.now()
  while (performance.now() - startMs < 60_000 * Number(values.minutes)) {
    await sleep(1000 * Number(values['sample-seconds']))
    const { memory, heapAfterGc, stall, ownStall } = await ottla.report()
    const [produced, consumed] = [load.produced.total(), load.consumed.total()]
    const sample = {
      minutes: (performance.now() - startMs) / 60_000,
      gigabytes: (produced.bytes + consumed.bytes) / 1e9,
      records: produced.records + consumed.records,
      heap: (heapAfterGc ?? memory.heapUsed) / 1e6,
      external: memory.external / 1e6,
      arrayBuffers: memory.arrayBuffers / 1e6,
      rss: memory.rss / 1e6,
      stall,
      ownStall,
    }
    taken.push(sample)
    if (!values.json) console.error(inLine(sample))
  }
  await load.stop()
  connection.close()
  return taken
}

function inLine({
  minutes,
  gigabytes,
  records,
  heap,
  external,
  arrayBuffers,
  rss,
  stall: { wallMs, readyMs },
  ownStall: { ranMs, diskMs },
}: Sample): string {
  const served = `${gigabytes.toFixed(2)} GB and ${(records / 1e6).toFixed(1)} M records served`
  const memory = `heap ${heap.toFixed(1)}, external ${external.toFixed(1)} (array buffers ${arrayBuffers.toFixed(1)}), resident ${rss.toFixed(0)} MB`
  return `${minutes.toFixed(1)} min: ${served}; ${memory}; stall ${wallMs.toFixed(0)} ms by the clock (${readyMs.toFixed(0)} without a core), own ${ranMs.toFixed(0)} ms + disk ${diskMs.toFixed(0)} ms`
}

function judge(all: readonly Sample[]): boolean {
  const settled = all.slice(Math.floor(all.length * WARM_UP_SHARE))
  const isLongEnough = Number(values.minutes) >= JUDGED_MINUTES
  const rows = (Object.keys(GROWTH_BOUNDS) as (keyof typeof GROWTH_BOUNDS)[]).map((figure) => {
    const trend = trendOf(settled.map(({ minutes, [figure]: value }) => ({ at: minutes, value })))
    const served = trendOf(settled.map(({ gigabytes, [figure]: value }) => ({ at: gigabytes, value })))
    return {
      figure: TITLES[figure],
      'MB a minute': rounded(trend.slope),
      '± (two sigma)': rounded(2 * trend.error),
      'MB a GB served': rounded(served.slope),
      'peak MB': rounded(Math.max(...all.map((sample) => sample[figure]))),
      'may grow, MB a minute': GROWTH_BOUNDS[figure],
      grows: isLongEnough && growsBeyond(trend, GROWTH_BOUNDS[figure]),
    }
  })
  const longestStallMs = Math.max(...settled.map((sample) => countedMs(sample, values.own)))
  if (values.json) console.log(JSON.stringify({ samples: all, trends: rows, longestStallMs }))
  else {
    console.table(rows)
    console.log(`longest stall: ${longestStallMs.toFixed(0)} ms (at most ${STALL_LIMIT_MS})`)
  }
  return rows.every(({ grows }) => !grows) && longestStallMs <= STALL_LIMIT_MS
}

function rounded(value: number): number {
  return Number(value.toFixed(2))
}
