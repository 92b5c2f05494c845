// OffsetCommit, OffsetFetch, OffsetDelete, DeleteGroups: what groups without members have committed. Each case has groups and topics of its own.

import { errorName } from '../../../src/wire/error-codes.ts'
import { deleteGroups } from '../../../src/wire/messages/delete-groups.ts'
import { deleteTopics } from '../../../src/wire/messages/delete-topics.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetDelete } from '../../../src/wire/messages/offset-delete.ts'
import { offsetFetch } from '../../../src/wire/messages/offset-fetch.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { AskedBroker } from '../broker.ts'
import { ZERO_ID } from '../normalise.ts'
import { eventually, UNKNOWN_ID, type Case } from './case.ts'

type CommitRequest = Draft<typeof offsetCommit.request>
type CommittedPartition = CommitRequest['topics'][number]['partitions'][number]
type FetchRequest = Draft<typeof offsetFetch.request>
type Questions = Readonly<Record<string, (broker: AskedBroker, groupId: string) => Promise<unknown>>>

const VERSION = 9
const COMMIT_VERSIONS = [2, 3, 4, 5, 6, 7, 8, 9, 10]
const FETCH_VERSIONS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

const place = (partitionIndex: number, changes: Partial<CommittedPartition> = {}): CommittedPartition => ({
  partitionIndex,
  committedOffset: 42,
  committedLeaderEpoch: 3,
  committedMetadata: 'so far',
  ...changes,
})

function committing(broker: AskedBroker, groupId: string, partitions: CommittedPartition[], changes: Partial<CommitRequest> = {}) {
  const topics = [{ name: 'records', topicId: broker.topicIds.get('records')!, partitions }]
  return { groupId, memberId: '', topics, ...changes }
}

/** By name and by id: the version takes its own. */
const named = (broker: AskedBroker, name: string, partitions: CommittedPartition[] = [place(0)]) => ({
  name,
  topicId: broker.topicIds.get(name) ?? UNKNOWN_ID,
  partitions,
})

const everything = (groupId: string): FetchRequest => ({ groupId, topics: null, groups: [{ groupId, topics: null }] })

function asking(broker: AskedBroker, groupId: string, name: string, partitionIndexes: number[], changes: Partial<FetchRequest> = {}) {
  const topicId = broker.topicIds.get(name) ?? UNKNOWN_ID
  const topics = [{ name, topicId, partitionIndexes }]
  return { groupId, topics, groups: [{ groupId, topics }], ...changes }
}

/** What a commit answers, and what the group has afterwards. */
async function committed(broker: AskedBroker, version: number, request: CommitRequest): Promise<unknown> {
  const answer = await broker.ask(offsetCommit, version, request)
  return { answer, kept: await broker.ask(offsetFetch, 8, everything(request.groupId)) }
}

const commits: Questions = {
  'no topics': (broker, group) => committed(broker, VERSION, committing(broker, group, [], { topics: [] })),
  'no partitions': (broker, group) => committed(broker, VERSION, committing(broker, group, [])),
  'two partitions': (broker, group) => committed(broker, VERSION, committing(broker, group, [place(0), place(1, { committedOffset: 7 })])),
  'a partition twice': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [place(0), place(0, { committedOffset: 7 })])),
  'a topic twice': (broker, group) => {
    const topics = [named(broker, 'records'), named(broker, 'records', [place(0, { committedOffset: 7 })])]
    return committed(broker, VERSION, committing(broker, group, [], { topics }))
  },
  'an unknown topic beside a known one': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [], { topics: [named(broker, 'unknown'), named(broker, 'records')] })),
  'an unknown topic alone': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [], { topics: [named(broker, 'unknown')] })),
  'a topic without a name': (broker, group) => committed(broker, VERSION, committing(broker, group, [], { topics: [named(broker, '')] })),
  'an illegal topic': (broker, group) => committed(broker, VERSION, committing(broker, group, [], { topics: [named(broker, 'a/b')] })),
  'an internal topic': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [], { topics: [named(broker, '__consumer_offsets')] })),
  'an unknown id beside a known one': (broker, group) =>
    committed(broker, 10, committing(broker, group, [], { topics: [named(broker, 'unknown'), named(broker, 'records')] })),
  'no id': (broker, group) =>
    committed(broker, 10, committing(broker, group, [], { topics: [{ name: '', topicId: ZERO_ID, partitions: [place(0)] }] })),
  'partitions that do not exist': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [place(99), place(0), place(-1)])),
  'partitions that do not exist, by id': (broker, group) =>
    committed(broker, 10, committing(broker, group, [place(99), place(0), place(-1)])),
  'metadata of 4096 characters': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [place(0, { committedMetadata: 'm'.repeat(4096) })])),
  'metadata of 4097 characters beside a short one': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [place(0, { committedMetadata: 'm'.repeat(4097) }), place(1)])),
  'metadata of 4096 characters that take 8192 bytes': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [place(0, { committedMetadata: 'é'.repeat(4096) })])),
  'more than fits into one batch': async (broker, group) => {
    const partitions = Array.from({ length: 300 }, () => place(0, { committedMetadata: 'm'.repeat(4096) }))
    const { topics } = await broker.request(offsetCommit, VERSION, committing(broker, group, partitions))
    const errors = new Set(topics[0]!.partitions.map(({ errorCode }) => errorName(errorCode)))
    return { errors: [...errors], kept: await broker.ask(offsetFetch, 8, everything(group)) }
  },
  'null metadata': (broker, group) => committed(broker, VERSION, committing(broker, group, [place(0, { committedMetadata: null })])),
  'negative offsets': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [place(0, { committedOffset: -1 }), place(1, { committedOffset: -5 })])),
  'a leader epoch of -7': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [place(0, { committedLeaderEpoch: -7 })])),
  'kept for a minute': (broker, group) => committed(broker, 4, committing(broker, group, [place(0)], { retentionTimeMs: 60_000 })),
  'kept for no time': (broker, group) => committed(broker, 4, committing(broker, group, [place(0)], { retentionTimeMs: 0 })),
  'kept for -2': (broker, group) => committed(broker, 4, committing(broker, group, [place(0)], { retentionTimeMs: -2 })),
  'no group': (broker) => committed(broker, VERSION, committing(broker, '', [place(0), place(99)])),
  'no group, and an unknown topic': (broker) =>
    committed(broker, VERSION, committing(broker, '', [], { topics: [named(broker, 'unknown')] })),
  ...Object.fromEntries(
    [5, 8, 9, 10].flatMap((version) => [
      [
        `a generation of no group, in version ${version}`,
        (broker: AskedBroker, group: string) =>
          committed(broker, version, committing(broker, group, [place(0)], { generationIdOrMemberEpoch: 1, memberId: 'member' })),
      ],
      [
        `a member of no group, in version ${version}`,
        (broker: AskedBroker, group: string) => committed(broker, version, committing(broker, group, [place(0)], { memberId: 'member' })),
      ],
      [
        `a generation of a group without members, in version ${version}`,
        async (broker: AskedBroker, group: string) => {
          await broker.request(offsetCommit, 5, committing(broker, group, [place(0, { committedOffset: 1 })]))
          return committed(broker, version, committing(broker, group, [place(0)], { generationIdOrMemberEpoch: 1, memberId: 'member' }))
        },
      ],
      [
        `generation 0 of a group without members, in version ${version}`,
        async (broker: AskedBroker, group: string) => {
          await broker.request(offsetCommit, 5, committing(broker, group, [place(0, { committedOffset: 1 })]))
          return committed(broker, version, committing(broker, group, [place(0)], { generationIdOrMemberEpoch: 0 }))
        },
      ],
    ]),
  ),
  'a generation of no group, and an unknown topic': (broker, group) =>
    committed(
      broker,
      VERSION,
      committing(broker, group, [], { generationIdOrMemberEpoch: 1, memberId: 'member', topics: [named(broker, 'unknown')] }),
    ),
  'a generation of no group, and too long a metadata': (broker, group) => {
    const partitions = [place(0, { committedMetadata: 'm'.repeat(4097) })]
    return committed(broker, VERSION, committing(broker, group, partitions, { generationIdOrMemberEpoch: 1, memberId: 'member' }))
  },
  'an instance of no group': (broker, group) => committed(broker, VERSION, committing(broker, group, [place(0)], { groupInstanceId: 'i' })),
  'a member of a group without members': async (broker, group) => {
    await broker.request(offsetCommit, 5, committing(broker, group, [place(0, { committedOffset: 1 })]))
    return committed(broker, VERSION, committing(broker, group, [place(0)], { memberId: 'member', groupInstanceId: 'i' }))
  },
  'a generation below -1': (broker, group) =>
    committed(broker, VERSION, committing(broker, group, [place(0)], { generationIdOrMemberEpoch: -2 })),
}

/** Of a group that has 42 for partition 0 of `records`. */
const fetches: Questions = {
  'no topics': (broker, groupId) => broker.ask(offsetFetch, 8, { groups: [{ groupId, topics: [] }] }),
  'no groups': (broker) => broker.ask(offsetFetch, 8, { groups: [] }),
  'no partitions': (broker, group) => broker.ask(offsetFetch, 8, asking(broker, group, 'records', [])),
  'a group twice': (broker, groupId) =>
    broker.ask(offsetFetch, 8, {
      groups: [...everything(groupId).groups!, ...asking(broker, groupId, 'records', [0, 1]).groups],
    }),
  'several groups, one of them without a name and one unknown': (broker, groupId) =>
    broker.ask(offsetFetch, 8, {
      groups: ['', groupId, 'unknown'].flatMap((each) => asking(broker, each, 'records', [0]).groups),
    }),
  'a topic twice': (broker, groupId) => {
    const topics = [0, 1].map((index) => ({ name: 'records', partitionIndexes: [0, index] }))
    return broker.ask(offsetFetch, 8, { groups: [{ groupId, topics }] })
  },
  ...Object.fromEntries(
    (
      [
        ['nobody, with an epoch', null, 5],
        ['nobody, in epoch 0', null, 0],
        ['a member without a name', '', -1],
        ['a member without a name, with an epoch', '', 1],
        ['a member without an epoch', 'member', -1],
        ['a member with an epoch', 'member', 1],
      ] as const
    ).flatMap(([title, memberId, memberEpoch]) => [
      [
        `asked by ${title}`,
        (broker: AskedBroker, group: string) => {
          const [asked] = asking(broker, group, 'records', [0]).groups
          return broker.ask(offsetFetch, 9, { groups: [{ ...asked!, memberId, memberEpoch }] })
        },
      ],
      [
        `of an unknown group, asked by ${title}`,
        (broker: AskedBroker, group: string) => {
          const [asked] = asking(broker, `${group}-unknown`, 'records', [0]).groups
          return broker.ask(offsetFetch, 9, { groups: [{ ...asked!, memberId, memberEpoch }] })
        },
      ],
    ]),
  ),
  'no id': (broker, groupId) =>
    broker.ask(offsetFetch, 10, { groups: [{ groupId, topics: [{ name: '', topicId: ZERO_ID, partitionIndexes: [0] }] }] }),
}

const fetchesByVersion: Questions = Object.fromEntries(
  FETCH_VERSIONS.flatMap((version) => {
    const ask = (broker: AskedBroker, request: FetchRequest) => broker.ask(offsetFetch, version, request)
    const inVersion: Questions = {
      'partitions with and without, and such as do not exist': (broker, group) =>
        ask(broker, asking(broker, group, 'records', [0, 1, 99, -1])),
      'an unknown topic': (broker, group) => ask(broker, asking(broker, group, 'unknown', [0, 1])),
      'an unknown group': (broker, group) => ask(broker, asking(broker, `${group}-unknown`, 'records', [0])),
      'no group': (broker) => ask(broker, asking(broker, '', 'records', [0])),
      ...(version >= 2 && {
        everything: (broker: AskedBroker, group: string) => ask(broker, everything(group)),
        'everything of an unknown group': (broker: AskedBroker, group: string) => ask(broker, everything(`${group}-unknown`)),
        'everything of no group': (broker: AskedBroker) => ask(broker, everything('')),
      }),
      ...(version >= 7 && {
        'only what is stable': (broker: AskedBroker, group: string) =>
          ask(broker, asking(broker, group, 'records', [0, 1], { requireStable: true })),
      }),
    }
    return Object.entries(inVersion).map(([title, question]) => [`v${version}: ${title}`, question])
  }),
)

const deleting = (groupId: string, name: string, ...indexes: number[]) => ({
  groupId,
  topics: [{ name, partitions: indexes.map((partitionIndex) => ({ partitionIndex })) }],
})

async function afterwards(broker: AskedBroker, group: string, answers: Promise<unknown>[]): Promise<unknown> {
  return { answers: await Promise.all(answers), kept: await broker.ask(offsetFetch, 8, everything(group)) }
}

/** Of a group that has 42 for partition 0 of `records`. */
const deletions: Questions = {
  'OffsetDelete v0: what is there, what is not, and what cannot be': (broker, group) =>
    afterwards(broker, group, [broker.ask(offsetDelete, 0, deleting(group, 'records', 0, 1, 99, -1))]),
  'OffsetDelete v0: an unknown topic': (broker, group) =>
    afterwards(broker, group, [broker.ask(offsetDelete, 0, deleting(group, 'unknown', 0))]),
  'OffsetDelete v0: an illegal topic': (broker, group) => broker.ask(offsetDelete, 0, deleting(group, 'a/b', 0)),
  'OffsetDelete v0: no topics': (broker, groupId) => broker.ask(offsetDelete, 0, { groupId, topics: [] }),
  'OffsetDelete v0: no partitions': (broker, group) => broker.ask(offsetDelete, 0, deleting(group, 'records')),
  'OffsetDelete v0: a partition twice': (broker, group) => broker.ask(offsetDelete, 0, deleting(group, 'records', 0, 0)),
  'OffsetDelete v0: a topic twice': (broker, groupId) =>
    broker.ask(offsetDelete, 0, {
      groupId,
      topics: [...deleting(groupId, 'records', 0).topics, ...deleting(groupId, 'records', 1).topics],
    }),
  'OffsetDelete v0: an unknown group': (broker, group) => broker.ask(offsetDelete, 0, deleting(`${group}-unknown`, 'records', 0)),
  'OffsetDelete v0: an unknown group, and an unknown topic': (broker, group) =>
    broker.ask(offsetDelete, 0, deleting(`${group}-unknown`, 'unknown', 0)),
  'OffsetDelete v0: an unknown group, and no topics': (broker, group) =>
    broker.ask(offsetDelete, 0, { groupId: `${group}-unknown`, topics: [] }),
  'OffsetDelete v0: no group': (broker) => broker.ask(offsetDelete, 0, deleting('', 'records', 0)),
  'OffsetDelete v0: no group, and an unknown topic': (broker) => broker.ask(offsetDelete, 0, deleting('', 'unknown', 0)),
  'OffsetDelete v0: the last of a group, which is asked for more': async (broker, group) => {
    await broker.request(offsetDelete, 0, deleting(group, 'records', 0))
    return broker.ask(offsetDelete, 0, deleting(group, 'records', 0))
  },
  ...Object.fromEntries(
    [0, 1, 2].map((version) => [
      `DeleteGroups v${version}: one of several`,
      (broker: AskedBroker, group: string) =>
        afterwards(broker, group, [broker.ask(deleteGroups, version, { groupsNames: [`${group}-unknown`, group] })]),
    ]),
  ),
  'DeleteGroups v2: without a name': (broker) => broker.ask(deleteGroups, 2, { groupsNames: [''] }),
  'DeleteGroups v2: none': (broker) => broker.ask(deleteGroups, 2, { groupsNames: [] }),
  'DeleteGroups v2: a group twice': (broker, group) =>
    afterwards(broker, group, [broker.ask(deleteGroups, 2, { groupsNames: [group, group] })]),
  'DeleteGroups v2: a group that was deleted': async (broker, group) => {
    await broker.request(deleteGroups, 2, { groupsNames: [group] })
    return broker.ask(deleteGroups, 2, { groupsNames: [group] })
  },
  'DeleteGroups v2: a group whose last offset was deleted': async (broker, group) => {
    await broker.request(offsetDelete, 0, deleting(group, 'records', 0))
    return broker.ask(deleteGroups, 2, { groupsNames: [group] })
  },
}

/** What is left for a group when a topic goes, and when there is another of its name. */
const deletedTopic: Case = {
  title: 'OffsetFetch: of a topic that was deleted, and made again',
  async ask(broker) {
    await broker.waitForGroups()
    const groupId = 'group-of-a-deleted-topic'
    const name = await broker.newTopic()
    const topicId = broker.topicIds.get(name)!
    await broker.request(offsetCommit, VERSION, { groupId, memberId: '', topics: [named(broker, name), named(broker, 'records')] })
    await broker.request(deleteTopics, 6, { topics: [{ name, topicId: ZERO_ID }], timeoutMs: 10_000 })
    const fetched = (version: number, request: FetchRequest) => broker.request(offsetFetch, version, request)
    const asked = [{ name, topicId, partitionIndexes: [0] }]
    const left = await eventually(
      () => fetched(8, everything(groupId)),
      ({ groups }) => groups[0]!.topics.length === 1,
    )
    const byName = await broker.ask(offsetFetch, 8, { groups: [{ groupId, topics: asked }] })
    const byId = await eventually(
      () => fetched(10, { groups: [{ groupId, topics: asked }] }),
      ({ groups }) => groups[0]!.topics[0]!.partitions[0]!.errorCode !== 0,
    )
    return { left: broker.comparable(left), byName, byId: broker.comparable(byId) }
  },
}

const ofGroups = (prefix: string, questions: Questions, prepare: (broker: AskedBroker, group: string) => Promise<unknown>): Case[] =>
  Object.entries(questions).map(([title, question], index) => ({
    title: `${prefix}${title}`,
    async ask(broker) {
      const group = `group-${prefix.trim()}${index}`
      await broker.waitForGroups()
      await prepare(broker, group)
      return question(broker, group)
    },
  }))

const having42 = (broker: AskedBroker, group: string) => broker.request(offsetCommit, VERSION, committing(broker, group, [place(0)]))
const commitsByVersion: Questions = Object.fromEntries(
  COMMIT_VERSIONS.map((version) => [
    `an offset, in version ${version}`,
    (broker, group) => committed(broker, version, committing(broker, group, [place(1)])),
  ]),
)

export const committedOffsetCases: Case[] = [
  ...ofGroups('OffsetCommit: ', { ...commitsByVersion, ...commits }, async () => undefined),
  ...ofGroups('OffsetFetch: ', { ...fetches }, having42),
  ...ofGroups('OffsetFetch ', fetchesByVersion, having42),
  ...ofGroups('', deletions, having42),
  deletedTopic,
]
