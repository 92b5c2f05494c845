// Random lives of a consumer group: members join, are heard of, miss answers, leave, fall silent and come back, topics come, grow and go, and the shard is read
// anew, in any order. Whatever happens:
// - no partition is used by two members at once;
// - epochs only rise;
// - a member that keeps to the protocol is never refused;
// - when all are heard of for a while, everybody has its target, and together they have every partition of what they are subscribed to.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorName } from '../../../src/wire/error-codes.ts'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { describedGroup } from './group-clients.ts'
import { ModelMember, SESSION_TIMEOUT_MS } from './model-member.ts'

const MEMBERS = 5
const TOPICS = ['ta', 'tb', 'uc']
const SUBSCRIPTIONS = [
  { subscribedTopicNames: ['ta'] },
  { subscribedTopicNames: ['ta', 'tb'] },
  { subscribedTopicNames: ['uc', 'nowhere'] },
  { subscribedTopicNames: ['ta'], subscribedTopicRegex: 'u.*' },
  { subscribedTopicNames: [], subscribedTopicRegex: 't[ab]' },
]

const who = fc.nat(MEMBERS - 1)
const subscription = fc.constantFrom(...SUBSCRIPTIONS)
const serverAssignor = fc.constantFrom('uniform', 'range', null)
const topic = fc.constantFrom(...TOPICS)

type Life = { world: TestServices; members: ModelMember[]; epochs: { group: number; assignment: number } }
type Step = (life: Life) => Promise<void>

/** A step shows its name where a life that fails is printed. */
const named = (name: string, act: Step): Step => Object.assign(act, { [fc.toStringMethod]: () => name })

const step = {
  join: fc
    .tuple(who, subscription, serverAssignor)
    .map(([place, facts, assignor]) =>
      named(`${place} joins for ${JSON.stringify(facts)} with ${assignor}`, ({ members }) =>
        members[place]!.join({ ...facts, serverAssignor: assignor }),
      ),
    ),
  subscribe: fc
    .tuple(who, subscription)
    .map(([place, facts]) =>
      named(`${place} changes to ${JSON.stringify(facts)}`, ({ members }) => members[place]!.beat({ subscribedTopicRegex: '', ...facts })),
    ),
  beat: who.map((place) => named(`${place} beats`, ({ members }) => members[place]!.beat())),
  report: who.map((place) => named(`${place} reports`, ({ members }) => members[place]!.report())),
  missAnswer: who.map((place) => named(`${place} misses an answer`, ({ members }) => members[place]!.missAnswer())),
  leave: who.map((place) => named(`${place} leaves`, ({ members }) => members[place]!.leave(-1))),
  leaveForAWhile: who.map((place) => named(`${place} leaves for a while`, ({ members }) => members[place]!.leave(-2))),
  wait: fc.constantFrom(300, 1000, 5000, 20_000, SESSION_TIMEOUT_MS).map((ms) => named(`${ms} ms pass`, (life) => wait(life, ms))),
  createTopic: fc.tuple(topic, fc.integer({ min: 1, max: 6 })).map(([name, count]) =>
    named(`${name} is created with ${count}`, async ({ world }) => {
      if (!world.catalog.has(name)) await world.createTopic(name, count)
    }),
  ),
  growTopic: topic.map((name) =>
    named(`${name} grows`, async ({ world: { catalog } }) => {
      if (!catalog.has(name)) return
      await catalog.createPartitions([{ name, partitionCount: catalog.byName(name).partitionCount + 2, assignments: null }])
    }),
  ),
  deleteTopic: topic.map((name) =>
    named(`${name} is deleted`, async ({ world: { catalog } }) => {
      if (catalog.has(name)) await catalog.delete(catalog.byName(name))
    }),
  ),
  reload: fc.constant(
    named('the shard is read anew', async ({ world: { groups } }) => void (await groups.reloaded(await groups.shardOf('group')))),
  ),
}

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: step.beat },
    { weight: 6, arbitrary: step.report },
    { weight: 4, arbitrary: step.join },
    { weight: 2, arbitrary: step.missAnswer },
    { weight: 4, arbitrary: step.wait },
    step.subscribe,
    step.leave,
    step.leaveForAWhile,
    step.createTopic,
    step.growTopic,
    step.deleteTopic,
    step.reload,
  ),
  { minLength: 20, maxLength: 80 },
)

async function wait({ world, members }: Life, ms: number): Promise<void> {
  world.clock.advance(ms)
  for (const member of members) member.noticeSilence()
}

function expectNoneUsedTwice({ members }: Life): void {
  const users = new Map<string, string>()
  for (const { memberId, uses } of members) {
    for (const place of uses) {
      expect(users.get(place), `${place} is used by ${memberId}, too`).toBeUndefined()
      users.set(place, memberId)
    }
  }
}

async function expectEpochsRise({ world, epochs }: Life): Promise<void> {
  const { errorCode, groupEpoch, assignmentEpoch } = await describedGroup(world)
  if (errorName(errorCode) === 'GROUP_ID_NOT_FOUND' && epochs.group === 0) return
  expect(errorCode).toBe(0)
  expect(groupEpoch).toBeGreaterThanOrEqual(epochs.group)
  expect(assignmentEpoch).toBeGreaterThanOrEqual(epochs.assignment)
  expect(assignmentEpoch).toBeLessThanOrEqual(groupEpoch)
  epochs.group = groupEpoch
  epochs.assignment = assignmentEpoch
}

async function expectToSettle(life: Life): Promise<void> {
  const { world, members } = life
  for (let round = 0; round < 15; round++) {
    await wait(life, 5000)
    for (const member of members) await member.report()
    expectNoneUsedTwice(life)
  }
  const { errorCode, groupState, members: described } = await describedGroup(world)
  const living = members.filter(({ isLiving }) => isLiving)
  expect(errorCode === 0 ? groupState : 'Empty').toBe(living.length === 0 ? 'Empty' : 'Stable')
  expect(described.map(({ memberId }) => memberId).toSorted()).toEqual(living.map(({ memberId }) => memberId).toSorted())
  for (const { assignment, targetAssignment } of described) expect(assignment).toEqual(targetAssignment)
  const wanted = living.flatMap((member) => member.subscribed(world))
  expect(living.flatMap(({ uses }) => [...uses]).toSorted()).toEqual([...new Set(wanted)].toSorted())
}

describe('a consumer group', () => {
  it('keeps what it promises, whatever happens', async () => {
    const property = fc.asyncProperty(steps, async (life) => {
      const world = await openServices({ 'offsets.topic.num.partitions': 1 })
      await world.createTopic('ta', 3)
      const members = Array.from({ length: MEMBERS }, (_, place) => new ModelMember(world, place))
      const lived: Life = { world, members, epochs: { group: 0, assignment: 0 } }
      for (const act of life) {
        await act(lived)
        expectNoneUsedTwice(lived)
        await expectEpochsRise(lived)
      }
      await expectToSettle(lived)
    })
    const numRuns = Number(process.env['OTTLA_MODEL_RUNS'] ?? 60)
    await expect(fc.assert(property, { numRuns })).resolves.toBeUndefined()
  }, 120_000)
})
