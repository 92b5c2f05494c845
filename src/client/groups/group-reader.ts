// Reads a topic as a member of a group: every record at least once, for what is committed was handled before. Whoever reads says how far it has come; that is
// committed every few seconds, before a partition is given to another member, and at the end.

import type { Clock } from '../../lib/clock.ts'
import { Mutex } from '../../lib/mutex.ts'
import { Refusal } from '../../wire/error-codes.ts'
import { orAborted, pause } from '../aborting.ts'
import { type Cluster, mayPass, retried } from '../cluster.ts'
import { type FetchedRecords, replay } from '../fetch.ts'
import { type CommittedOffset, commitOffsets, committedOffsets, type TopicPartition } from './committed-offsets.ts'
import type { Coordinators } from './coordinators.ts'
import type { GroupMember, MemberOptions } from './members/member.ts'

export interface GroupReaderOptions {
  readonly cluster: Cluster
  /** Of connections that nothing else waits on. */
  readonly coordinators: Coordinators
  readonly groupId: string
  readonly topic: string
  readonly member: (options: MemberOptions) => GroupMember
  /** Where to begin in partitions: given what the group has committed there, if it has. */
  readonly beginAt: (partitions: readonly number[], committed: ReadonlyMap<number, number>) => Promise<ReadonlyMap<number, number>>
  /** By partition: the reader ends when the group has read all of it. Without it, it goes on. */
  readonly ends?: ReadonlyMap<number, number>
  /** Tells a person what happens beside the reading. */
  readonly note: (kind: 'assignment' | 'trouble', sentence: string) => void
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly retryMs: number
}

const COMMIT_INTERVAL_MS = 5_000
const OTHERS_CHECK_INTERVAL_MS = 1_000

export class GroupReader {
  readonly #options: GroupReaderOptions
  readonly #member: GroupMember
  readonly #stopped = new AbortController()
  readonly #commits = new Mutex()
  /** Aborts when partitions come or go. */
  #changed = new AbortController()
  #owned: readonly number[] = []
  /** Up to where whoever reads has come, by partition: only of owned ones. */
  #positions = new Map<number, number>()
  #uncommitted = new Set<number>()
  #failure: unknown

  constructor(options: GroupReaderOptions) {
    this.#options = options
    const events = { assigned: (places: readonly TopicPartition[]) => this.#assign(places), lost: (reason: string) => this.#lose(reason) }
    this.#member = options.member({ ...options, events })
    options.signal.addEventListener('abort', () => this.#change(), { once: true })
  }

  /** Everything before the offset has been handled. */
  handled(partition: number, nextOffset: number): void {
    const position = this.#positions.get(partition)
    if (position === undefined || nextOffset <= position) return // it is somebody else's by now
    this.#positions.set(partition, nextOffset)
    this.#uncommitted.add(partition)
  }

  /** Ends when the signal aborts, or at `ends`: then everything that was handled is committed, and the group left. */
  async *records(): AsyncGenerator<FetchedRecords> {
    const { clock, signal } = this.#options
    if (await this.#hasGroupEnded()) return // no member need make room for one that reads nothing
    const running = this.#member.run(this.#stopped.signal).catch((error: unknown) => this.#fail(error))
    const committing = this.#commitAgainAndAgain()
    try {
      while (!signal.aborted) {
        const changed = this.#changed.signal
        yield* this.#read(changed)
        if (this.#failure !== undefined) throw this.#failure
        if (changed.aborted) continue
        await this.#commit()
        if (await this.#hasGroupEnded()) return
        await pause(OTHERS_CHECK_INTERVAL_MS, changed, clock)
      }
    } finally {
      this.#stopped.abort()
      await running
      await committing
      await this.#commit()
      await this.#member.leave()
    }
  }

  /** Until partitions come or go, or those that are owned are read to their ends. */
  async *#read(changed: AbortSignal): AsyncGenerator<FetchedRecords> {
    const { cluster, topic: name, ends, retryMs, clock } = this.#options
    const prepare = async () => {
      await this.#findPositions(changed)
      return (await cluster.topics([name]))[0]!
    }
    const topic = await orAborted(retried(prepare, { clock, forMs: retryMs }), changed)
    if (topic === undefined || changed.aborted) return
    const positions = this.#owned.map((partition) => {
      const offset = this.#positions.get(partition)!
      return { partition, offset, ...(ends === undefined ? {} : { until: Math.max(ends.get(partition) ?? 0, offset) }) }
    })
    for await (const fetched of replay(cluster, topic, positions, { signal: changed, retryMs, clock })) {
      if (changed.aborted) return
      yield fetched
      if (changed.aborted) return
    }
    if (changed.aborted) return
    for (const { partition, until } of positions) if (until !== undefined) this.handled(partition, until)
  }

  /** Of the partitions that have come, unless others came meanwhile. */
  async #findPositions(changed: AbortSignal): Promise<void> {
    const { coordinators, groupId, topic, beginAt } = this.#options
    const missing = this.#owned.filter((partition) => !this.#positions.has(partition))
    if (missing.length === 0) return
    const committed = (await committedOffsets(coordinators, groupId)).filter((place) => place.topic === topic)
    const known = new Map(committed.map(({ partition, offset }) => [partition, offset]))
    const found = await beginAt(missing, known)
    if (changed.aborted) return
    for (const [partition, offset] of found) {
      this.#positions.set(partition, offset)
      if (known.get(partition) !== offset) this.#uncommitted.add(partition) // whoever comes next begins there, too, and not at a later end
    }
  }

  async #assign(places: readonly TopicPartition[]): Promise<void> {
    const { topic, note } = this.#options
    const partitions = places.filter((place) => place.topic === topic).map(({ partition }) => partition)
    if (partitions.length === this.#owned.length && partitions.every((partition) => this.#owned.includes(partition))) return
    const leaving = this.#owned.filter((partition) => !partitions.includes(partition))
    this.#owned = partitions.toSorted((a, b) => a - b)
    this.#change()
    await this.#commit(leaving)
    for (const partition of leaving) this.#forget(partition)
    note(
      'assignment',
      partitions.length === 0
        ? 'no partitions to read for now'
        : `reading ${partitions.length} of the partitions: ${this.#owned.join(', ')}`,
    )
  }

  #lose(reason: string): void {
    this.#options.note('trouble', `the group has put this member out: ${reason}. It joins again; some records may come twice`)
    for (const partition of this.#owned) this.#forget(partition)
    this.#owned = []
    this.#change()
  }

  #forget(partition: number): void {
    this.#positions.delete(partition)
    this.#uncommitted.delete(partition)
  }

  #change(): void {
    this.#changed.abort()
    if (!this.#options.signal.aborted) this.#changed = new AbortController()
  }

  #fail(error: unknown): void {
    this.#failure = error
    this.#change()
  }

  async #commitAgainAndAgain(): Promise<void> {
    const { clock } = this.#options
    for (;;) {
      await pause(COMMIT_INTERVAL_MS, this.#stopped.signal, clock)
      if (this.#stopped.signal.aborted) return
      await this.#commit().catch((error: unknown) => this.#fail(error))
    }
  }

  /** What the group refuses because it goes on without this member, or rebalances, is not committed: it will be read again. */
  #commit(partitions: readonly number[] = this.#owned): Promise<void> {
    const { coordinators, groupId, topic, note } = this.#options
    return this.#commits.run(async () => {
      const offsets = partitions.filter((partition) => this.#uncommitted.has(partition)).map((partition) => this.#place(topic, partition))
      if (offsets.length === 0) return
      try {
        await commitOffsets(coordinators, groupId, offsets, this.#member.committer)
      } catch (error) {
        if (!(error instanceof Refusal) && !mayPass(error)) throw error
        note('trouble', `could not commit: ${(error as Error).message}`)
        return
      }
      for (const { partition, offset } of offsets) if (this.#positions.get(partition) === offset) this.#uncommitted.delete(partition)
    })
  }

  #place(topic: string, partition: number): CommittedOffset {
    return { topic, partition, offset: this.#positions.get(partition)!, leaderEpoch: -1, metadata: '' }
  }

  /** Whether the group has come to `ends`: this member in its partitions, the others by what they have committed. */
  async #hasGroupEnded(): Promise<boolean> {
    const { ends, coordinators, groupId, topic } = this.#options
    if (ends === undefined) return false
    const behind = [...ends].filter(([partition, end]) => (this.#positions.get(partition) ?? 0) < end)
    if (behind.length === 0) return true
    const committed = await committedOffsets(coordinators, groupId)
    return behind.every(([partition, end]) =>
      committed.some((place) => place.topic === topic && place.partition === partition && place.offset >= end),
    )
  }
}
