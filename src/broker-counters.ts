// What a broker counts: the one place where the names, units and meanings stand, beside groups/group-metrics.ts, and docs/metrics.md is made from. The parts fill
// counters that know no names, or are asked when somebody reads. A name that was once given keeps its meaning.

import type { FilePool } from './disk/file-pool.ts'
import type { GroupCoordinator } from './groups/coordinator.ts'
import { GROUP_METRICS } from './groups/group-metrics.ts'
import type { FetchSessions } from './handlers/fetch-sessions.ts'
import { Counters, type Metric, type MetricSamples, type Source } from './lib/counters.ts'
import { Histogram } from './lib/histogram.ts'
import type { StorageWatch } from './log/durability/storage-watch.ts'
import type { Journal } from './log/journal/journal.ts'
import type { SyncSchedule } from './log/durability/sync-schedule.ts'
import type { WriteGate } from './log/durability/write-gate.ts'
import { LogCounters } from './log/log-settings.ts'
import type { TailCache } from './log/tail-cache.ts'
import { ServerCounters } from './server/server-counters.ts'
import type { RecordStore } from './topics/record-store.ts'
import type { UpkeepCounters } from './upkeep/upkeep-counters.ts'

/** What is asked when somebody reads. */
export interface BrokerParts {
  readonly filePool: FilePool
  readonly tailCache: TailCache
  readonly records: RecordStore
  readonly upkeep: UpkeepCounters
  readonly fetchSessions: FetchSessions
  readonly writeGate: WriteGate
  readonly storageWatch: StorageWatch
  readonly syncSchedule: SyncSchedule
  readonly journal: Journal | undefined
  readonly groups: GroupCoordinator
  readonly topicCount: () => number
  readonly startedMs: number
}

type Row = Metric & { readonly labels?: readonly string[] } & (
    | { readonly of: (counters: BrokerCounters) => Exclude<Source, () => unknown> }
    | { readonly read: (parts: BrokerParts, counters: BrokerCounters) => number }
    | { readonly ofGroups: (groups: GroupCoordinator) => Source }
  )

export const METRICS: readonly Row[] = [
  {
    name: 'ottla_requests_total',
    type: 'counter',
    labels: ['api'],
    doc: 'Requests, by API.',
    of: ({ server }) => server.requests,
  },
  {
    name: 'ottla_request_errors_total',
    type: 'counter',
    labels: ['api', 'error'],
    doc: 'Error codes in responses, by API and name; a response may carry one for each of its partitions.',
    of: ({ server }) => server.errors,
  },
  {
    name: 'ottla_request_bytes_total',
    type: 'counter',
    labels: ['api'],
    doc: 'Bytes of requests.',
    of: ({ server }) => server.requestBytes,
  },
  {
    name: 'ottla_response_bytes_total',
    type: 'counter',
    labels: ['api'],
    doc: 'Bytes of responses.',
    of: ({ server }) => server.responseBytes,
  },
  {
    name: 'ottla_request_duration_seconds',
    type: 'histogram',
    labels: ['api'],
    doc: 'From the turn of a request on its connection until its response is ready; a Fetch that waits for records includes the wait.',
    of: ({ server }) => server.durations,
  },
  {
    name: 'ottla_connections',
    type: 'gauge',
    doc: 'Open connections.',
    read: (_, { server }) => server.openConnections,
  },
  {
    name: 'ottla_connections_opened_total',
    type: 'counter',
    doc: 'Connections that were accepted.',
    of: ({ server }) => server.connectionsOpened,
  },
  {
    name: 'ottla_connections_closed_total',
    type: 'counter',
    labels: ['reason'],
    doc: 'Closed connections, by reason: `client` (it ended), `malformed` (it sent what is no request, or one that is not served), `unanswerable` (an error on acks=0), `bug` (of the broker), `stop` (the broker stopped), `idle`, `half a request`, `takes no answer` (quiet for too long).',
    of: ({ server }) => server.connectionsClosed,
  },
  {
    name: 'ottla_connections_refused_total',
    type: 'counter',
    doc: 'Connections that could not be accepted.',
    of: ({ server }) => server.connectionsRefused,
  },
  {
    name: 'ottla_received_bytes_total',
    type: 'counter',
    doc: 'Bytes that were read from connections.',
    of: ({ server }) => server.receivedBytes,
  },
  {
    name: 'ottla_sent_bytes_total',
    type: 'counter',
    doc: 'Bytes that were written to connections.',
    of: ({ server }) => server.sentBytes,
  },
  {
    name: 'ottla_fetches_waiting',
    type: 'gauge',
    doc: 'Fetches that wait now, for records or for room to read them into.',
    read: ({ fetchSessions }) => fetchSessions.waits.count,
  },
  {
    name: 'ottla_fetch_waits_total',
    type: 'counter',
    doc: 'How often a Fetch had to wait, for records or for room to read them into.',
    read: ({ fetchSessions }) => fetchSessions.waits.begunCount,
  },
  {
    name: 'ottla_fetch_sessions',
    type: 'gauge',
    doc: 'Fetch sessions (KIP-227) that are kept.',
    read: ({ fetchSessions }) => fetchSessions.count,
  },
  {
    name: 'ottla_fetch_session_partitions',
    type: 'gauge',
    doc: 'Partitions in them; one counts in each session that has it.',
    read: ({ fetchSessions }) => fetchSessions.partitionCount,
  },
  {
    name: 'ottla_fetch_sessions_evicted_total',
    type: 'counter',
    doc: 'Fetch sessions that had to make room for another.',
    read: ({ fetchSessions }) => fetchSessions.evictedCount,
  },
  {
    name: 'ottla_appended_batches_total',
    type: 'counter',
    doc: 'Record batches that were appended to logs, the metadata log among them.',
    of: ({ log }) => log.appendedBatches,
  },
  {
    name: 'ottla_appended_records_total',
    type: 'counter',
    doc: 'Records of those batches.',
    of: ({ log }) => log.appendedRecords,
  },
  {
    name: 'ottla_appended_bytes_total',
    type: 'counter',
    doc: 'Bytes of those batches.',
    of: ({ log }) => log.appendedBytes,
  },
  {
    name: 'ottla_damaged_parts_total',
    type: 'counter',
    doc: 'Parts of segments that were found damaged, by readers or by the scrubber: their records are refused.',
    of: ({ log }) => log.damagedParts,
  },
  {
    name: 'ottla_damaged_bytes_total',
    type: 'counter',
    doc: 'Bytes of those parts.',
    of: ({ log }) => log.damagedBytes,
  },
  {
    name: 'ottla_damaged_offsets_total',
    type: 'counter',
    doc: 'Offsets in those parts, or missing.',
    of: ({ log }) => log.damagedOffsets,
  },
  {
    name: 'ottla_sync_duration_seconds',
    type: 'histogram',
    doc: 'Syncs of the journal, each for what all partitions received while the one before was under way, and of segments.',
    of: ({ log }) => log.syncs,
  },
  {
    name: 'ottla_journal_bytes',
    type: 'gauge',
    doc: 'Size of the journal files in use (durability `fsync`): their segments are not synced yet. Records wait when it reaches `journal.max.bytes`.',
    read: ({ journal }) => journal?.bytes ?? 0,
  },
  {
    name: 'ottla_syncs_overdue_seconds',
    type: 'gauge',
    doc: 'How long ago the sync that is most overdue should have begun (`durability.interval.ms`, `flush.ms`), in seconds; about 0 while the disk keeps up.',
    read: ({ syncSchedule }) => syncSchedule.overdueMs / 1000,
  },
  {
    name: 'ottla_writes_taken',
    type: 'gauge',
    doc: '1 while records are taken; 0 while all are refused: the disk is nearly full (`min.free.bytes`), or the broker must be started again.',
    read: ({ writeGate }) => (writeGate.closedReason === undefined ? 1 : 0),
  },
  {
    name: 'ottla_writes_refused_total',
    type: 'counter',
    doc: 'Record batches that were refused while none were taken.',
    read: ({ writeGate }) => writeGate.refusals.value,
  },
  {
    name: 'ottla_disk_free_bytes',
    type: 'gauge',
    doc: 'Bytes that were free on the disk of the data folder at the last look, which comes within a second of an append; -1 where the system does not tell.',
    read: ({ storageWatch }) => storageWatch.freeBytes ?? -1,
  },
  {
    name: 'ottla_removed_segments_total',
    type: 'counter',
    doc: 'Segments that were removed because retention or DeleteRecords moved the start of their log.',
    of: ({ log }) => log.removedSegments,
  },
  {
    name: 'ottla_removed_bytes_total',
    type: 'counter',
    doc: 'Bytes of record batches in them.',
    of: ({ log }) => log.removedBytes,
  },
  {
    name: 'ottla_scrub_runs_total',
    type: 'counter',
    doc: 'How often the scrubber has read all partitions through.',
    read: ({ upkeep }) => upkeep.scrubRuns.value,
  },
  {
    name: 'ottla_scrubbed_bytes_total',
    type: 'counter',
    doc: 'Bytes of segments that the scrubber has read and checked.',
    read: ({ upkeep }) => upkeep.scrubbedBytes.value,
  },
  {
    name: 'ottla_retention_runs_total',
    type: 'counter',
    doc: 'How often all partitions were looked through for segments to remove.',
    read: ({ upkeep }) => upkeep.retentionRuns.value,
  },
  {
    name: 'ottla_compaction_runs_total',
    type: 'counter',
    doc: 'How often a log was compacted; several passes over one log count as several.',
    read: ({ upkeep }) => upkeep.compactionRuns.value,
  },
  {
    name: 'ottla_compacted_bytes_total',
    type: 'counter',
    doc: 'Bytes of record batches that compaction went through.',
    read: ({ upkeep }) => upkeep.cleanedBytes.value,
  },
  {
    name: 'ottla_compaction_saved_bytes_total',
    type: 'counter',
    doc: 'By how many of them the logs were smaller afterwards.',
    read: ({ upkeep }) => upkeep.savedBytes.value,
  },
  {
    name: 'ottla_tail_cache_hits_total',
    type: 'counter',
    doc: 'Reads that the cache of newest batches answered.',
    read: ({ tailCache }) => tailCache.reads.hitCount,
  },
  {
    name: 'ottla_tail_cache_misses_total',
    type: 'counter',
    doc: 'Reads that went to segment files.',
    read: ({ tailCache }) => tailCache.reads.missCount,
  },
  {
    name: 'ottla_tail_cache_hit_bytes_total',
    type: 'counter',
    doc: 'Bytes that the cache answered.',
    read: ({ tailCache }) => tailCache.reads.hitBytes,
  },
  {
    name: 'ottla_tail_cache_bytes',
    type: 'gauge',
    doc: 'Memory that the cache takes.',
    read: ({ tailCache }) => tailCache.chargedBytes,
  },
  {
    name: 'ottla_segment_files_open',
    type: 'gauge',
    doc: 'Segment files that are open.',
    read: ({ filePool }) => filePool.openCount,
  },
  {
    name: 'ottla_segment_files_opened_total',
    type: 'counter',
    doc: 'How often a segment file was opened.',
    read: ({ filePool }) => filePool.openings.count,
  },
  {
    name: 'ottla_segment_files_evicted_total',
    type: 'counter',
    doc: 'How often one was closed to make room for another.',
    read: ({ filePool }) => filePool.openings.evicted,
  },
  {
    name: 'ottla_topics',
    type: 'gauge',
    doc: 'Topics.',
    read: ({ topicCount }) => topicCount(),
  },
  {
    name: 'ottla_partitions',
    type: 'gauge',
    doc: 'Partitions.',
    read: ({ records }) => records.partitions.length,
  },
  {
    name: 'ottla_log_bytes',
    type: 'gauge',
    doc: 'Bytes of record batches in all partitions, but for those that were not looked at yet since a crash.',
    read: ({ records }) => records.size.bytes,
  },
  {
    name: 'ottla_logs_open',
    type: 'gauge',
    doc: 'Partitions whose log is open: it is at its first use, and closed again when there are many that nobody uses.',
    read: ({ records }) => records.openCount,
  },
  ...GROUP_METRICS,
  {
    name: 'ottla_event_loop_delay_seconds',
    type: 'histogram',
    doc: 'How late the event loop gets to what is due, looked at ten times a second: what a new request waits first.',
    of: ({ eventLoopDelays }) => eventLoopDelays,
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    doc: 'Memory of the whole process.',
    read: () => process.memoryUsage.rss(),
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    doc: 'CPU time of the whole process, in seconds.',
    read: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    },
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    doc: 'When the broker started, in seconds since 1970.',
    read: ({ startedMs }) => startedMs / 1000,
  },
]

export class BrokerCounters {
  readonly server = new ServerCounters()
  readonly log = new LogCounters()
  readonly eventLoopDelays = new Histogram()
  readonly #registry = new Counters()

  /** Once, when all parts are there. */
  name(parts: BrokerParts): void {
    for (const row of METRICS) {
      const { name, type, doc } = row
      this.#registry.register({ name, type, doc }, sourceOf(row, parts, this))
    }
  }

  snapshot(): MetricSamples[] {
    return this.#registry.snapshot()
  }
}

function sourceOf(row: Row, parts: BrokerParts, counters: BrokerCounters): Source {
  if ('of' in row) return row.of(counters)
  return 'ofGroups' in row ? row.ofGroups(parts.groups) : () => row.read(parts, counters)
}
