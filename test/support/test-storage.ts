// Everything of a broker below its sockets, on a disk and a clock of the test's choice, with what such tests do with it.

import { openStorage, type Storage, type StorageParts } from '../../src/broker-storage.ts'
import { resolveBrokerConfig } from '../../src/config/resolve.ts'
import type { Disk } from '../../src/disk/disk.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { createDiagnostics, type LogLine } from '../../src/lib/diagnostics.ts'
import { LogCounters } from '../../src/log/log-settings.ts'
import type { PartitionRecords } from '../../src/topics/partitions/log-read.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { encodeBatch, readRecords } from '../../src/wire/records/record.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { ManualClock } from './manual-clock.ts'

export interface TestStorage extends Storage {
  readonly lines: readonly LogLine[]
  createTopic(name: string, partitionCount: number, configs?: Record<string, string>): Promise<void>
  /** Resolves once it is acknowledged, to its offset. */
  append(topic: string, partitionIndex: number, value: string, key?: string): Promise<number>
  /** The values of all records. */
  valuesOf(topic: string, partitionIndex: number): Promise<string[]>
}

export async function openTestStorage(
  disk: Disk,
  clock: Clock = new ManualClock(),
  flags: Record<string, string | number | boolean> = {},
  sizes: Pick<StorageParts, 'metadataSegmentBytes'> = {},
): Promise<TestStorage> {
  await disk.makeFolder('/data')
  const lines: LogLine[] = []
  const storage = await openStorage({
    config: resolveBrokerConfig({ flags }).config,
    clock,
    disk,
    diagnostics: createDiagnostics(clock, 'warn', (line) => lines.push(line)),
    folder: { path: '/data', clusterId: 'test-cluster', isCaseSensitive: true },
    counters: new LogCounters(),
    ...sizes,
  })
  const { catalog, records } = storage
  return {
    ...storage,
    lines,
    async createTopic(name, partitionCount, configs = {}) {
      const [result] = await catalog.create([{ name, partitionCount, replicationFactor: -1, assignments: [], configs }])
      if (result instanceof Refusal) throw result
    },
    async append(topic, partitionIndex, value, key) {
      const bytes = await encodeBatch({
        records: [{ timestamp: clock.now(), key: key === undefined ? null : Buffer.from(key), value: Buffer.from(value) }],
      })
      const appends = [{ topicId: catalog.byName(topic).id, partitionIndex, records: bytes }]
      const { results } = await records.append({ transactionalId: null, allowsZstd: true, timeoutMs: 60_000, appends })
      const [result] = await results
      if (result === undefined || result instanceof Refusal) throw result ?? new Error('no result')
      return result.baseOffset
    },
    async valuesOf(topic, partitionIndex) {
      const values: string[] = []
      for (;;) {
        const read = { topicId: catalog.byName(topic).id, partitionIndex, offset: values.length, maxBytes: 500, lastFetchedEpoch: -1 }
        const limits = { maxBytes: 500, atLeastOneBatch: true, readCommitted: false, stopsWhenFull: false }
        const results = await records.read({ reads: [read], ...limits })
        if (results[0] instanceof Refusal) throw results[0]
        if (results[0]!.size === 0) return values
        values.push(...valuesIn(results[0]!))
        records.release(results)
      }
    },
  }
}

function valuesIn({ chunks }: PartitionRecords): string[] {
  const bytes = Buffer.concat(chunks)
  const values: string[] = []
  for (let position = 0; position < bytes.length;) {
    const batch = new BatchView(bytes, position)
    for (const { value } of readRecords(batch.packedRecords, batch)) values.push(String(value))
    position += batch.sizeInBytes
  }
  return values
}
