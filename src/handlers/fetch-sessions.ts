// Fetch sessions (KIP-227): the partitions of a client are kept between its requests, so that these name, and are answered, only what changed.
// - A session is found by its id alone, from whatever connection. Each request of it carries the next epoch: one that comes twice, or overtakes, is refused.
// - Epoch 0 asks for a new session and -1 for none; both end the one that is named beside them. A session without partitions ends.
// - When all slots are taken, a new session takes that of the one unused for longest, if that is over two minutes, else that of the one with the fewest
//   partitions among those that were used past their first two minutes, if the new one has more.
// - A session that was never used goes when its connection asks for another: some clients ask for one with every fetch, and use none (@platformatic/kafka),
//   and would keep all slots from the others.
// - A client that gets no session (id 0), or whose session has gone, sends full fetches: nobody depends on one. So their memory can be bounded twice: by
//   the slots, and by the number of partitions in all of them.

import { randomInt } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { Refusal } from '../wire/error-codes.ts'
import type { fetch as api } from '../wire/messages/fetch.ts'
import type { Infer } from '../wire/schema.ts'
import { FetchPartitions } from './fetch-partitions.ts'
import { FetchWaits } from './fetch-waits.ts'

type FetchRequest = Infer<typeof api.request>

const NO_SESSION = 0
const INITIAL_EPOCH = 0
const FINAL_EPOCH = -1
const EPOCH_MAX = 0x7fff_ffff
const EVICTABLE_AFTER_MS = 120_000
/** About 210 bytes each. */
const PARTITIONS_MAX = 500_000

interface FetchSession {
  readonly id: number
  readonly partitions: FetchPartitions
  readonly createdMs: number
  lastUsedMs: number
  epoch: number
  countedSize: number
  readonly createdBy: number
}

/** One request's hold on its partitions. */
export interface FetchTurn {
  readonly partitions: FetchPartitions
  /** Answers only what the client does not know. */
  readonly isIncremental: boolean
  /** Another request of the session came meanwhile: this one has no say any more. */
  isSuperseded(): boolean
  /** The session id of the answer; makes the session where one is asked for. */
  conclude(): number
  /** To be called in the end, whatever happened. */
  end(): void
}

/** Epochs wrap from 2^31 - 1 to 1: 0 would ask for a new session. */
export const epochAfter = (epoch: number): number => (epoch === EPOCH_MAX ? 1 : epoch + 1)

export interface FetchSessionsOptions {
  readonly slots: number
  readonly clock: Clock
  readonly partitionsMax?: number
}

export class FetchSessions {
  readonly #slots: number
  readonly #clock: Clock
  readonly #partitionsMax: number
  readonly #byId = new Map<number, FetchSession>() // the one unused for longest first
  readonly #neverUsed = new Map<number, FetchSession>() // by the connection that made it
  readonly waits = new FetchWaits()
  #partitionCount = 0
  #evictedCount = 0

  constructor({ slots, clock, partitionsMax = PARTITIONS_MAX }: FetchSessionsOptions) {
    this.#slots = slots
    this.#clock = clock
    this.#partitionsMax = partitionsMax
  }

  get count(): number {
    return this.#byId.size
  }

  get partitionCount(): number {
    return this.#partitionCount
  }

  get evictedCount(): number {
    return this.#evictedCount
  }

  /** Throws FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH or FETCH_SESSION_TOPIC_ID_ERROR. */
  begin(request: FetchRequest, usesTopicIds: boolean, connectionId: number): FetchTurn {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch !== INITIAL_EPOCH && sessionEpoch !== FINAL_EPOCH) return this.#goOn(request, usesTopicIds)
    this.#remove(this.#byId.get(sessionId))
    return this.#full(request, usesTopicIds, sessionEpoch === INITIAL_EPOCH ? connectionId : undefined)
  }

  #full(request: FetchRequest, usesTopicIds: boolean, createdBy?: number): FetchTurn {
    const partitions = new FetchPartitions(usesTopicIds)
    partitions.ask(request.topics)
    let sessionId = NO_SESSION
    return {
      partitions,
      isIncremental: false,
      isSuperseded: () => false,
      conclude: () => (sessionId = createdBy === undefined ? NO_SESSION : this.#create(partitions, createdBy)),
      end: () => {
        if (sessionId === NO_SESSION) partitions.end()
      },
    }
  }

  #goOn(request: FetchRequest, usesTopicIds: boolean): FetchTurn {
    const session = this.#byId.get(request.sessionId)
    if (session === undefined) throw new Refusal('FETCH_SESSION_ID_NOT_FOUND')
    if (session.epoch !== request.sessionEpoch) throw new Refusal('INVALID_FETCH_SESSION_EPOCH')
    const { partitions } = session
    if (partitions.usesTopicIds !== usesTopicIds) throw new Refusal('FETCH_SESSION_TOPIC_ID_ERROR')
    partitions.interrupt()
    partitions.ask(request.topics)
    partitions.forget(request.forgottenTopicsData)
    if (partitions.size === 0) {
      this.#remove(session)
      return this.#full(request, usesTopicIds)
    }
    session.epoch = epochAfter(session.epoch)
    this.#forgetNeverUsed(session)
    this.#touch(session)
    const { epoch } = session
    if (this.#partitionCount > this.#partitionsMax) this.#remove(session) // this request is still answered, the next one finds no session
    return {
      partitions,
      isIncremental: true,
      isSuperseded: () => session.epoch !== epoch,
      conclude: () => session.id,
      end: () => undefined,
    }
  }

  #create(partitions: FetchPartitions, createdBy: number): number {
    this.#remove(this.#neverUsed.get(createdBy))
    if (this.#partitionCount + partitions.size > this.#partitionsMax) return NO_SESSION
    if (this.#byId.size >= this.#slots && !this.#evictFor(partitions.size)) return NO_SESSION
    let id = NO_SESSION
    while (id === NO_SESSION || this.#byId.has(id)) id = randomInt(1, EPOCH_MAX)
    const nowMs = this.#clock.monotonic()
    const session = { id, partitions, createdMs: nowMs, lastUsedMs: nowMs, epoch: epochAfter(INITIAL_EPOCH), countedSize: 0, createdBy }
    this.#touch(session)
    this.#neverUsed.set(createdBy, session)
    return id
  }

  #touch(session: FetchSession): void {
    this.#byId.delete(session.id)
    this.#byId.set(session.id, session)
    session.lastUsedMs = this.#clock.monotonic()
    this.#partitionCount += session.partitions.size - session.countedSize
    session.countedSize = session.partitions.size
  }

  #evictFor(size: number): boolean {
    const [longestUnused] = this.#byId.values()
    if (longestUnused === undefined) return false
    const isStale = this.#clock.monotonic() - longestUnused.lastUsedMs > EVICTABLE_AFTER_MS
    const evicted = isStale ? longestUnused : this.#smallestEvictable()
    if (evicted === undefined || (!isStale && evicted.countedSize >= size)) return false
    this.#remove(evicted)
    this.#evictedCount++
    return true
  }

  #smallestEvictable(): FetchSession | undefined {
    let smallest: FetchSession | undefined
    for (const session of this.#byId.values()) {
      const isEvictable = session.lastUsedMs - session.createdMs > EVICTABLE_AFTER_MS
      if (isEvictable && (smallest === undefined || session.countedSize < smallest.countedSize)) smallest = session
    }
    return smallest
  }

  #remove(session: FetchSession | undefined): void {
    if (session === undefined || !this.#byId.delete(session.id)) return
    this.#partitionCount -= session.countedSize
    this.#forgetNeverUsed(session)
    session.partitions.end()
  }

  #forgetNeverUsed(session: FetchSession): void {
    if (this.#neverUsed.get(session.createdBy) === session) this.#neverUsed.delete(session.createdBy)
  }
}
