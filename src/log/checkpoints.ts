// What the broker remembers of all its logs beside them, written at most once a second, in Kafka's format:
// `recovery-point-offset-checkpoint` (below it, everything was synced) and `log-start-offset-checkpoint` (below it, everything was deleted).
// What is written is never ahead of a log, and what is deleted or cut is written before it happens: a recovery point may be late, never early.
// `.ottla-cleanshutdown` exists while no broker runs and the last one stopped in peace. It names the logs that have nothing to recover, with their bytes.
//
//   0                      version
//   2                      number of lines that follow
//   orders 0 1700          topic, partition, offset (in the marker: bytes), for each log
//   #crc32c 0 2166138465   CRC32C of the lines of the logs: to Kafka one more log, which it does not have. A file that Kafka wrote has none.

import { join } from 'node:path'
import type { Disk } from '../disk/disk.ts'
import { atOnce } from '../lib/at-once.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Diagnostics } from '../lib/diagnostics.ts'
import { Refusal } from '../wire/error-codes.ts'
import { crc32c } from '../wire/records/crc32c.ts'

export const RECOVERY_POINTS = 'recovery-point-offset-checkpoint'
export const LOG_START_OFFSETS = 'log-start-offset-checkpoint'
export const CLEAN_SHUTDOWN = '.ottla-cleanshutdown'
const VERSION = '0'
const CHECKSUM = '#crc32c 0' // no topic may be called that
const PAUSE_MS = 1000
const ASKED_AT_ONCE = 32 // each may sync a file or two; one after the other, 10,000 logs took longer than a stop may

/** What a checkpoint needs of a log. */
export interface CheckpointedLog {
  readonly topic: string
  readonly partition: number
  readonly logStartOffset: number
  /** Resolves once everything but batches that recovery needs below the recovery point is on disk, to that recovery point. */
  prepareCheckpoint(): Promise<number>
}

export interface LogCheckpoint {
  readonly recoveryPoint: number
  readonly logStartOffset: number
}

export interface SizeAtRest {
  readonly topic: string
  readonly partition: number
  readonly sizeBytes: number
}

interface CheckpointsOptions {
  readonly dataFolder: string
  readonly disk: Disk
  readonly clock: Clock
  readonly diagnostics: Diagnostics
}

export class LogCheckpoints {
  readonly #options: CheckpointsOptions
  readonly #entries: Map<string, LogCheckpoint> // by `<topic> <partition>`
  readonly #changed = new Set<CheckpointedLog>()
  readonly #forgotten = new WeakSet<CheckpointedLog>()
  readonly #asked = new Set<CheckpointedLog>() // by the write under way; what is forgotten or lowered meanwhile is taken out
  readonly wasCleanShutdown: boolean
  /** The logs that the last run left with nothing to recover, and their bytes, by `<topic> <partition>`. */
  readonly sizesAtRest: ReadonlyMap<string, number>
  #written: ReadonlyMap<string, LogCheckpoint> // as the files have it
  #forgetToo: ((log: Pick<CheckpointedLog, 'topic' | 'partition'>) => Promise<void>) | undefined
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()
  #queued: Promise<void> | undefined

  private constructor(options: CheckpointsOptions, entries: Map<string, LogCheckpoint>, marker: Buffer | undefined) {
    this.#options = options
    this.#entries = entries
    this.#written = new Map(entries)
    this.wasCleanShutdown = marker !== undefined
    this.sizesAtRest = (marker && parseSizesAtRest(String(marker))) ?? new Map()
  }

  /** Before the first log is opened. */
  static async open(options: CheckpointsOptions): Promise<LogCheckpoints> {
    const { disk, dataFolder } = options
    const markerPath = join(dataFolder, CLEAN_SHUTDOWN)
    const marker = await disk.readFile(markerPath)
    const recoveryPoints = await readOffsets(options, RECOVERY_POINTS)
    const logStartOffsets = await readOffsets(options, LOG_START_OFFSETS)
    const entries = new Map<string, LogCheckpoint>()
    for (const key of new Set([...recoveryPoints.keys(), ...logStartOffsets.keys()])) {
      entries.set(key, { recoveryPoint: recoveryPoints.get(key) ?? 0, logStartOffset: logStartOffsets.get(key) ?? 0 })
    }
    if (marker !== undefined) {
      await disk.unlink(markerPath)
      await disk.syncFolder(dataFolder)
    }
    return new LogCheckpoints(options, entries, marker)
  }

  /** What was last written of a log; zeros when nothing was. */
  of(topic: string, partition: number): LogCheckpoint {
    return this.#entries.get(`${topic} ${partition}`) ?? { recoveryPoint: 0, logStartOffset: 0 }
  }

  /** Everything below it is known to be synced by whoever starts next. */
  writtenRecoveryPoint({ topic, partition }: Pick<CheckpointedLog, 'topic' | 'partition'>): number {
    return this.#written.get(`${topic} ${partition}`)?.recoveryPoint ?? 0
  }

  /** What else is remembered of a log is forgotten with it. */
  whenForgetting(forgetToo: (log: Pick<CheckpointedLog, 'topic' | 'partition'>) => Promise<void>): void {
    this.#forgetToo = forgetToo
  }

  /** Within a second, what the log says then is written. */
  changed(log: CheckpointedLog): void {
    if (this.#forgotten.has(log)) return // its folder is gone, or about to be
    this.#changed.add(log)
    this.#timer ??= this.#options.clock.after(PAUSE_MS, () => {
      this.#timer = undefined
      if (this.#changed.size === 0) return
      this.write().catch((error: unknown) =>
        this.#options.diagnostics.error('the checkpoints could not be written', { error: String(error) }),
      )
    })
  }

  /** What the log says now is on disk once this resolves. */
  async save(log: CheckpointedLog): Promise<void> {
    if (!this.#forgotten.has(log)) this.#changed.add(log)
    await this.write()
  }

  /** What lies past it is about to be cut off: that it was once synced is forgotten on disk once this resolves. */
  async lower(log: CheckpointedLog, checkpoint: LogCheckpoint): Promise<void> {
    this.#changed.delete(log)
    this.#asked.delete(log)
    this.#entries.set(keyOf(log), checkpoint)
    await this.write()
  }

  /** The log was closed, and may be opened again as another: it is not asked any more. What cannot be written is for the next recovery to find. */
  async letGo(log: CheckpointedLog): Promise<void> {
    try {
      if (this.#changed.has(log) || this.#asked.has(log)) await this.write()
    } catch (error) {
      this.#options.diagnostics.error('the checkpoints could not be written', { error: String(error) })
    }
    this.#changed.delete(log)
    this.#asked.delete(log)
  }

  /** The log is being deleted: nothing of it is on disk once this resolves, so that a later one of that name starts afresh. */
  async forget(log: CheckpointedLog): Promise<void> {
    this.#forgotten.add(log)
    this.#changed.delete(log)
    this.#asked.delete(log)
    await this.forgetUnopened(log)
  }

  /** As `forget`, of a log that an earlier run began to delete. */
  async forgetUnopened(log: Pick<CheckpointedLog, 'topic' | 'partition'>): Promise<void> {
    await this.#forgetToo?.(log)
    if (this.#entries.delete(keyOf(log))) await this.write()
  }

  /** One write at a time; all who ask while it runs share the next. */
  write(): Promise<void> {
    this.#queued ??= this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#queued = undefined
        return (this.#writing = this.#writeNow())
      })
    return this.#queued
  }

  /** After the last log was closed. `sizesAtRest` is of those that have nothing to recover: names them, with their bytes, by topic and partition. */
  async close(sizesAtRest: readonly SizeAtRest[] = []): Promise<void> {
    this.#timer?.cancel()
    try {
      await this.write()
    } finally {
      this.#timer?.cancel() // a log that could not be asked
    }
    const lines = sizesAtRest.map(({ topic, partition, sizeBytes }) => `${topic} ${partition} ${sizeBytes}\n`)
    await this.#options.disk.replaceFile(join(this.#options.dataFolder, CLEAN_SHUTDOWN), Buffer.from(checkpointText(lines)))
  }

  /** Writes no more. */
  async abandon(): Promise<void> {
    this.#timer?.cancel()
    await this.#queued?.catch(() => undefined)
    await this.#writing.catch(() => undefined)
    this.#timer?.cancel()
  }

  async #writeNow(): Promise<void> {
    const failures: unknown[] = []
    for (const log of this.#changed) this.#asked.add(log)
    this.#changed.clear()
    await atOnce(ASKED_AT_ONCE, [...this.#asked].values(), (log) => this.#ask(log).catch((error: unknown) => failures.push(error)))
    const entries = new Map(this.#entries)
    await this.#writeOffsets(RECOVERY_POINTS, entries, (entry) => entry.recoveryPoint)
    await this.#writeOffsets(LOG_START_OFFSETS, entries, (entry) => entry.logStartOffset)
    this.#written = entries
    if (failures.length > 0) throw failures[0]
  }

  async #ask(log: CheckpointedLog): Promise<void> {
    try {
      const recoveryPoint = await log.prepareCheckpoint()
      if (this.#asked.delete(log)) this.#entries.set(keyOf(log), { recoveryPoint, logStartOffset: log.logStartOffset })
    } catch (error) {
      if (!this.#asked.delete(log)) return
      this.changed(log)
      throw error
    }
  }

  async #writeOffsets(
    name: string,
    entries: ReadonlyMap<string, LogCheckpoint>,
    offsetOf: (entry: LogCheckpoint) => number,
  ): Promise<void> {
    const lines = [...entries].filter(([, entry]) => offsetOf(entry) > 0).map(([key, entry]) => `${key} ${offsetOf(entry)}\n`)
    await this.#options.disk.replaceFile(join(this.#options.dataFolder, name), Buffer.from(checkpointText(lines)))
  }
}

/** For what must not happen before it is saved. */
export function refuseUnsaved(error: unknown): never {
  throw new Refusal('KAFKA_STORAGE_ERROR', `the checkpoints could not be written: ${String(error)}`)
}

function keyOf(log: Pick<CheckpointedLog, 'topic' | 'partition'>): string {
  return `${log.topic} ${log.partition}`
}

/** Each line is an entry, and ends one. */
export function checkpointText(lines: readonly string[]): string {
  const entries = lines.join('')
  return `${VERSION}\n${lines.length + 1}\n${entries}${CHECKSUM} ${crc32c(Buffer.from(entries))}\n`
}

/** False for one that Kafka wrote, or an early version of Ottla. */
export const hasChecksum = (text: string): boolean => text.includes(`\n${CHECKSUM} `)

/** What the marker of a clean stop says, by `<topic> <partition>`; undefined when it is damaged: it vouches for no log then. */
export const parseSizesAtRest = (text: string): ReadonlyMap<string, number> | undefined =>
  hasChecksum(text) ? parseCheckpoint(text) : undefined

/** Offsets by `<topic> <partition>`; undefined when the text is damaged. */
export function parseCheckpoint(text: string): Map<string, number> | undefined {
  const [version, count, ...lines] = text.split('\n')
  if (lines.pop() !== '') return undefined // each line ends with a newline, the last one too
  const matches = lines.map((line) => /^(\S+ \d+) (\d+)$/.exec(line))
  if (version !== VERSION || count !== String(lines.length) || matches.includes(null)) return undefined
  const entries = new Map(matches.map((match) => [match![1]!, Number(match![2])]))
  const checksum = entries.get(CHECKSUM)
  if (!entries.delete(CHECKSUM)) return entries
  return checksum ===
    crc32c(
      Buffer.from(
        lines
          .slice(0, -1)
          .map((line) => `${line}\n`)
          .join(''),
      ),
    )
    ? entries
    : undefined
}

/** A damaged file counts as empty: then everything is checked at open. */
async function readOffsets({ disk, dataFolder, diagnostics }: CheckpointsOptions, name: string): Promise<Map<string, number>> {
  const text = (await disk.readFile(join(dataFolder, name)))?.toString()
  if (text === undefined) return new Map()
  const offsets = parseCheckpoint(text)
  if (offsets !== undefined) return offsets
  diagnostics.warn('a checkpoint file is damaged; every log is checked from its start', { file: join(dataFolder, name) })
  return new Map()
}
