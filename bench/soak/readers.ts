// Readers that a broker must not suffer from: those that take their time, and those that ask and never take anything.

import { connect } from 'node:net'
import { EARLIEST, LATEST } from '../../src/client/admin.ts'
import type { Measurement } from '../../src/client/load/measurement.ts'
import { errorName } from '../../src/wire/error-codes.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { BATCH_HEADER_SIZE, BatchView } from '../../src/wire/records/batch.ts'
import { offsetAt } from '../../test/support/offset-at.ts'
import { WireConnection } from '../../test/support/wire-connection.ts'
import { frameOf } from '../stalls/stage.ts'
import { pause } from './clients.ts'

export interface ReadTopic {
  readonly bootstrap: string
  readonly topic: string
  readonly partitions: number
}

const BYTES_PER_SECOND = 50_000
const FETCH_VERSION = 11
const STUCK_FETCHES = 10
const NOTHING = Buffer.alloc(0)
const STUCK_FOR_MS = 40_000 // longer than the broker bears with it

interface SlowOptions {
  readonly index: number
  readonly isFromStart: boolean
  readonly consumed: Measurement
}

/** One partition, 50 KB a second; begins anew when what it has come to is gone. */
export async function slowReader(from: ReadTopic, { index, isFromStart, consumed }: SlowOptions, signal: AbortSignal): Promise<void> {
  const connection = await WireConnection.connect(from.bootstrap)
  const partition = index % from.partitions
  let fetchOffset = -1
  while (!signal.aborted) {
    if (fetchOffset < 0) fetchOffset = await offsetAt(connection, from.topic, partition, isFromStart ? EARLIEST : LATEST)
    const partitions = [{ partition, fetchOffset, partitionMaxBytes: BYTES_PER_SECOND }]
    const topics = [{ topic: from.topic, partitions }]
    const answer = await connection.request(fetch, FETCH_VERSION, { maxWaitMs: 500, minBytes: 1, topics, forgottenTopicsData: [] })
    const { errorCode, records } = answer.responses[0]!.partitions[0]!
    const error = errorName(errorCode)
    if (error !== 'NONE' && error !== 'OFFSET_OUT_OF_RANGE') throw new Error(`a slow reader is answered ${error}`)
    const read = records ?? NOTHING
    const count = countOf(read)
    fetchOffset = errorCode === 0 ? fetchOffset + count : -1
    consumed.count(count, read.length)
    await pause((1000 * read.length) / BYTES_PER_SECOND, signal)
  }
  connection.close()
}

/** Sends fetches and never reads: a new one takes its place when the broker has had enough of it. */
export async function stuckReader({ bootstrap, topic, partitions }: ReadTopic, index: number, signal: AbortSignal): Promise<void> {
  const [host, port] = bootstrap.split(':') as [string, string]
  const partition = index % partitions
  const asked = { topic, partitions: [{ partition, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }
  const finder = await WireConnection.connect(bootstrap)
  while (!signal.aborted) {
    asked.partitions[0]!.fetchOffset = await offsetAt(finder, topic, partition, EARLIEST)
    const frame = frameOf(fetch, FETCH_VERSION, { maxWaitMs: 500, minBytes: 1, topics: [asked], forgottenTopicsData: [] })
    const socket = connect(Number(port), host)
    socket.on('error', () => undefined)
    socket.pause()
    for (let sent = 0; sent < STUCK_FETCHES; sent++) socket.write(frame)
    await pause(STUCK_FOR_MS, signal)
    socket.destroy()
  }
  finder.close()
}

/** Of the records in whole batches. */
function countOf(records: Buffer): number {
  let count = 0
  for (let position = 0; position + BATCH_HEADER_SIZE <= records.length;) {
    const { sizeInBytes, recordCount } = new BatchView(records, position)
    position += sizeInBytes
    if (position <= records.length) count += recordCount
  }
  return count
}
