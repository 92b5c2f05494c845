// A group of many members, to which one more comes and goes again: how long it takes until every member has its part.
// All members ask every so often; clients do so far less often, but the broker is to be measured, and not how long its news wait until they are asked for.

import { setTimeout } from 'node:timers/promises'
import { findCoordinator } from '../../../src/wire/messages/find-coordinator.ts'
import { heartbeat } from '../../../src/wire/messages/heartbeat.ts'
import { errorName } from '../../../src/wire/error-codes.ts'
import { createTopics } from '../../../test/support/create-topics.ts'
import { WireConnection } from '../../../test/support/wire-connection.ts'
import type { Scenario } from '../case.ts'
import { CONTENDERS } from '../contenders.ts'
import type { Figures } from '../figures.ts'
import { spreadOf } from '../statistics.ts'
import { type GroupMember, type GroupOptions, JOINING, type Protocol } from './group-members.ts'
import { askAgain } from './round-trip.ts'

const SETTINGS = ['group.initial.rebalance.delay.ms=0', 'offsets.topic.num.partitions=1']
const TOPIC = 'work'
const PARTITIONS_PER_MEMBER = 2
const HEARTBEAT_MS = 50
const WARM_UP_SECONDS = 12
/** Longer than assignments of KIP-848 keep from each other, so that none waits for that. */
const BETWEEN_CHANGES_MS = 1200
const PATIENCE_MS = 60_000

export const rebalance =
  (protocol: Protocol): Scenario =>
  async ({ contender, folder, sizes: { members, seconds } }) => {
    const broker = await CONTENDERS[contender].start(folder, { settings: SETTINGS, isWatched: true })
    const partitionCount = members * PARTITIONS_PER_MEMBER
    const options = { bootstrap: broker.bootstrap, groupId: 'workers', topic: TOPIC, partitionCount }
    await prepare(options)
    const group = new MeasuredGroup(protocol, options)
    await group.settling(() => Promise.all(Array.from({ length: members }, () => group.join())))
    const round = async (): Promise<Required<Pick<Figures, 'joinMs' | 'leaveMs'>>> => {
      await setTimeout(BETWEEN_CHANGES_MS)
      const joinMs = await group.settling(() => group.join())
      await setTimeout(BETWEEN_CHANGES_MS)
      const last = await group.stopLast()
      return { joinMs, leaveMs: await group.settling(() => last.leave()) }
    }
    await roundsFor(WARM_UP_SECONDS, round)
    return {
      async run() {
        await broker.stalls() // from now on
        const rounds = await roundsFor(seconds, round)
        const stalls = await broker.stalls()
        const joinMs = spreadOf(rounds.map((found) => found.joinMs)).median
        const leaveMs = spreadOf(rounds.map((found) => found.leaveMs)).median
        return { joinMs, leaveMs, ...stalls }
      },
      async end() {
        await group.stop()
        await broker.stop()
      },
    }
  }

async function roundsFor<T>(seconds: number, round: () => Promise<T>): Promise<T[]> {
  const rounds: T[] = []
  for (const endMs = performance.now() + 1000 * seconds; performance.now() < endMs;) rounds.push(await round())
  return rounds
}

/** The topic, and a coordinator that answers. */
async function prepare({ bootstrap, groupId, topic, partitionCount }: GroupOptions): Promise<void> {
  const connection = await WireConnection.connect(bootstrap)
  await createTopics(connection, [topic], partitionCount)
  await askAgain(async () => {
    await connection.request(findCoordinator, 4, { keyType: 0, coordinatorKeys: [groupId] })
    const { errorCode } = await connection.request(heartbeat, 4, { groupId, generationId: 1, memberId: 'nobody' })
    if (errorName(errorCode) !== 'UNKNOWN_MEMBER_ID') throw new Error(`the coordinator answers ${errorName(errorCode)}`)
  })
  connection.close()
}

class MeasuredGroup {
  readonly #protocol: Protocol
  readonly #options: GroupOptions
  readonly #running: { readonly member: GroupMember; readonly stop: () => Promise<void> }[] = []
  #generation = 0
  #failure: Error | undefined
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined

  constructor(protocol: Protocol, options: GroupOptions) {
    this.#protocol = protocol
    this.#options = options
  }

  async join(): Promise<void> {
    const member = await JOINING[this.#protocol](this.#options)
    const stopping = new AbortController()
    const ended = this.#beating(member, stopping.signal).catch((error: Error) => this.#onFailure(error))
    const stop = async (): Promise<void> => {
      stopping.abort()
      await ended
    }
    this.#running.push({ member, stop })
  }

  /** Resolves to the one that came last, which asks no more. */
  async stopLast(): Promise<GroupMember> {
    const { member, stop } = this.#running.pop()!
    await stop()
    return member
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map(async ({ stop }) => stop()))
  }

  /** Milliseconds from `change` on until all members have a newer generation, and together every partition. */
  async settling(change: () => Promise<unknown>): Promise<number> {
    if (this.#failure !== undefined) throw this.#failure
    const startMs = performance.now()
    const timeout = AbortSignal.timeout(PATIENCE_MS)
    const settled = new Promise<void>((resolve, reject) => {
      this.#waiting = { resolve, reject }
      timeout.addEventListener('abort', () => reject(new Error(`no assignment that all have in ${PATIENCE_MS} ms`)), { once: true })
    })
    await Promise.all([change().then(() => this.#onBeat()), settled])
    this.#waiting = undefined
    this.#generation = this.#running[0]!.member.generation!
    return performance.now() - startMs
  }

  async #beating(member: GroupMember, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isMore = await member.beat()
      this.#onBeat()
      if (!isMore) await setTimeout(HEARTBEAT_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  #onFailure(error: Error): void {
    this.#failure ??= error
    this.#waiting?.reject(error)
  }

  #onBeat(): void {
    if (this.#waiting === undefined) return
    const members = this.#running.map(({ member }) => member)
    const generation = members[0]?.generation
    if (generation === undefined || generation <= this.#generation || members.some((member) => member.generation !== generation)) return
    if (members.reduce((sum, { partitions }) => sum + partitions, 0) === this.#options.partitionCount) this.#waiting.resolve()
  }
}
