// Compaction of large topics: few large records, many small ones, in several codecs; while a client asks for something small all the time.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import type { Codec } from '../../src/wire/records/codecs.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { count, frameOf, type Scene, type Stage } from './stage.ts'

interface Filling {
  readonly title: string
  readonly codec: Codec
  readonly records: number
  readonly recordBytes: number
  readonly keys: number
  readonly batchBytes: number
}

const LARGE = { records: 1_000_000, recordBytes: 1000, keys: 300_000, batchBytes: 64_000 }
const SMALL = { records: 5_000_000, recordBytes: 50, keys: 1_500_000, batchBytes: 64_000 }

/** Compressed ones are a tenth: what matters is a batch. */
const FILLINGS: readonly Filling[] = [
  { title: '1 GB of 1 kB records', codec: 'none', ...LARGE },
  { title: '5,000,000 records of 50 bytes', codec: 'none', ...SMALL },
  ...(['gzip', 'snappy', 'lz4', 'zstd'] as const).map((codec) => ({
    title: `1,000,000 records of 50 bytes in ${codec} batches of 1 MB`,
    codec,
    ...SMALL,
    records: 1_000_000,
    batchBytes: 1_000_000,
  })),
]

const TOPIC = 'compacted'
const IN_FLIGHT = 8
const CONFIGS = {
  'cleanup.policy': 'compact',
  'min.cleanable.dirty.ratio': '0.01',
  'segment.bytes': String(64 << 20),
  'max.compaction.lag.ms': '1000',
}
const TICK_MS = 20
const CLEANER_OFFSETS = 'cleaner-offset-checkpoint'
/** Nothing is compacted before it is filled. */
const BACKOFF_MS = 1000

export const compactions: readonly Scene[] = FILLINGS.map((filling) => ({
  name: 'compaction',
  durability: 'os',
  settings: [`log.cleaner.backoff.ms=${BACKOFF_MS}`],
  play: (stage) => compact(stage, filling),
}))

async function compact(stage: Stage, filling: Filling): Promise<void> {
  const records = Math.round(filling.records * stage.scale)
  await stage.createTopics([TOPIC], 1, { ...CONFIGS, 'min.compaction.lag.ms': '0' })
  await fill(stage, { ...filling, records })
  await stage.step(filling.title, async () => {
    const connection = await stage.connect()
    const small = frameOf(metadata, 12, { topics: [] })
    while (cleanedTo(stage) < records * 0.99) {
      await connection.exchange(small)
      await sleep(TICK_MS)
    }
    connection.close()
  })
}

/** Every key comes several times, in an order that is none. */
async function fill(stage: Stage, { records, recordBytes, keys, batchBytes, codec }: Filling): Promise<void> {
  const connection = await stage.connect()
  const value = Buffer.alloc(recordBytes - 14, 'the quick brown fox ')
  const perBatch = Math.floor(batchBytes / recordBytes)
  const timestamp = Date.now()
  const record = (index: number) => ({ timestamp, key: Buffer.from(`key-${(index * 7919) % keys}`), value })
  const underWay = new Set<Promise<unknown>>()
  for (let first = 0; first < records; first += perBatch) {
    const batch = await encodeBatch({ codec, records: count(Math.min(perBatch, records - first)).map((index) => record(first + index)) })
    const frame = frameOf(produce, 9, {
      acks: -1,
      timeoutMs: 60_000,
      topicData: [{ name: TOPIC, partitionData: [{ index: 0, records: batch }] }],
    })
    const sent = connection.exchange(frame).finally(() => underWay.delete(sent))
    underWay.add(sent)
    if (underWay.size >= IN_FLIGHT) await Promise.race(underWay)
  }
  await Promise.all(underWay)
  connection.close()
}

/** As the broker notes it in its folder. */
function cleanedTo({ dataFolder }: Stage): number {
  try {
    const text = readFileSync(join(dataFolder, CLEANER_OFFSETS), 'utf8')
    return Number(new RegExp(`^${TOPIC} 0 (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  } catch {
    return 0 // not there yet
  }
}
