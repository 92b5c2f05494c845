// A classic group under everything at once: clients that join, sync, beat, leave, change what they say, lose connections, are killed and started again, time that
// passes, disks that are slow or take no more, and the shard read anew from its log, in any order. Whatever happens:
// - the members of a generation get parts of one assignment, each its own, also after the group was read back;
// - the generation only rises, and never falls below one whose assignment somebody has;
// - every request is answered;
// - when the clients are left alone, all of them are members of one stable group soon, and nobody else is.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ClassicGroup } from '../../../src/groups/classic/classic-group.ts'
import { attemptLater } from '../../../src/wire/attempt.ts'
import { Refusal } from '../../../src/wire/error-codes.ts'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { turns } from './classic-member.ts'
import { GROUP, ModelClient, REBALANCE_MS, Seen, SESSION_MS } from './model-client.ts'

const CLIENTS = 5
const FAILING_STEPS = 6
const SETTLED_WITHIN_MS = 3 * REBALANCE_MS + 3 * SESSION_MS
type ClientStep = 'goOn' | 'join' | 'sync' | 'heartbeat' | 'leave' | Interruption
type Interruption = 'reconnect' | 'askAgain' | 'leaveAtOnce' | 'changeMetadata' | 'restart' | 'die'
type StepKind = ClientStep | 'allGoOn' | 'reload' | 'failWrite' | 'wait'
const AT_ANY_TIME: ReadonlySet<StepKind> = new Set(['reconnect', 'askAgain', 'leaveAtOnce', 'changeMetadata', 'restart', 'die'])

interface ModelStep {
  readonly kind: StepKind
  readonly client: number
  readonly ms: number
  /** Of the event loop, before the next step: what goes to the disk may be on its way. */
  readonly turns: number
}

/** `others` is how often something else happens than that clients go on. */
const stepWith = (others: number): fc.Arbitrary<ModelStep> =>
  fc.record({
    kind: fc.oneof(
      { weight: 24, arbitrary: fc.constantFrom<StepKind>('goOn', 'goOn', 'allGoOn') },
      { weight: 4, arbitrary: fc.constant<StepKind>('wait') },
      { weight: 2 * others, arbitrary: fc.constantFrom<StepKind>('join', 'sync', 'heartbeat', 'askAgain', 'restart', 'reload') },
      { weight: others, arbitrary: fc.constantFrom<StepKind>('leave', 'leaveAtOnce', 'reconnect', 'changeMetadata', 'failWrite', 'die') },
    ),
    client: fc.nat(CLIENTS - 1),
    ms: fc.constantFrom(0, 100, 3000, SESSION_MS / 2, SESSION_MS, REBALANCE_MS),
    turns: fc.constantFrom(0, 1, 2, 3, 8, 20),
  })

const ALL_WELL = { problems: [], openCount: 0, state: 'Stable', withoutPart: 0, strangers: [], missing: 0 }

/** A Refusal while the log cannot be written. */
const groupOf = (services: TestServices): Promise<ClassicGroup | undefined | Refusal> =>
  attemptLater(async () => (await services.groups.shardOf(GROUP)).groups.get(GROUP) as ClassicGroup | undefined)

const isInPlace = ({ isAssigned, memberId, generationId }: ModelClient, membership: ClassicGroup['membership']): boolean =>
  isAssigned && generationId === membership.generationId && membership.members.has(memberId)

class Run {
  readonly services: TestServices
  readonly seen = new Seen()
  readonly clients: ModelClient[]
  #group: ClassicGroup | undefined
  #generationId = 0
  #failingSteps = 0 // the disk takes nothing during these

  constructor(services: TestServices, staticCount: number, diskTurns: number) {
    this.services = services
    const { records } = services
    const append = records.append.bind(records)
    records.append = async (request) => {
      if (this.#failingSteps > 0) throw new Refusal('KAFKA_STORAGE_ERROR')
      const { results, ...rest } = await append(request)
      return { ...rest, results: turns(diskTurns).then(() => results) }
    }
    const protocols = (index: number): string[] => (index % 2 === 0 ? ['x', 'y'] : ['y', 'x'])
    const instance = (index: number): string | null => (index < staticCount ? `static-${index}` : null)
    this.clients = Array.from({ length: CLIENTS }, (_, index) => new ModelClient(services, this.seen, instance(index), protocols(index)))
  }

  async take({ kind, client: index, ms, turns: count }: ModelStep): Promise<void> {
    const client = this.clients[index]!
    if (kind === 'wait') this.services.clock.advance(ms)
    else if (kind === 'allGoOn') await this.#second()
    else if (kind === 'reload') await this.#reload()
    else if (kind === 'failWrite') this.#failingSteps = FAILING_STEPS
    else if (AT_ANY_TIME.has(kind) || !client.isWaiting) client[kind]()
    await turns(count)
    if (this.#failingSteps > 0) this.#failingSteps--
    this.#check(await groupOf(this.services))
  }

  /** The clients are on their own for as long as the slowest timeouts take. */
  async settle(): Promise<void> {
    this.#failingSteps = 0
    for (let passedMs = 0; passedMs < SETTLED_WITHIN_MS; passedMs += 1000) {
      await this.#second()
      this.#check(await groupOf(this.services))
    }
  }

  async #second(): Promise<void> {
    for (const client of this.#alive) if (!client.isWaiting) client.goOn()
    await turns(50)
    this.services.clock.advance(1000)
  }

  /** What may be wrong in the end, and who is in the group. */
  async outcome() {
    await turns(100)
    const group = await groupOf(this.services)
    const membership = group instanceof Refusal ? undefined : group?.membership
    const alive = this.#alive
    return {
      problems: this.seen.problems,
      openCount: this.seen.openCount,
      state: alive.length === 0 ? 'Stable' : membership?.name,
      withoutPart: alive.filter(({ isAssigned, generationId }) => !isAssigned || generationId !== membership?.generationId).length,
      strangers: [...(membership?.members.keys() ?? [])].filter((id) => !alive.some(({ memberId }) => memberId === id)),
      missing: alive.filter(({ memberId }) => membership?.members.has(memberId) !== true).length,
    }
  }

  get #alive(): ModelClient[] {
    return this.clients.filter(({ isDead }) => !isDead)
  }

  /** Members that have their part are members with it afterwards, in the same generation; they ask for it again. */
  async #reload(): Promise<void> {
    const before = await groupOf(this.services)
    const isStable = before !== undefined && !(before instanceof Refusal) && before.state === 'Stable'
    const placed = isStable ? this.#alive.filter((client) => isInPlace(client, before.membership)) : []
    await attemptLater(async () => this.services.groups.reloaded(await this.services.groups.shardOf(GROUP)))
    const after = await groupOf(this.services)
    if (!isStable || after === undefined || after instanceof Refusal) return
    for (const client of placed) {
      if (!isInPlace(client, after.membership))
        this.seen.problems.push(`${client.memberId} has lost its place in generation ${client.generationId}`)
      else if (!client.isWaiting) client.sync()
    }
  }

  /** A group that was read back may have forgotten what nobody was told. */
  #check(group: ClassicGroup | undefined | Refusal): void {
    if (group instanceof Refusal) return
    if (group !== this.#group) this.#generationId = Math.max(0, ...this.seen.assignments.keys())
    const generationId = group?.membership.generationId ?? 0
    if (generationId < this.#generationId) this.seen.problems.push(`generation ${generationId} after ${this.#generationId}`)
    this.#generationId = generationId
    this.#group = group
  }
}

describe('a classic group, whatever its clients do', () => {
  it('keeps one assignment for each generation, loses nobody, leaves nobody without an answer', async () => {
    const lifeWith = (others: number) => fc.array(stepWith(others), { minLength: 5, maxLength: 60 })
    const manySteps = fc.oneof(lifeWith(6), lifeWith(2))
    const beginning = fc.boolean() // with a group that is stable
    const property = fc.asyncProperty(
      manySteps,
      fc.nat(3),
      fc.constantFrom(0, 10, 40),
      beginning,
      async (steps, staticCount, diskTurns, isFormed) => {
        const run = new Run(await openServices({ 'offsets.topic.num.partitions': 1 }), staticCount, diskTurns)
        if (isFormed) await run.settle()
        for (const one of steps) await run.take(one)
        await run.settle()
        expect(await run.outcome()).toEqual(ALL_WELL)
      },
    )
    await expect(fc.assert(property, { numRuns: Number(process.env['OTTLA_MODEL_RUNS'] ?? 150) })).resolves.toBeUndefined()
  }, 600_000)
})
