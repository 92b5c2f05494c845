// Static members, the offsets of members, DescribeGroups, ListGroups: classic groups seen from all sides. Each case has a group of its own.

import { deleteGroups } from '../../../src/wire/messages/delete-groups.ts'
import { describeGroups } from '../../../src/wire/messages/describe-groups.ts'
import { listGroups } from '../../../src/wire/messages/list-groups.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetDelete } from '../../../src/wire/messages/offset-delete.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { Case } from './case.ts'
import { inVersions, oneProtocol, pair, type Stories, told, versions } from './classic-stories.ts'
import { type ClassicStory, type StoryMember, subscription } from './classic-story.ts'

const statics: Stories = {
  ...inVersions('a follower restarts', versions(9, 5), async (story, version) => {
    const [a, b] = [story.member('A', { groupInstanceId: 'a' }), story.member('B', { groupInstanceId: 'b' })]
    await story.stable(a, b)
    const restarted = story.member('B again', { groupInstanceId: 'b' })
    const answers = [await restarted.joinOnce({}, version)]
    restarted.generationId = b.generationId
    answers.push(
      await restarted.sync(),
      await restarted.heartbeat(),
      await b.heartbeat(),
      await b.sync(),
      await b.joinOnce(),
      await b.leave(),
    )
    return [...answers, await a.heartbeat(), await story.describe()]
  }),
  ...inVersions('the leader restarts', versions(9, 5), async (story, version) => {
    const [a, b] = [story.member('A', { groupInstanceId: 'a' }), story.member('B', { groupInstanceId: 'b' })]
    await story.stable(a, b)
    const restarted = story.member('A again', { groupInstanceId: 'a' })
    const joined = await restarted.joinOnce({}, version)
    restarted.generationId = a.generationId
    return [joined, await restarted.sync([]), await a.heartbeat(), await b.heartbeat(), await story.describe()]
  }),
  'a follower restarts with another subscription': async (story) => {
    const [a, b] = [story.member('A', { groupInstanceId: 'a' }), story.member('B', { groupInstanceId: 'b' })]
    await story.stable(a, b)
    const restarted = story.member('B again', { groupInstanceId: 'b', protocols: [{ name: 'range', metadata: subscription('empty') }] })
    return [await restarted.joinOnce(), await a.heartbeat(), await story.describe(), await deletionOf(story, 'records', 'empty')]
  },
  'a follower restarts, and the group would choose another protocol': async (story) => {
    const both = { protocols: [...oneProtocol('range'), ...oneProtocol('other')] }
    const [a, b] = [story.member('A', { ...both, groupInstanceId: 'a' }), story.member('B', { ...both, groupInstanceId: 'b' })]
    await story.stable(a, b)
    const restarted = story.member('B again', { groupInstanceId: 'b', protocols: oneProtocol('other') })
    const joining = restarted.join()
    await story.until('PreparingRebalance')
    return [await a.join(), await joining]
  },
  'a follower restarts without a protocol in common': async (story) => {
    const [a, b] = [story.member('A', { groupInstanceId: 'a' }), story.member('B', { groupInstanceId: 'b' })]
    await story.stable(a, b)
    const restarted = story.member('B again', { groupInstanceId: 'b', protocols: oneProtocol('other') })
    return [await restarted.joinOnce(), await b.heartbeat(), await a.heartbeat()]
  },
  'a member restarts while it waits for others to join': async (story) => {
    const [a, b] = [story.member('A', { groupInstanceId: 'a' }), story.member('B', { groupInstanceId: 'b' })]
    await story.stable(a, b)
    const joining = a.join()
    await story.until('PreparingRebalance')
    const restarted = story.member('A again', { groupInstanceId: 'a' })
    const joiningAgain = restarted.join()
    return [await joining, await b.join(), await joiningAgain]
  },
  'a member restarts while it waits for its assignment': async (story) => {
    const [a, b] = [story.member('A', { groupInstanceId: 'a' }), story.member('B', { groupInstanceId: 'b' })]
    await story.stable(a, b)
    await Promise.all([a.joining(), story.until('PreparingRebalance').then(() => b.joining())])
    const syncing = b.sync()
    await b.heartbeat()
    const restarted = story.member('B again', { groupInstanceId: 'b' })
    const joining = restarted.join()
    return [await syncing, await a.heartbeat(), await a.join(), await joining]
  },
  'an instance with the id of another member': async (story) => {
    const [a, b] = [story.member('A', { groupInstanceId: 'a' }), story.member('B', { groupInstanceId: 'b' })]
    await story.stable(a, b)
    return [
      await a.joinOnce({ memberId: b.memberId }),
      await a.joinOnce({ memberId: 'unknown' }),
      await a.joinOnce({ groupInstanceId: 'unknown' }),
      await a.heartbeat({ memberId: b.memberId }),
      await a.sync([], { memberId: b.memberId }),
      await b.heartbeat({ groupInstanceId: null }),
      await story.describe(),
    ]
  },
}

const committing = (story: ClassicStory, changes: Partial<Draft<typeof offsetCommit.request>>, version = 9) =>
  story.ask(offsetCommit, version, {
    groupId: story.groupId,
    memberId: '',
    topics: [{ name: 'records', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }],
    ...changes,
  })

function deletionOf(story: ClassicStory, ...names: string[]): Promise<unknown> {
  const topics = names.map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }))
  return story.ask(offsetDelete, 0, { groupId: story.groupId, topics })
}

const offsets: Stories = {
  ...inVersions('members and generations that are not, and one that is', versions(9, 5), async (story, version) => {
    const [a] = await pair(story)
    const { memberId, generationId } = a
    const committers = [
      {},
      { memberId },
      { memberId: 'unknown', generationId },
      { memberId, generationId: 1 },
      { memberId, generationId: 99 },
      { memberId, generationId },
    ]
    return Promise.all(
      committers.map(({ generationId: generation = -1, ...changes }: { memberId?: string; generationId?: number }) =>
        committing(story, { ...changes, generationIdOrMemberEpoch: generation }, version),
      ),
    )
  }),
  'while members join, and before they are assigned': async (story) => {
    const [a, b] = await pair(story)
    const of = ({ memberId, generationId }: StoryMember) => committing(story, { memberId, generationIdOrMemberEpoch: generationId })
    const joining = a.join()
    await story.until('PreparingRebalance')
    const whileJoining = [await of(a), await of(b)]
    await b.joining()
    await joining
    return [...whileJoining, await of(a), await of(b), await committing(story, {})]
  },
  'by static members': async (story) => {
    const [a, b] = [story.member('A', { groupInstanceId: 'a' }), story.member('B', { groupInstanceId: 'b' })]
    await story.stable(a, b)
    const { memberId, generationId: generationIdOrMemberEpoch } = a
    const answers = ['a', 'b', 'unknown', null].map((groupInstanceId) =>
      committing(story, { memberId, generationIdOrMemberEpoch, groupInstanceId }),
    )
    return Promise.all(answers)
  },
  'deleted in a group with members': async (story) => {
    const [a] = await pair(story)
    await committing(story, { memberId: a.memberId, generationIdOrMemberEpoch: a.generationId })
    return [await deletionOf(story, 'records', 'empty'), await story.ask(deleteGroups, 2, { groupsNames: [story.groupId] })]
  },
  'deleted in a group with members of another protocol type': async (story) => {
    const member = story.member('A', { protocolType: 'connect' })
    await member.joining()
    return [await deletionOf(story, 'records'), await story.ask(deleteGroups, 2, { groupsNames: [story.groupId] })]
  },
  'deleted with the group, when the members are gone': async (story) => {
    const member = story.member('A')
    await story.stable(member)
    await member.leave()
    const deleted = await deletionOf(story, 'records')
    return [deleted, await story.ask(deleteGroups, 2, { groupsNames: [story.groupId] }), await story.describe(6)]
  },
  'deleted with a group that an id was given to': async (story) => {
    const member = story.member('A')
    await member.joinOnce()
    return [await story.ask(deleteGroups, 2, { groupsNames: [story.groupId] }), await member.joinOnce()]
  },
}

const described: Stories = {
  ...inVersions('a stable group', versions(6), async (story, version) => {
    await story.stable(story.member('A'), story.member('B', { groupInstanceId: 'b' }))
    return story.ask(describeGroups, version, { groups: [story.groupId], includeAuthorizedOperations: version >= 3 })
  }),
  ...inVersions('no such group, and one without a name', versions(6), (story, version) =>
    story.ask(describeGroups, version, { groups: ['unknown', ''], includeAuthorizedOperations: version >= 3 }),
  ),
  'no groups': (story) => story.ask(describeGroups, 6, { groups: [], includeAuthorizedOperations: false }),
  'a group twice, and one that only has offsets': async (story) => {
    await committing(story, {})
    return story.ask(describeGroups, 6, { groups: [story.groupId, story.groupId], includeAuthorizedOperations: true })
  },
  'while members join': async (story) => {
    const [a, b] = await pair(story)
    const joining = a.join()
    await story.until('PreparingRebalance')
    return [await story.describe(6), await b.join(), await joining]
  },
}

/** Of the groups of a broker, that of the story. */
async function listed(story: ClassicStory, version: number, request: Draft<typeof listGroups.request> = {}): Promise<unknown> {
  const answer = await story.broker.request(listGroups, version, request)
  return { ...answer, groups: answer.groups.filter(({ groupId }) => groupId === story.groupId) }
}

const lists: Stories = {
  ...inVersions('a stable group', versions(5), async (story, version) => {
    await story.stable(story.member('A'))
    return listed(story, version)
  }),
  'by state': async (story) => {
    await pair(story)
    const filters = [['Stable'], ['STABLE'], ['stable', 'empty'], ['Empty'], ['nonsense'], [''], ['Dead']]
    return Promise.all(filters.map((statesFilter) => listed(story, 5, { statesFilter })))
  },
  'by type': async (story) => {
    await pair(story)
    const filters = [['classic'], ['CLASSIC'], ['consumer', 'classic'], ['consumer'], ['nonsense'], ['nonsense', 'classic'], ['']]
    return Promise.all(filters.map((typesFilter) => listed(story, 5, { typesFilter })))
  },
  'by state, while members join, and after they have': async (story) => {
    const [a, b] = await pair(story)
    const joining = a.join()
    await story.until('PreparingRebalance')
    const preparing = await listed(story, 4, { statesFilter: ['preparingrebalance'] })
    await b.joining()
    await joining
    return [
      preparing,
      await listed(story, 4, { statesFilter: ['preparingrebalance'] }),
      await listed(story, 4, { statesFilter: ['CompletingRebalance'] }),
    ]
  },
  'that only has offsets': async (story) => {
    await committing(story, {})
    return listed(story, 5)
  },
  'that an id was given to': async (story) => {
    await story.member('A').joinOnce()
    await story.until('Empty')
    return [await listed(story, 5), await story.describe()]
  },
  'that was left': async (story) => {
    const member = story.member('A')
    await story.stable(member)
    await member.leave()
    return listed(story, 5)
  },
}

export const classicMemberCases: Case[] = [
  ...told('static members', statics),
  ...told('offsets of members', offsets),
  ...told(describeGroups.name, described),
  ...told(listGroups.name, lists),
]
