// A small data folder with something of everything in it, as a broker left it after a clean stop: several topics, codecs, segments, epochs, producers,
// a log whose start was moved. Its files in memory, so that a test may damage them.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { startBroker } from '../../src/start-broker.ts'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { deleteRecords } from '../../src/wire/messages/delete-records.ts'
import { deleteTopics } from '../../src/wire/messages/delete-topics.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { CODECS } from '../../src/wire/records/codecs.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { createTopics } from './create-topics.ts'
import { WireConnection } from './wire-connection.ts'

export const DATA_FOLDER = '/data'

/** By path below the data folder. */
export type FolderFiles = ReadonlyMap<string, Buffer>

const TIMESTAMP = Date.UTC(2026, 0, 31)
const CONFIGS = { 'segment.ms': '1000', 'index.interval.bytes': '300' }

/** Leaves it in `path`. */
export async function makeVariedFolder(path: string): Promise<FolderFiles> {
  for (let run = 0; run < 2; run++) await writeAs(path, run)
  return readFolder(path)
}

async function writeAs(path: string, run: number): Promise<void> {
  const broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir: path, 'log.segment.delete.delay.ms': 0 })
  const connection = await WireConnection.connect(broker.bootstrapServers)
  if (run === 0) {
    await createTopics(connection, ['orders'], 2, CONFIGS)
    await createTopics(connection, ['moved', 'gone', 'empty'], 1, CONFIGS)
  }
  for (let batch = 0; batch < 12; batch++) {
    const producer = batch % 3 === 0 ? {} : { producerId: batch % 3, producerEpoch: run, baseSequence: 3 * Math.floor(batch / 3) }
    const timestamp = TIMESTAMP + 300 * batch + 100_000 * run
    const codec = CODECS[batch % CODECS.length]!
    for (const [topic, partition] of [
      ['orders', batch % 4 === 3 ? 1 : 0],
      ['moved', 0],
    ] as const) {
      const records = ['a', 'bb', 'ccc'].map((value, index) => ({
        timestamp: timestamp + index,
        key: index === 1 ? null : Buffer.from(`${topic}-${batch}`),
        value: index === 2 ? null : Buffer.from(value.repeat(20)),
        headers: index === 0 ? [{ key: 'codec', value: Buffer.from(codec) }] : [],
      }))
      const bytes = await encodeBatch({ records, codec, ...(topic === 'moved' ? producer : {}) })
      await send(connection, topic, partition, bytes)
    }
    if (run === 0 && batch === 0) await send(connection, 'gone', 0, await encodeBatch({ records: [{ timestamp, key: null, value: null }] }))
  }
  if (run === 0) await connection.request(deleteTopics, 5, { topicNames: ['gone'], timeoutMs: 1000 })
  if (run === 1) {
    const { topics } = await connection.request(deleteRecords, 2, {
      topics: [{ name: 'moved', partitions: [{ partitionIndex: 0, offset: 16 }] }],
      timeoutMs: 1000,
    })
    if (topics[0]!.partitions[0]!.errorCode !== 0) throw new Error('the start of the log was not moved')
  }
  connection.close()
  await broker.close()
}

async function send(connection: WireConnection, name: string, index: number, records: Buffer): Promise<void> {
  const { responses } = await connection.request(produce, 9, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name, partitionData: [{ index, records }] }],
  })
  const { errorCode, errorMessage } = responses[0]!.partitionResponses[0]!
  if (errorCode !== 0) throw new Error(`error ${errorCode}: ${errorMessage}`)
}

export function readFolder(path: string): FolderFiles {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map((file) => [relative(path, file), readFileSync(file)]),
  )
}

export async function diskOf(files: FolderFiles): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  await disk.makeFolder(DATA_FOLDER)
  for (const [name, bytes] of files) {
    await disk.makeFolder(dirname(join(DATA_FOLDER, name)))
    await disk.replaceFile(join(DATA_FOLDER, name), bytes)
  }
  return disk
}
