// Broker configs that Kafka lets one alter while it runs and that mean nothing here: what is altered is kept and reported, for the tools that expect it.
// In a properties file they are passed over with a warning, like every other config without a meaning.

import { boolean, int, INT_MAX, long, LONG_MAX, type Row } from './row-kinds.ts'

const stored = { dynamic: true, stored: true, doc: 'Kept and reported; nothing acts on it.' } as const

export const storedBrokerConfigs: Readonly<Record<string, Row<unknown>>> = {
  'background.threads': int({ ...stored, default: 10, atLeast: 1 }),
  'follower.fetch.last.tiered.offset.enable': boolean({ ...stored, default: false }),
  'group.consumer.assignment.interval.ms': int({ ...stored, default: 1000, atLeast: 0 }),
  'group.coordinator.cached.buffer.max.bytes': int({ ...stored, default: 1_048_588, atLeast: 512 << 10 }),
  'group.share.assignment.interval.ms': int({ ...stored, default: 1000, atLeast: 0 }),
  'group.streams.assignment.interval.ms': int({ ...stored, default: 1000, atLeast: 0 }),
  'log.cleaner.io.buffer.size': int({ ...stored, default: 512 << 10, atLeast: 0 }),
  'log.cleaner.threads': int({ ...stored, default: 1, atLeast: 0 }),
  'max.connection.creation.rate': int({ ...stored, default: INT_MAX, atLeast: 0 }),
  'num.io.threads': int({ ...stored, default: 8, atLeast: 1 }),
  'num.network.threads': int({ ...stored, default: 3, atLeast: 1 }),
  'num.recovery.threads.per.data.dir': int({ ...stored, default: 2, atLeast: 1 }),
  'num.replica.fetchers': int({ ...stored, default: 1, atLeast: 1 }),
  'remote.fetch.max.wait.ms': int({ ...stored, default: 500, atLeast: 1 }),
  'remote.list.offsets.request.timeout.ms': long({ ...stored, default: 30_000, atLeast: 1 }),
  'remote.log.index.file.cache.total.size.bytes': long({ ...stored, default: 1 << 30, atLeast: 1 }),
  'remote.log.manager.copier.thread.pool.size': int({ ...stored, default: 10, atLeast: 1 }),
  'remote.log.manager.copy.max.bytes.per.second': long({ ...stored, default: LONG_MAX, atLeast: 1 }),
  'remote.log.manager.expiration.thread.pool.size': int({ ...stored, default: 10, atLeast: 1 }),
  'remote.log.manager.fetch.max.bytes.per.second': long({ ...stored, default: LONG_MAX, atLeast: 1 }),
  'remote.log.manager.follower.thread.pool.size': int({ ...stored, default: 2, atLeast: 1 }),
  'remote.log.reader.threads': int({ ...stored, default: 10, atLeast: 1 }),
  'share.coordinator.cached.buffer.max.bytes': int({ ...stored, default: 1_048_588, atLeast: 512 << 10 }),
  'transaction.partition.verification.enable': boolean({ ...stored, default: true }),
}
