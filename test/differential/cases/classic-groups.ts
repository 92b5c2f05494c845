// JoinGroup, SyncGroup, Heartbeat, LeaveGroup: classic groups in all their states. Each case has a group of its own.

import { heartbeat } from '../../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../../src/wire/messages/join-group.ts'
import { leaveGroup } from '../../../src/wire/messages/leave-group.ts'
import { syncGroup } from '../../../src/wire/messages/sync-group.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { Case } from './case.ts'
import { inVersions, oneProtocol, pair, type Stories, told, versions } from './classic-stories.ts'
import { type ClassicStory, subscription } from './classic-story.ts'

const joins: Stories = {
  ...inVersions('the life of a member', versions(9), async (story, version) => {
    const member = story.member('A')
    const first = await member.joinOnce({}, version)
    const joined = await member.join({}, version)
    const whileSyncing = await story.describe()
    const early = await member.heartbeat({}, Math.min(version, 4))
    const synced = await member.sync([member], {}, Math.min(version, 5))
    const answers = [first, joined, whileSyncing, early, synced, await member.heartbeat({}, Math.min(version, 4)), await story.describe()]
    return [...answers, await member.leave(Math.min(version, 5)), await story.describe(), await member.heartbeat()]
  }),
  ...inVersions('a group without a name', versions(9), (story, version) => story.member('A').joinOnce({ groupId: '' }, version)),
  ...inVersions('an unknown member of no group', versions(9), (story, version) =>
    story.member('A').joinOnce({ memberId: 'unknown' }, version),
  ),
  ...inVersions('too short a session', versions(9), (story, version) => story.member('A').joinOnce({ sessionTimeoutMs: 5999 }, version)),
  ...inVersions('no protocol in common', versions(9), async (story, version) => {
    await pair(story)
    return [await story.member('C').joinOnce({ protocols: oneProtocol('other') }, version), await story.describe()]
  }),
  'sessions of several lengths': (story) =>
    Promise.all([-1, 0, 6000, 1_800_000, 1_800_001].map((sessionTimeoutMs) => story.member('A').joinOnce({ sessionTimeoutMs }))),
  'a session of no length without a group': (story) => story.member('A').joinOnce({ groupId: '', sessionTimeoutMs: 0 }),
  'no protocols': (story) => story.member('A').joinOnce({ protocols: [] }),
  'no protocol type': (story) => story.member('A').joinOnce({ protocolType: '' }),
  'no protocols, and a member id': (story) => story.member('A').joinOnce({ protocols: [], memberId: 'unknown' }),
  'what is left of a join that was refused': async (story) => {
    const refused = await story.member('A').joinOnce({ protocols: [] })
    await story.until('Empty')
    return [refused, await story.describe(6), await story.member('A').joinOnce({ memberId: 'unknown' })]
  },
  'an instance and a member id of no group': (story) => story.member('A').joinOnce({ memberId: 'unknown', groupInstanceId: 'i' }),
  'another protocol type': async (story) => {
    await pair(story)
    return [await story.member('C').joinOnce({ protocolType: 'connect' }), await story.describe()]
  },
  'another protocol type, for a group that was left': async (story) => {
    const member = story.member('A')
    await story.stable(member)
    await member.leave()
    const other = story.member('B', { protocolType: 'connect', protocols: [{ name: 'x', metadata: Buffer.from('any') }] })
    return [await other.join(), await story.describe()]
  },
  'an unknown member of a stable group': async (story) => {
    await pair(story)
    return [await story.member('C').joinOnce({ memberId: 'unknown' }), await story.describe()]
  },
  'an unknown member of an empty group': async (story) => {
    const member = story.member('A')
    await story.stable(member)
    await member.leave()
    return [await story.member('C').joinOnce({ memberId: 'unknown' }), await member.joinOnce()]
  },
  'a member that has an id, and now an instance': async (story) => {
    const member = story.member('A')
    await member.joinOnce()
    return [await member.joinOnce({ groupInstanceId: 'i' }), await member.joinOnce()]
  },
  'the protocol that most like best': async (story) => {
    const liking = (...names: string[]) => ({ protocols: names.flatMap(oneProtocol) })
    const [a, b, c] = [
      story.member('A', liking('x', 'range')),
      story.member('B', liking('range', 'x')),
      story.member('C', liking('range', 'x', 'y')),
    ]
    await a.joining()
    await a.sync([a], { protocolName: 'x' })
    const joining = [b.join(), c.join()]
    await story.until('PreparingRebalance')
    return [await a.join(), ...(await Promise.all(joining))]
  },
  'the leader again': async (story) => {
    const [a, b] = await pair(story)
    const joining = a.join()
    await story.until('PreparingRebalance')
    return [await b.heartbeat(), await b.join(), await joining]
  },
  'a follower again': async (story) => {
    const [, b] = await pair(story)
    return [await b.join(), await b.sync(), await story.describe()]
  },
  'a follower with other metadata': async (story) => {
    const [a, b] = await pair(story)
    const joining = b.join({ protocols: [{ name: 'range', metadata: subscription('empty') }] })
    await story.until('PreparingRebalance')
    return [await a.join(), await joining]
  },
  'again before the assignment': async (story) => {
    const [a, b] = await pair(story)
    await Promise.all([a.joining(), story.until('PreparingRebalance').then(() => b.joining())])
    return [await a.join(), await b.join(), await story.describe()]
  },
  'with other metadata before the assignment': async (story) => {
    const [a, b] = await pair(story)
    await Promise.all([a.joining(), story.until('PreparingRebalance').then(() => b.joining())])
    const syncing = a.sync()
    const syncingToo = b.sync()
    await story.broker.request(heartbeat, 4, { groupId: story.groupId, memberId: a.memberId, generationId: a.generationId })
    return [await syncing, await syncingToo]
  },
}

const syncs: Stories = {
  ...inVersions('of no group', versions(5), (story, version) => story.member('A').sync([], { memberId: 'unknown' }, version)),
  ...inVersions('a group without a name', versions(5), (story, version) => story.member('A').sync([], { groupId: '' }, version)),
  ...inVersions('members and generations that are not', versions(5), async (story, version) => {
    const [, b] = await pair(story)
    const wrong = [{ memberId: 'unknown' }, { memberId: '' }, { generationId: 1 }, { generationId: 99 }, { generationId: -1 }, {}]
    return Promise.all(wrong.map((changes) => b.sync([], changes, version)))
  }),
  'protocols that are not the ones of the group': async (story) => {
    const [, b] = await pair(story)
    const wrong = [
      { protocolType: 'connect' },
      { protocolName: 'other' },
      { protocolType: null },
      { protocolName: null },
      { protocolType: '' },
    ]
    return Promise.all(wrong.map((changes) => b.sync([], changes)))
  },
  'no protocol, of no group': (story) => story.member('A').sync([], { protocolName: null, groupId: '' }),
  'instances that are not': async (story) => {
    const [a, b] = await pair(story)
    return [await a.sync([], { groupInstanceId: 'unknown' }), await b.sync([], { groupInstanceId: 'unknown', generationId: 99 })]
  },
  'while members join': async (story) => {
    const [a, b] = await pair(story)
    const joining = a.join()
    await story.until('PreparingRebalance')
    return [await b.sync(), await a.sync([a, b]), await b.sync([], { generationId: 99 }), await b.join(), await joining]
  },
  'by a leader that assigns nobody': async (story) => {
    const member = story.member('A')
    await member.joining()
    return [await member.sync(), await story.describe()]
  },
  'by a leader that assigns others': async (story) => {
    const member = story.member('A')
    await member.joining()
    const stranger = story.member('C')
    stranger.memberId = 'unknown'
    return [await member.sync([stranger, member]), await story.describe()]
  },
  'by a leader that assigns a member twice': async (story) => {
    const member = story.member('A')
    await member.joining()
    const assignments = ['first', 'second'].map((text) => ({ memberId: member.memberId, assignment: Buffer.from(text) }))
    return [await member.sync([], { assignments }), await story.describe()]
  },
  'again, with another assignment': async (story) => {
    const [a, b] = await pair(story)
    return [await a.sync([]), await b.sync([a]), await story.describe()]
  },
  'of what does not fit into a batch': async (story) => {
    const member = story.member('A')
    await member.joining()
    const assignments = [{ memberId: member.memberId, assignment: Buffer.alloc(2_000_000) }]
    const refused = await member.sync([], { assignments })
    return [refused, await story.state(), await member.heartbeat(), await member.join(), await member.sync([member])]
  },
}

const heartbeats: Stories = {
  ...inVersions('of no group', versions(4), (story, version) => story.member('A').heartbeat({ memberId: 'unknown' }, version)),
  ...inVersions('a group without a name', versions(4), (story, version) => story.member('A').heartbeat({ groupId: '' }, version)),
  ...inVersions('members and generations that are not', versions(4), async (story, version) => {
    const [, b] = await pair(story)
    const wrong = [{ memberId: 'unknown' }, { memberId: '' }, { generationId: 1 }, { generationId: 99 }, { generationId: -1 }, {}]
    return Promise.all(wrong.map((changes) => b.heartbeat(changes, version)))
  }),
  'instances that are not': async (story) => {
    const [a, b] = await pair(story)
    return [await a.heartbeat({ groupInstanceId: 'unknown' }), await b.heartbeat({ groupInstanceId: 'unknown', generationId: 99 })]
  },
  'of an id that nobody has joined with': async (story) => {
    const member = story.member('A')
    await member.joinOnce()
    return [await member.heartbeat(), await member.heartbeat({ generationId: 0 }), await member.sync([], { generationId: 0 })]
  },
  'while members join': async (story) => {
    const [a, b] = await pair(story)
    const joining = a.join()
    await story.until('PreparingRebalance')
    const answers = [await a.heartbeat(), await b.heartbeat(), await b.heartbeat({ generationId: 1 })]
    return [...answers, await b.join(), await joining]
  },
}

const leaving = (story: ClassicStory, members: Draft<typeof leaveGroup.request>['members'], version = 5) =>
  story.ask(leaveGroup, version, { groupId: story.groupId, memberId: '', members: members! })

const leaves: Stories = {
  ...inVersions('of no group', versions(5), (story, version) => {
    const request = {
      groupId: story.groupId,
      memberId: 'unknown',
      members: [{ memberId: 'unknown' }, { memberId: '', groupInstanceId: 'i' }],
    }
    return story.ask(leaveGroup, version, request)
  }),
  ...inVersions('a group without a name', versions(5), (story, version) =>
    story.ask(leaveGroup, version, { groupId: '', memberId: 'unknown', members: [{ memberId: 'unknown' }] }),
  ),
  ...inVersions('an unknown member', versions(5), async (story, version) => {
    await pair(story)
    const request = { groupId: story.groupId, memberId: 'unknown', members: [{ memberId: 'unknown' }] }
    return [await story.ask(leaveGroup, version, request), await story.describe()]
  }),
  ...inVersions('a follower', versions(5), async (story, version) => {
    const [a, b] = await pair(story)
    return [await b.leave(version), await a.heartbeat(), await b.heartbeat(), await a.join(), await a.sync([a, b]), await story.describe()]
  }),
  'the leader': async (story) => {
    const [a, b] = await pair(story)
    return [await a.leave(), await b.join(), await b.sync([b]), await story.describe()]
  },
  nobody: async (story) => {
    await pair(story)
    return [await leaving(story, []), await story.describe()]
  },
  'without a name': async (story) => {
    await pair(story)
    return [await leaving(story, [{ memberId: '' }]), await story.describe()]
  },
  'several, one of them twice, one unknown': async (story) => {
    const [a, b] = await pair(story)
    const answer = await leaving(
      story,
      [a, { memberId: 'unknown' }, b, a].map(({ memberId }) => ({ memberId })),
    )
    return [answer, await story.describe()]
  },
  'static members by their instances': async (story) => {
    const [a, b] = [story.member('A', { groupInstanceId: 'a' }), story.member('B', { groupInstanceId: 'b' })]
    await story.stable(a, b)
    const wrong = [
      { memberId: a.memberId, groupInstanceId: 'b' },
      { memberId: a.memberId, groupInstanceId: 'unknown' },
      { memberId: '', groupInstanceId: 'unknown' },
      { memberId: 'unknown', groupInstanceId: 'a' },
    ]
    const answer = await leaving(story, wrong)
    return [answer, await story.describe(), await leaving(story, [{ memberId: '', groupInstanceId: 'b' }]), await a.join()]
  },
  'an id that nobody has joined with': async (story) => {
    const member = story.member('A')
    await member.joinOnce()
    await story.until('Empty')
    return [await story.describe(), await member.leave(), await member.joinOnce()]
  },
  'while members join': async (story) => {
    const [a, b] = await pair(story)
    const joining = a.join()
    await story.until('PreparingRebalance')
    return [await b.leave(), await joining]
  },
}

export const classicGroupCases: Case[] = [
  ...told(joinGroup.name, joins),
  ...told(syncGroup.name, syncs),
  ...told(heartbeat.name, heartbeats),
  ...told(leaveGroup.name, leaves),
]
