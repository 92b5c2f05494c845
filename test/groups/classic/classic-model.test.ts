// A classic group under everything at once: clients that join, sync, beat, leave, change what they say, lose connections, are killed and started again, time that
// passes, disks that are slow or take no more, and the shard read anew from its log, in any order. Whatever happens:
// - the members of a generation get parts of one assignment, each its own, also after the group was read back;
// - the generation only rises, and never falls below one whose assignment somebody has;
// - every request is answered;
// - when the clients are left alone, all of them are members of one stable group soon, and nobody else is.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClassicGroup } from '../../../src/groups/classic/classic-group.ts'
import { Refusal } from '../../../src/wire/error-codes.ts'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { turns } from './classic-member.ts'
import { GROUP, ModelClient, REBALANCE_MS, Seen, SESSION_MS } from './model-client.ts'

const CLIENTS = 5
const SETTLED_WITHIN_MS = 3 * REBALANCE_MS + 3 * SESSION_MS
type ClientStep = 'goOn' | 'join' | 'sync' | 'heartbeat' | 'leave' | 'changeMetadata' | 'reconnect' | 'restart' | 'die'
type StepKind = ClientStep | 'reload' | 'failWrite' | 'wait'
const AT_ANY_TIME: ReadonlySet<StepKind> = new Set(['reconnect', 'restart', 'die'])

interface ModelStep {
  readonly kind: StepKind
  readonly client: number
  readonly ms: number
  /** Of the event loop, before the next step: what goes to the disk may be on its way. */
  readonly turns: number
}

const step: fc.Arbitrary<ModelStep> = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant<StepKind>('goOn') },
    { weight: 4, arbitrary: fc.constant<StepKind>('wait') },
    { weight: 6, arbitrary: fc.constantFrom<StepKind>('join', 'sync', 'heartbeat', 'restart', 'reconnect') },
    { weight: 4, arbitrary: fc.constantFrom<StepKind>('leave', 'changeMetadata', 'reload', 'failWrite', 'die') },
  ),
  client: fc.nat(CLIENTS - 1),
  ms: fc.constantFrom(0, 100, 3000, SESSION_MS / 2, SESSION_MS, REBALANCE_MS),
  turns: fc.constantFrom(0, 1, 2, 3, 8, 20),
})

async function groupOf(services: TestServices): Promise<ClassicGroup | undefined> {
  const group = (await services.groups.shardOf(GROUP)).groups.get(GROUP)
  return group instanceof ClassicGroup ? group : undefined
}

class Run {
  readonly services: TestServices
  readonly seen = new Seen()
  readonly clients: ModelClient[]
  #group: ClassicGroup | undefined
  #generationId = 0
  #failsWrite = false

  constructor(services: TestServices, staticCount: number, diskTurns: number) {
    this.services = services
    const { records } = services
    const append = records.append.bind(records)
    records.append = async (request) => {
      if (this.#failsWrite) throw new Refusal('KAFKA_STORAGE_ERROR')
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
    else if (kind === 'reload') await this.#reload()
    else if (kind === 'failWrite') this.#failsWrite = true
    else if (AT_ANY_TIME.has(kind) || !client.isWaiting) client[kind]()
    await turns(count)
    if (kind !== 'failWrite') this.#failsWrite = false
    this.#check(await groupOf(this.services))
  }

  /** The clients are on their own for as long as the slowest timeouts take. */
  async settle(): Promise<void> {
    this.#failsWrite = false
    for (let passedMs = 0; passedMs < SETTLED_WITHIN_MS; passedMs += 1000) {
      for (const client of this.#alive) if (!client.isWaiting) client.goOn()
      await turns(50)
      this.services.clock.advance(1000)
      this.#check(await groupOf(this.services))
    }
  }

  async end(): Promise<void> {
    await turns(100)
    expect(this.seen.openCount).toBe(0)
    if (this.#alive.length === 0) return
    const { membership } = (await groupOf(this.services))!
    expect(this.seen.problems).toEqual([])
    expect(membership.name).toBe('Stable')
    expect([...membership.members.keys()].toSorted()).toEqual(this.#alive.map(({ memberId }) => memberId).toSorted())
    expect(this.#alive.filter(({ isAssigned, generationId }) => !isAssigned || generationId !== membership.generationId)).toEqual([])
  }

  get #alive(): ModelClient[] {
    return this.clients.filter(({ isDead }) => !isDead)
  }

  async #reload(): Promise<void> {
    await this.services.groups.reloaded(await this.services.groups.shardOf(GROUP))
  }

  /** A group that was read back may have forgotten what nobody was told. */
  #check(group: ClassicGroup | undefined): void {
    if (group !== this.#group) this.#generationId = Math.max(0, ...this.seen.assignments.keys())
    const generationId = group?.membership.generationId ?? 0
    if (generationId < this.#generationId) this.seen.problems.push(`generation ${generationId} after ${this.#generationId}`)
    this.#generationId = generationId
    this.#group = group
  }
}

describe('a classic group, whatever its clients do', () => {
  it('keeps one assignment for each generation, loses nobody, leaves nobody without an answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 60 }),
        fc.nat(3),
        fc.constantFrom(0, 10, 40),
        async (steps, staticCount, diskTurns) => {
          const run = new Run(await openServices({ 'offsets.topic.num.partitions': 1 }), staticCount, diskTurns)
          for (const one of steps) await run.take(one)
          await run.settle()
          await run.end()
        },
      ),
      { numRuns: Number(process.env['OTTLA_MODEL_RUNS'] ?? 60) },
    )
  }, 600_000)
})
