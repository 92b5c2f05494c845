// What must not be, said to a stable classic group of two members: what the broker answers, and that the two go on as if nothing had happened.

import { findCoordinator } from '../../../src/wire/messages/find-coordinator.ts'
import { deleteGroups } from '../../../src/wire/messages/delete-groups.ts'
import { describeGroups } from '../../../src/wire/messages/describe-groups.ts'
import { heartbeat } from '../../../src/wire/messages/heartbeat.ts'
import { leaveGroup } from '../../../src/wire/messages/leave-group.ts'
import { listGroups } from '../../../src/wire/messages/list-groups.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetDelete } from '../../../src/wire/messages/offset-delete.ts'
import { offsetFetch } from '../../../src/wire/messages/offset-fetch.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { Case } from './case.ts'
import { oneProtocol, pair, type Stories, told } from './classic-stories.ts'
import type { ClassicStory, StoryMember } from './classic-story.ts'

type Disturbances = Readonly<Record<string, (story: ClassicStory, a: StoryMember, b: StoryMember) => Promise<unknown>>>

export const LONGEST = 'x'.repeat(32_767)
const [INT_MIN, INT_MAX] = [-(2 ** 31), 2 ** 31 - 1]
const stranger = (story: ClassicStory): StoryMember => story.member('C')
const inTurn = async <T>(values: readonly T[], ask: (value: T) => Promise<unknown>): Promise<unknown[]> => {
  const answers: unknown[] = []
  for (const value of values) answers.push(await ask(value))
  return answers
}

const joins: Disturbances = {
  'by nobody, with the longest texts': (story) =>
    inTurn(
      [
        { memberId: LONGEST },
        { groupInstanceId: LONGEST, memberId: 'c' },
        { protocolType: LONGEST },
        { protocols: oneProtocol(LONGEST) },
        { reason: LONGEST, memberId: 'c' },
      ],
      (changes) => stranger(story).joinOnce(changes),
    ),
  'by nobody, with no texts': (story) =>
    inTurn([{ protocolType: '' }, { protocols: oneProtocol('') }, { protocols: [] }, { groupInstanceId: '', memberId: 'c' }], (changes) =>
      stranger(story).joinOnce(changes),
    ),
  'by nobody, with protocols of one name that is not the group’s': (story) =>
    stranger(story).joinOnce({ protocols: [...oneProtocol('other'), ...oneProtocol('other')] }),
  'by a new member that goes no further': (story) => stranger(story).joinOnce(),
  'by new members with odd timeouts that go no further': (story) =>
    inTurn(
      [
        { rebalanceTimeoutMs: -1 },
        { rebalanceTimeoutMs: INT_MIN },
        { rebalanceTimeoutMs: INT_MAX },
        { sessionTimeoutMs: INT_MIN },
        { sessionTimeoutMs: INT_MAX },
      ],
      (changes) => stranger(story).joinOnce(changes),
    ),
  'by a member, of another protocol type': (_story, _a, b) => b.joinOnce({ protocolType: 'connect' }),
  'by a member, with no protocols': (_story, _a, b) => b.joinOnce({ protocols: [] }),
  'by a member, with no protocol in common': (_story, _a, b) => b.joinOnce({ protocols: oneProtocol('other') }),
  'by a member, with too short a session': (_story, _a, b) => b.joinOnce({ sessionTimeoutMs: 1 }),
  'by a member that has become an instance': (_story, _a, b) => b.joinOnce({ groupInstanceId: 'b' }),
  'by an id with a blank': (story, _a, b) => stranger(story).joinOnce({ memberId: `${b.memberId} ` }),
}

const syncs: Disturbances = {
  'in the name of nobody': (_story, _a, b) => inTurn(['', ' ', LONGEST], (memberId) => b.sync([], { memberId })),
  'in generations that are not': (_story, a) => inTurn([INT_MIN, -2, 0, INT_MAX], (generationId) => a.sync([], { generationId })),
  'as instances that are not': (_story, a) => inTurn(['', LONGEST], (groupInstanceId) => a.sync([], { groupInstanceId })),
  'with the longest texts': (_story, a) => inTurn([{ protocolType: LONGEST }, { protocolName: LONGEST }], (changes) => a.sync([], changes)),
  'by a follower that assigns': (_story, a, b) => b.sync([a, b]),
  'by the leader, of what would not fit into a batch': (_story, a) =>
    a.sync([], { assignments: [{ memberId: a.memberId, assignment: Buffer.alloc(2_000_000) }] }),
  'by a follower, of what would not fit into a batch': (_story, a, b) =>
    b.sync([], { assignments: [{ memberId: a.memberId, assignment: Buffer.alloc(2_000_000) }] }),
  'by the leader, of members without names': (_story, a) =>
    a.sync([], { assignments: ['', LONGEST].map((memberId) => ({ memberId, assignment: Buffer.from('anything') })) }),
}

const heartbeats: Disturbances = {
  'in the name of nobody': (_story, a) => inTurn(['', ' ', LONGEST], (memberId) => a.heartbeat({ memberId })),
  'in generations that are not': (_story, a) => inTurn([INT_MIN, -2, 0, INT_MAX], (generationId) => a.heartbeat({ generationId })),
  'as instances that are not': (_story, a) => inTurn(['', LONGEST], (groupInstanceId) => a.heartbeat({ groupInstanceId })),
  'of a group with the longest name': (story) => story.ask(heartbeat, 4, { groupId: LONGEST, memberId: 'c', generationId: 1 }),
}

const leaving = (story: ClassicStory, members: Draft<typeof leaveGroup.request>['members']) =>
  story.ask(leaveGroup, 5, { groupId: story.groupId, memberId: '', members: members! })

const leaves: Disturbances = {
  'by those who are not': (story, a) =>
    leaving(story, [
      { memberId: '', groupInstanceId: '' },
      { memberId: a.memberId, groupInstanceId: '' },
      { memberId: ' ' },
      { memberId: 'c', groupInstanceId: 'c', reason: LONGEST },
      { memberId: 'c' },
      { memberId: 'c' },
    ]),
  'by the longest names': (story) => leaving(story, [{ memberId: LONGEST }, { memberId: '', groupInstanceId: LONGEST }]),
  'by a member id, of before there were several': (story) =>
    inTurn(['', 'c', LONGEST], (memberId) => story.ask(leaveGroup, 2, { groupId: story.groupId, memberId, members: [] })),
}

const place = { partitionIndex: 0, committedOffset: 1, committedMetadata: '' }
const committing = (story: ClassicStory, changes: Partial<Draft<typeof offsetCommit.request>>) =>
  story.ask(offsetCommit, 9, { groupId: story.groupId, memberId: '', topics: [{ name: 'records', partitions: [place] }], ...changes })

const commits: Disturbances = {
  'in generations that are not': (story, { memberId }) =>
    inTurn([INT_MIN, -2, 0, INT_MAX], (generationIdOrMemberEpoch) => committing(story, { memberId, generationIdOrMemberEpoch })),
  'in the name of nobody': (story, { generationId }) =>
    inTurn(['', ' ', LONGEST], (memberId) => committing(story, { memberId, generationIdOrMemberEpoch: generationId })),
  'as instances that are not': (story, { memberId, generationId }) =>
    inTurn(['', LONGEST], (groupInstanceId) => committing(story, { memberId, generationIdOrMemberEpoch: generationId, groupInstanceId })),
  'with odd topics and partitions': (story, { memberId, generationId }) =>
    committing(story, {
      memberId,
      generationIdOrMemberEpoch: generationId,
      topics: ['', LONGEST, 'a/b', '__consumer_offsets', 'records'].map((name) => ({
        name,
        partitions: [INT_MIN, INT_MAX].map((partitionIndex) => ({ ...place, partitionIndex })),
      })),
    }),
  'with the longest metadata': (story, { memberId, generationId }) =>
    committing(story, {
      memberId,
      generationIdOrMemberEpoch: generationId,
      topics: [{ name: 'records', partitions: [{ ...place, committedMetadata: LONGEST }] }],
    }),
}

const others: Disturbances = {
  'OffsetFetch: by members that are not': (story, { memberId }) =>
    inTurn(
      [
        { memberId: LONGEST, memberEpoch: 1 },
        { memberId, memberEpoch: INT_MAX },
        { memberId, memberEpoch: -2 },
        { memberId: '', memberEpoch: INT_MIN },
      ],
      (who) =>
        story.ask(offsetFetch, 9, {
          groups: [{ groupId: story.groupId, ...who, topics: [{ name: 'records', partitionIndexes: [0, 0, -1, INT_MAX] }] }],
        }),
    ),
  'OffsetFetch: of topics that are not': (story) =>
    story.ask(offsetFetch, 9, {
      groups: [{ groupId: story.groupId, topics: ['', 'a/b', LONGEST, 'empty', 'empty'].map((name) => ({ name, partitionIndexes: [0] })) }],
    }),
  'OffsetFetch: of the group with the longest name': (story) =>
    story.ask(offsetFetch, 9, { groups: [{ groupId: LONGEST, topics: [{ name: 'records', partitionIndexes: [0] }] }] }),
  'OffsetDelete: of what a member reads, and of what is not there': (story) =>
    story.ask(offsetDelete, 0, {
      groupId: story.groupId,
      topics: ['records', '', LONGEST].map((name) => ({
        name,
        partitions: [0, 0, -1, INT_MAX].map((partitionIndex) => ({ partitionIndex })),
      })),
    }),
  'OffsetDelete: of the group with the longest name': (story) => story.ask(offsetDelete, 0, { groupId: LONGEST, topics: [] }),
  'DeleteGroups: while it has members, and others': (story) =>
    story.ask(deleteGroups, 2, { groupsNames: [story.groupId, '', LONGEST, story.groupId] }),
  'DescribeGroups: with the longest name': (story) => story.ask(describeGroups, 6, { groups: [LONGEST, LONGEST] }),
  'ListGroups: with the longest filters': (story) =>
    inTurn([{ statesFilter: [LONGEST, ''] }, { typesFilter: [LONGEST, ''] }, { typesFilter: ['share'] }], (filter) =>
      story.ask(listGroups, 5, filter),
    ),
  'FindCoordinator: of the longest name': (story) =>
    inTurn([4, 6], (version) => story.ask(findCoordinator, version, { coordinatorKeys: [LONGEST, '', LONGEST] })),
}

/** What is answered, and how the two are afterwards. */
const undisturbed = (disturbances: Disturbances): Stories =>
  Object.fromEntries(
    Object.entries(disturbances).map(([title, disturb]) => [
      title,
      async (story: ClassicStory) => {
        const [a, b] = await pair(story)
        const answers = await disturb(story, a, b)
        const { memberId, generationId: generationIdOrMemberEpoch } = b
        const commit = committing(story, { memberId, generationIdOrMemberEpoch })
        return { answers, afterwards: [await a.heartbeat(), await b.heartbeat(), await commit, await a.sync(), await story.describe()] }
      },
    ]),
  )

export const classicDisturbances: Case[] = [
  ...told('a stable group, and a JoinGroup', undisturbed(joins)),
  ...told('a stable group, and a SyncGroup', undisturbed(syncs)),
  ...told('a stable group, and a Heartbeat', undisturbed(heartbeats)),
  ...told('a stable group, and a LeaveGroup', undisturbed(leaves)),
  ...told('a stable group, and an OffsetCommit', undisturbed(commits)),
  ...told('a stable group, and', undisturbed(others)),
]
