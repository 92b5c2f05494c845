// A group changes from the classic protocol to the consumer protocol and back, and has members of both: every answer, each case with a group of its own.

import { setTimeout } from 'node:timers/promises'
import { encodeAssignment } from '../../../src/groups/protocol/consumer-assignment.ts'
import { consumerGroupDescribe } from '../../../src/wire/messages/consumer-group-describe.ts'
import { heartbeat } from '../../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../../src/wire/messages/join-group.ts'
import { leaveGroup } from '../../../src/wire/messages/leave-group.ts'
import { listGroups } from '../../../src/wire/messages/list-groups.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { syncGroup } from '../../../src/wire/messages/sync-group.ts'
import type { Case } from './case.ts'
import { oneProtocol, type Stories, told } from './classic-stories.ts'
import { type ClassicStory, type StoryMember, subscription } from './classic-story.ts'
import { Modern } from './modern-member.ts'

const PAST_ASSIGNMENT_INTERVAL_MS = 1100
const assignmentIsDue = (): Promise<void> => setTimeout(PAST_ASSIGNMENT_INTERVAL_MS)

const everything = encodeAssignment([{ topic: 'records', partitions: [0, 1] }], 0)

/** A classic member that has joined alone, and has both partitions. */
async function classic(story: ClassicStory, changes: Parameters<ClassicStory['member']>[1] = {}): Promise<StoryMember> {
  const member = story.member('A', changes)
  await member.joining()
  await member.sync([], { assignments: [{ memberId: member.memberId, assignment: everything }] })
  return member
}

/** And one with the consumer protocol beside it, which has brought the group to that. */
async function both(story: ClassicStory, changes: Parameters<ClassicStory['member']>[1] = {}): Promise<[StoryMember, Modern]> {
  const member = await classic(story, changes)
  const modern = new Modern(story)
  await modern.join()
  return [member, modern]
}

/** A group of both in which each has its part. */
async function settled(story: ClassicStory, changes: Parameters<ClassicStory['member']>[1] = {}): Promise<[StoryMember, Modern]> {
  const [member, modern] = await both(story, changes)
  await member.joining()
  await member.sync()
  await modern.beat()
  return [member, modern]
}

const describe = (story: ClassicStory): Promise<unknown> =>
  story.ask(consumerGroupDescribe, 1, { groupIds: [story.groupId], includeAuthorizedOperations: false })

async function listed(story: ClassicStory): Promise<unknown> {
  const { groups } = await story.broker.request(listGroups, 5, {})
  return groups.filter(({ groupId }) => groupId === story.groupId)
}

const upgrades: Stories = {
  'of a stable group': async (story) => {
    const a = await classic(story)
    const m = new Modern(story)
    const answers = [await m.join(), await a.heartbeat(), await describe(story), await story.describe(6), await listed(story)]
    await assignmentIsDue()
    answers.push(await m.beat(), await a.heartbeat(), await a.sync(), await a.join(), await a.sync(), await a.heartbeat())
    return [...answers, await m.owning(), await m.owning(0), await m.owning(1), await describe(story)]
  },
  'of a group whose member gives nothing up before it is told to': async (story) => {
    const keeping = Buffer.concat([subscription('records'), Buffer.from('0000000100077265636f726473000000020000000000000001', 'hex')])
    keeping.writeInt16BE(1)
    const a = await classic(story, { protocols: [{ name: 'range', metadata: keeping }] })
    const m = new Modern(story)
    const answers = [await m.join()]
    await assignmentIsDue()
    answers.push(
      await m.beat(),
      await a.heartbeat(),
      await a.join(),
      await a.sync(),
      await a.heartbeat(),
      await m.beat(),
      await describe(story),
    )
    return answers
  },
  'of a group without members': async (story) => {
    const a = await classic(story)
    await a.leave()
    const m = new Modern(story)
    return [await m.join(), await describe(story), await listed(story), await a.heartbeat()]
  },
  'of a group that is no consumer’s': async (story) => {
    const a = story.member('A', { protocolType: 'connect' })
    await a.joining()
    const m = new Modern(story)
    const refused = [await m.join()]
    await a.sync([a], { protocolType: 'connect' })
    return [...refused, await m.join(), await m.beat({ memberEpoch: 1 }), await m.leave(), await a.heartbeat(), await story.describe()]
  },
  'of a group whose assignment nobody understands': async (story) => {
    const a = story.member('A')
    await a.joining()
    await a.sync([a])
    const m = new Modern(story)
    return [await m.join(), await a.heartbeat(), await story.describe(), await listed(story)]
  },
  'of a group whose subscriptions nobody understands': async (story) => {
    const a = await classic(story, { protocols: [{ name: 'range', metadata: Buffer.alloc(0) }] })
    return [await new Modern(story).join(), await a.heartbeat(), await story.describe()]
  },
  'of a group with a member that is assigned what is not there': async (story) => {
    const a = story.member('A')
    await a.joining()
    const assignment = encodeAssignment(
      [
        { topic: 'records', partitions: [0, 7] },
        { topic: 'unknown', partitions: [0] },
      ],
      0,
    )
    await a.sync([], { assignments: [{ memberId: a.memberId, assignment }] })
    return [await new Modern(story).join(), await a.heartbeat(), await describe(story)]
  },
  'of a group whose members have joined, and not synced': async (story) => {
    const a = story.member('A')
    await a.joining()
    const m = new Modern(story)
    return [
      await m.join({ subscribedTopicNames: ['empty'] }),
      await a.heartbeat(),
      await a.sync([a]),
      await describe(story),
      await a.join(),
      await a.sync(),
      await describe(story),
    ]
  },
  'of a group whose members are joining': async (story) => {
    const a = await classic(story)
    const b = story.member('B')
    await b.joinOnce()
    const joining = story.ask(joinGroup, 9, b.request())
    await story.until('PreparingRebalance')
    const m = new Modern(story)
    return [await m.join(), await joining, await a.heartbeat()]
  },
  'of a member, under its own id': async (story) => {
    const a = await classic(story)
    const m = new Modern(story, a.memberId)
    return [await m.join(), await a.heartbeat(), await a.sync(), await a.joinOnce(), await describe(story)]
  },
  'by a static member, under its instance id': async (story) => {
    const a = await classic(story, { groupInstanceId: 'i' })
    const m = new Modern(story, 'M', 'i')
    return [await m.join(), await a.heartbeat(), await story.describe(), await listed(story), await describe(story)]
  },
  'by who leaves or goes on': async (story) => {
    const a = await classic(story)
    const m = new Modern(story)
    return [
      await m.beat({ memberEpoch: 1 }),
      await m.leave(),
      await m.beat({ memberEpoch: -2, instanceId: 'i' }),
      await a.heartbeat(),
      await listed(story),
    ]
  },
}

/** A static classic member joins with the instance id of the other; then both rejoin. */
const takenOver = (story: ClassicStory, a: StoryMember): Promise<unknown[]> =>
  rejoined(story, a, story.member('S', { groupInstanceId: 'i' }))

async function rejoined(story: ClassicStory, a: StoryMember, other: StoryMember): Promise<unknown[]> {
  const answers = [await other.join(), await listed(story), await a.heartbeat(), await other.heartbeat(), await other.sync()]
  const rejoining = [story.ask(joinGroup, 9, a.request()), setTimeout(200).then(() => story.ask(joinGroup, 9, other.request()))]
  return [...answers, ...(await Promise.all(rejoining)), await listed(story)]
}

const downgrades: Stories = {
  'when the last with the consumer protocol leaves': async (story) => {
    const [a, m] = await settled(story)
    const left = await m.leave()
    const answers = [left, await a.heartbeat(), await listed(story), await story.describe(), await describe(story), await m.beat()]
    return [...answers, await a.join(), await a.sync([a]), await a.heartbeat(), await story.describe()]
  },
  'when it is removed by its member id': async (story) => {
    const [a, m] = await settled(story)
    const removed = await story.ask(leaveGroup, 5, { groupId: story.groupId, memberId: '', members: [{ memberId: m.memberId }] })
    return [removed, await a.heartbeat(), await listed(story), await story.describe(), await m.beat()]
  },
  'when it is removed by its instance id': async (story) => {
    const a = await classic(story)
    const m = new Modern(story, 'M', 'i')
    await m.join()
    const members = [
      { memberId: 'other', groupInstanceId: 'i' },
      { memberId: '', groupInstanceId: 'unknown' },
      { memberId: 'M', groupInstanceId: 'i' },
    ]
    const removed = await story.ask(leaveGroup, 5, { groupId: story.groupId, memberId: '', members })
    return [removed, await a.heartbeat(), await listed(story), await m.beat()]
  },
  'when it is away for a while': async (story) => {
    const a = await classic(story)
    const m = new Modern(story, 'M', 'i')
    await m.join()
    return [await m.beat({ memberEpoch: -2 }), await a.heartbeat(), await listed(story), await describe(story)]
  },
  'when a static classic member takes its place': async (story) => {
    const a = await classic(story)
    const m = new Modern(story, 'M', 'i')
    await m.join()
    return [...(await takenOver(story, a)), await m.beat(), await story.describe(), await describe(story)]
  },
  'when a static classic member takes its place, who was away': async (story) => {
    const a = await classic(story)
    const m = new Modern(story, 'M', 'i')
    await m.join()
    await m.beat({ memberEpoch: -2 })
    return [...(await takenOver(story, a)), await story.describe()]
  },
  'when a static classic member takes the place of the only one': async (story) => {
    const m = new Modern(story, 'M', 'i')
    await m.join()
    const s = story.member('S', { groupInstanceId: 'i' })
    return [await s.join(), await listed(story), await m.beat(), await s.sync([s]), await s.heartbeat(), await story.describe()]
  },
  'when the last with the consumer protocol becomes a classic one': async (story) => {
    const [a, m] = await settled(story)
    const c = story.member('M')
    c.memberId = m.memberId
    return [...(await rejoined(story, a, c)), await m.beat(), await story.describe(), await describe(story)]
  },
  'when a member with the consumer protocol is left': async (story) => {
    const [a, m] = await settled(story)
    const left = await a.leave()
    await assignmentIsDue()
    return [left, await m.owning(0), await m.beat(), await listed(story), await describe(story)]
  },
  'of a group without members': async (story) => {
    const m = new Modern(story)
    await m.join()
    await m.leave()
    const a = story.member('A')
    return [await a.join(), await a.sync([a]), await listed(story), await story.describe()]
  },
}

const committing = (story: ClassicStory, memberId: string, generationIdOrMemberEpoch: number, version: number) =>
  story.ask(offsetCommit, version, {
    groupId: story.groupId,
    memberId,
    generationIdOrMemberEpoch,
    topics: [{ name: 'records', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }],
  })

const mixed: Stories = {
  'classic members join': async (story) => {
    await both(story)
    const b = story.member('B')
    const asked = await b.joinOnce()
    const answers = [asked, await b.joinOnce(), await b.heartbeat({ generationId: 3 }), await b.sync([], { generationId: 3 })]
    const old = story.member('C')
    return [...answers, await old.joinOnce({}, 3), await describe(story)]
  },
  'classic members join that cannot': async (story) => {
    const [a] = await both(story)
    const b = story.member('B', { memberId: 'unknown' })
    const refused = [
      { protocolType: 'connect' },
      { protocolType: '' },
      { protocols: [] },
      { protocols: oneProtocol('other') },
      { sessionTimeoutMs: 1 },
      { groupInstanceId: 'unknown', memberId: a.memberId },
      { groupInstanceId: 'unknown' },
    ]
    const answers = []
    for (const changes of refused) answers.push(await b.joinOnce(changes))
    return [...answers, await a.heartbeat(), await listed(story)]
  },
  'new classic members join that cannot': async (story) => {
    await both(story)
    const refused = [{ protocolType: 'connect' }, { protocols: [] }, { protocols: oneProtocol('other') }, { sessionTimeoutMs: 1 }]
    const answers = []
    for (const changes of refused) answers.push(await story.member('B').joinOnce(changes))
    return [...answers, await listed(story)]
  },
  'a classic member says what it is not': async (story) => {
    const [a] = await settled(story)
    const wrong = [
      { generationId: 1 },
      { generationId: 99 },
      { generationId: -1 },
      { memberId: 'unknown' },
      { memberId: '' },
      { groupInstanceId: 'unknown' },
      { groupInstanceId: '' },
    ]
    const answers = []
    for (const changes of wrong) answers.push(await a.heartbeat(changes), await a.sync([], changes))
    for (const changes of [{ protocolType: 'connect' }, { protocolName: 'other' }, { protocolType: null }, { protocolName: null }])
      answers.push(await a.sync([], changes))
    return [...answers, await a.heartbeat(), await describe(story)]
  },
  'a classic member commits': async (story) => {
    const [{ memberId, generationId }, m] = await settled(story)
    const answers = []
    for (const version of [5, 8, 9])
      for (const generation of [-1, generationId - 1, generationId, generationId + 1])
        answers.push(await committing(story, memberId, generation, version))
    return [
      ...answers,
      await committing(story, '', -1, 9),
      await committing(story, m.memberId, m.epoch, 9),
      await committing(story, m.memberId, m.epoch, 8),
    ]
  },
  'a static classic member restarts': async (story) => {
    const [a] = await settled(story, { groupInstanceId: 'i' })
    const again = story.member('A again', { groupInstanceId: 'i' })
    const answers = [await again.joinOnce()]
    again.generationId = a.generationId
    return [
      ...answers,
      await again.sync(),
      await again.heartbeat(),
      await a.heartbeat(),
      await a.sync(),
      await a.joinOnce(),
      await a.leave(),
      await describe(story),
    ]
  },
  'a static member is claimed by the other protocol': async (story) => {
    const [a, m] = await settled(story, { groupInstanceId: 'i' })
    const claiming = new Modern(story, 'N', 'i')
    return [await claiming.join(), await a.heartbeat(), await m.beat()]
  },
  'members leave, and such as are not': async (story) => {
    const [a, m] = await settled(story, { groupInstanceId: 'i' })
    const members = [
      { memberId: '', groupInstanceId: 'unknown' },
      { memberId: 'unknown', groupInstanceId: 'i' },
      { memberId: m.memberId, groupInstanceId: 'i' },
      { memberId: '' },
      { memberId: 'unknown' },
      { memberId: '', groupInstanceId: 'i' },
      { memberId: a.memberId },
    ]
    const left = await story.ask(leaveGroup, 5, { groupId: story.groupId, memberId: '', members })
    return [left, await a.heartbeat(), await m.beat(), await describe(story)]
  },
  'a Heartbeat and a SyncGroup come in the name of who has the consumer protocol': async (story) => {
    const [, m] = await settled(story)
    const who = { groupId: story.groupId, memberId: m.memberId, generationId: m.epoch, protocolType: 'consumer', protocolName: 'range' }
    return [await story.ask(heartbeat, 4, who), await story.ask(syncGroup, 5, { ...who, assignments: [] }), await m.beat()]
  },
}

export const migrationCases: readonly Case[] = [
  ...told('an upgrade', upgrades),
  ...told('a downgrade', downgrades),
  ...told('a group of both protocols, when', mixed),
]
