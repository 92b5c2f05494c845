// The longest stalls of the broker's event loop in everything that could take long: a client waits that long for an answer to anything. Exit code 1 when one
// is longer than 50 ms, by the clock; with --own only what the broker's thread ran and waited for the disk counts, since on a busy machine it also waits for a
// core. Needs Linux, 5,000 open files, and 10 GB.
//
//   npm run bench:stalls                               everything, about ten minutes
//   npm run bench:stalls -- --only compaction          scenes whose name begins so (may be given several times)
//   npm run bench:stalls -- --scale 0.1                a tenth of what is written
//   npm run bench:stalls -- --profile /tmp/profiles    with CPU profiles of the broker

import { tmpdir } from 'node:os'
import { optionsOf } from './options.ts'
import { leaveNothingBehind } from './broker/left-behind.ts'
import { compactions } from './stalls/compaction.ts'
import { connections } from './stalls/connections.ts'
import { countedMs, STALL_LIMIT_MS } from './stalls/counted.ts'
import { classicGroup, consumerGroups } from './stalls/groups.ts'
import { manyPartitions } from './stalls/many-partitions.ts'
import { manyTopics } from './stalls/many-topics.ts'
import { manySegments, rolls } from './stalls/segments.ts'
import { type Row, type Scene, Stage } from './stalls/stage.ts'

const values = optionsOf(import.meta.url, {
  only: { type: 'string', multiple: true, default: [''] },
  scale: { type: 'string', default: '1' },
  folder: { type: 'string', default: tmpdir() },
  profile: { type: 'string' },
  own: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
})

const SCENES: readonly Scene[] = [
  manyPartitions,
  manyTopics,
  classicGroup,
  ...consumerGroups,
  connections,
  rolls,
  manySegments,
  ...compactions,
]

leaveNothingBehind()
const scenes = SCENES.filter(({ name }) => values.only.some((beginning) => name.startsWith(beginning)))
if (scenes.length === 0)
  throw new Error(`no scene is called "${values.only.join('", "')}"; there are ${[...new Set(SCENES.map(({ name }) => name))].join('; ')}`)
const rows = await playAll()
if (values.json) console.log(JSON.stringify(rows))
else console.table(rows.map(inTable))
const tooLong = rows.filter((row) => countedMs(row, values.own) > STALL_LIMIT_MS)
for (const row of tooLong) console.error(`${row.step}: ${countedMs(row, values.own).toFixed(0)} ms is more than ${STALL_LIMIT_MS} ms`)
process.exit(tooLong.length > 0 ? 1 : 0)

async function playAll(): Promise<Row[]> {
  const nodeFlags = values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', values.profile]
  const told = (row: Row): void => console.error(`${row.step}: ${countedMs(row, values.own).toFixed(0)} ms`)
  const played: Row[] = []
  for (const scene of scenes) {
    const stage = await Stage.open(scene, { folder: values.folder, nodeFlags, scale: Number(values.scale), told })
    try {
      await scene.play(stage)
    } finally {
      await stage.close()
    }
    played.push(...stage.rows)
  }
  return played
}

function inTable(row: Row): object {
  const { ranMs, diskMs, gcMs } = row.ownStall
  return {
    step: row.step,
    'ran ms': Math.round(ranMs),
    'disk ms': Math.round(diskMs),
    'by the clock ms': Math.round(row.stall.wallMs),
    'of it ready without a core ms': Math.round(row.stall.readyMs),
    'GC ms by the clock': Math.round(gcMs),
    seconds: Number(row.seconds.toFixed(1)),
    'memory MB': Math.round(row.rssMegabytes),
  }
}
