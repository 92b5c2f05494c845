// Classic members that say odd things of themselves, and are let in with them or not: timeouts, texts and bytes of every size. Each case has a group of its own.

import { setTimeout } from 'node:timers/promises'
import { decodeResponse, encodeRequest } from '../../../src/wire/frame.ts'
import { joinGroup } from '../../../src/wire/messages/join-group.ts'
import { listGroups } from '../../../src/wire/messages/list-groups.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetFetch } from '../../../src/wire/messages/offset-fetch.ts'
import { Reader } from '../../../src/wire/reader.ts'
import type { Api, Draft } from '../../../src/wire/schema.ts'
import type { Case } from './case.ts'
import { LONGEST } from './classic-disturbances.ts'
import { oneProtocol, pair, type Stories, told } from './classic-stories.ts'
import { type ClassicStory, subscription } from './classic-story.ts'

type Join = Draft<typeof joinGroup.request>
const INT_MAX = 2 ** 31 - 1
const EXPIRED_AFTER_MS = 500

/** It joins alone, syncs, and leaves. */
const alone =
  (changes: Partial<Join>, version = 9) =>
  async (story: ClassicStory): Promise<unknown> => {
    const member = story.member('A', changes)
    const joined = await member.join({}, version)
    const { protocolType, protocols } = member.request()
    const synced = await member.sync([member], { protocolType, protocolName: protocols[0]?.name ?? null })
    return [joined, synced, await member.heartbeat(), await story.describe(), await member.leave(), await story.state()]
  }

/** It joins alone, and may hear nothing. */
const unanswered =
  (changes: Partial<Join>) =>
  async (story: ClassicStory): Promise<unknown> => {
    const member = story.member('A', changes)
    await member.joinOnce()
    return [await story.ask(joinGroup, 9, member.request()), await story.describe()]
  }

/** Its time to sync is over when it has joined. */
const tooLate =
  (rebalanceTimeoutMs: number) =>
  async (story: ClassicStory): Promise<unknown> => {
    const member = story.member('A')
    const joined = await member.join({ rebalanceTimeoutMs })
    await setTimeout(EXPIRED_AFTER_MS)
    return [joined, await member.heartbeat(), await member.sync([member]), await story.describe()]
  }

/** As `bytes` in the place of a text that takes as many. */
async function withBytes<A extends Api>(
  story: ClassicStory,
  api: A,
  version: number,
  request: Draft<A['request']>,
  text: string,
  bytes: Buffer,
) {
  const frame = Buffer.concat(encodeRequest(api, version, 1, 'ottla-test', request))
  for (let position = frame.indexOf(text); position !== -1; position = frame.indexOf(text, position)) bytes.copy(frame, position)
  const answer = await story.broker.exchange(frame)
  return typeof answer === 'string' ? answer : story.broker.comparable(decodeResponse(api, version, new Reader(answer)).response)
}

const NO_UTF8 = Buffer.from('61ff80c32862', 'hex')
const PLACE = 'n'.repeat(NO_UTF8.length)

const joins: Stories = {
  'with a rebalance timeout of -1': tooLate(-1),
  'with a rebalance timeout of 0': tooLate(0),
  'with the longest rebalance timeout': alone({ rebalanceTimeoutMs: INT_MAX }),
  'with the longest session': alone({ sessionTimeoutMs: 1_800_000 }, 0),
  'with a protocol type of 32,767 bytes': alone({ protocolType: LONGEST }),
  'with a protocol of 32,767 bytes': alone({ protocols: oneProtocol(LONGEST) }),
  'with a protocol without a name': alone({ protocols: oneProtocol('') }),
  'with two protocols of one name': unanswered({
    protocols: [
      { name: 'range', metadata: subscription('records') },
      { name: 'range', metadata: subscription('empty') },
    ],
  }),
  'with an instance without a name': alone({ groupInstanceId: '' }),
  'with an instance of odd signs': alone({ groupInstanceId: 'a/b ..' }),
  'with a reason of 32,767 bytes': alone({ reason: LONGEST }),
  'with metadata that are no subscription': unanswered({ protocols: [{ name: 'range', metadata: Buffer.from('no subscription') }] }),
  'with empty metadata': alone({ protocols: [{ name: 'range', metadata: Buffer.alloc(0) }] }),
  'with metadata of 900,000 bytes': async (story) => {
    const member = story.member('A', { protocols: [{ name: 'range', metadata: Buffer.alloc(900_000) }] })
    await member.joining()
    return [await member.sync([member]), await member.heartbeat(), await story.state()]
  },
  'with metadata that do not fit into a batch': async (story) => {
    const member = story.member('A', { protocols: [{ name: 'range', metadata: Buffer.alloc(1_100_000) }] })
    await member.joining()
    return [await member.sync([member]), await member.heartbeat(), await story.state(), await member.leave(), await story.state()]
  },
  'with metadata that do not fit into a batch, beside another': async (story) => {
    const a = story.member('A')
    await story.stable(a)
    const b = story.member('B', { protocols: [{ name: 'range', metadata: Buffer.alloc(1_100_000) }] })
    const joining = b.joining()
    await story.until('PreparingRebalance')
    await Promise.all([a.joining(), joining])
    const refused = await a.sync([a, b])
    const left = [await b.leave(), await a.heartbeat()]
    await a.joining()
    return [refused, ...left, await a.sync([a]), await a.heartbeat(), await story.describe()]
  },
  'to a group whose name is 32,767 bytes': async (story) => {
    const member = story.member('A', { groupId: LONGEST })
    const joined = await member.join()
    const ofGroup = { groupId: LONGEST }
    return [joined, await member.sync([member], ofGroup), await member.heartbeat(ofGroup), await member.heartbeat()]
  },
  'with texts that are no UTF-8': async (story) => {
    const member = story.member('A')
    await member.joinOnce()
    const joining = (changes: Partial<Join>) => withBytes(story, joinGroup, 9, { ...member.request(), ...changes }, PLACE, NO_UTF8)
    return [
      await joining({ memberId: PLACE }),
      await joining({ protocolType: PLACE }),
      await joining({ groupId: PLACE, memberId: 'unknown' }),
      await joining({ reason: PLACE }),
      await story.describe(),
    ]
  },
}

const commits: Stories = {
  'for a group whose name is no UTF-8': async (story) => {
    const request = {
      groupId: PLACE,
      memberId: '',
      topics: [{ name: 'records', partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: PLACE }] }],
    }
    const asked = { groups: [{ groupId: PLACE, topics: [{ name: 'records', partitionIndexes: [0] }] }] }
    const groups = async () => {
      const listed = await story.broker.request(listGroups, 5, {})
      return listed.groups
        .filter(({ groupId }) => groupId.includes('\ufffd'))
        .map(({ groupId, groupState }) => [Buffer.from(groupId).toString('hex'), groupState])
    }
    return [
      await withBytes(story, offsetCommit, 9, request, PLACE, NO_UTF8),
      await withBytes(story, offsetFetch, 9, asked, PLACE, NO_UTF8),
      await groups(),
    ]
  },
  'for a group whose name is 32,767 bytes': async (story) => {
    const groupId = LONGEST.replace('x', 'y')
    const topics = [{ name: 'records', partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '' }] }]
    const committed = await story.ask(offsetCommit, 9, { groupId, memberId: '', topics })
    return [committed, await story.ask(offsetFetch, 9, { groups: [{ groupId, topics: [{ name: 'records', partitionIndexes: [0] }] }] })]
  },
  'of the greatest numbers': async (story) => {
    const partition = { partitionIndex: 0, committedOffset: Number.MAX_SAFE_INTEGER, committedLeaderEpoch: INT_MAX, committedMetadata: '' }
    const committed = await story.ask(offsetCommit, 9, {
      groupId: story.groupId,
      memberId: '',
      topics: [{ name: 'records', partitions: [partition] }],
    })
    return [committed, await story.ask(offsetFetch, 9, { groups: [{ groupId: story.groupId, topics: null }] })]
  },
  'by a stable group’s member, a thousand times the same partition': async (story) => {
    const [a] = await pair(story)
    const partitions = Array.from({ length: 1000 }, (_, committedOffset) => ({ partitionIndex: 0, committedOffset, committedMetadata: '' }))
    const who = { groupId: story.groupId, memberId: a.memberId, generationIdOrMemberEpoch: a.generationId }
    const { topics } = await story.broker.request(offsetCommit, 9, { ...who, topics: [{ name: 'records', partitions }] })
    const kept = await story.ask(offsetFetch, 9, { groups: [{ groupId: story.groupId, topics: null }] })
    return [topics[0]!.partitions.filter(({ errorCode }) => errorCode === 0).length, kept, await a.heartbeat()]
  },
}

export const classicExtremes: Case[] = [...told('a JoinGroup', joins), ...told('a commit', commits)]
