// Who may commit and fetch offsets of a group of the consumer protocol, and delete them.

import { beforeEach, describe, expect, it } from 'vitest'
import { errorName } from '../../../src/wire/error-codes.ts'
import { deleteGroups } from '../../../src/wire/messages/delete-groups.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetDelete } from '../../../src/wire/messages/offset-delete.ts'
import { offsetFetch } from '../../../src/wire/messages/offset-fetch.ts'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { ASSIGNMENT_INTERVAL_MS, PlayedMember } from './group-clients.ts'

const groupId = 'group'
let services: TestServices
let a: PlayedMember
let b: PlayedMember

beforeEach(async () => {
  services = await openServices({ 'offsets.topic.num.partitions': 1 })
  await services.createTopic('orders', 4)
  a = await new PlayedMember(services, 'a').join(['orders'])
  b = await new PlayedMember(services, 'b').join(['orders'])
  services.clock.advance(ASSIGNMENT_INTERVAL_MS)
  for (const member of [b, a, a, b]) await member.report()
}) // both are in epoch 3: a with partitions 0 and 1 since epoch 2, b with 2 and 3

async function commit(memberId: string, epoch: number, partitions: readonly number[], version = 9): Promise<string[]> {
  const committed = partitions.map((partitionIndex) => ({ partitionIndex, committedOffset: 1, committedMetadata: '' }))
  const request = { groupId, memberId, generationIdOrMemberEpoch: epoch, topics: [{ name: 'orders', partitions: committed }] }
  const { topics } = await services.ask(offsetCommit, version, request)
  return topics[0]!.partitions.map(({ errorCode }) => errorName(errorCode))
}

async function fetch(memberId: string | null, memberEpoch: number): Promise<string> {
  const { groups } = await services.ask(offsetFetch, 9, { groups: [{ groupId, memberId, memberEpoch, topics: null }] })
  return errorName(groups[0]!.errorCode)
}

describe('a commit', () => {
  it('is for members in their epoch', async () => {
    expect(await commit('a', 3, [0, 2])).toEqual(['NONE', 'NONE'])
    expect(await commit('a', 4, [0])).toEqual(['STALE_MEMBER_EPOCH'])
    expect(await commit('a', -1, [0])).toEqual(['STALE_MEMBER_EPOCH'])
    expect(await commit('', -1, [0])).toEqual(['UNKNOWN_MEMBER_ID'])
    expect(await commit('c', 3, [0])).toEqual(['UNKNOWN_MEMBER_ID'])
  })

  it('may be of an older epoch where the member has held all of the partitions since, also after the shard was read anew', async () => {
    for (let times = 0; times < 2; times++) {
      expect(await commit('a', 2, [0, 1])).toEqual(['NONE', 'NONE'])
      expect(await commit('a', 1, [0])).toEqual(['STALE_MEMBER_EPOCH'])
      expect(await commit('a', 2, [0, 2])).toEqual(['STALE_MEMBER_EPOCH', 'STALE_MEMBER_EPOCH'])
      expect(await commit('b', 2, [2])).toEqual(['STALE_MEMBER_EPOCH'])
      await services.groups.reloaded(await services.groups.shardOf(groupId))
    }
  })

  it('needs a version that knows member epochs', async () => {
    expect(await commit('a', 3, [0], 8)).toEqual(['UNSUPPORTED_VERSION'])
  })

  it('is for anybody when there are no members', async () => {
    for (const member of [a, b]) await member.beat({ memberEpoch: -1 })
    expect(await commit('', -1, [0])).toEqual(['NONE'])
    expect(await commit('a', 3, [0])).toEqual(['UNKNOWN_MEMBER_ID'])
  })
})

describe('reading offsets', () => {
  it.each([
    ['a', 3, 'NONE'],
    [null, -1, 'NONE'],
    ['a', 2, 'STALE_MEMBER_EPOCH'],
    ['a', 4, 'STALE_MEMBER_EPOCH'],
    ['c', 3, 'UNKNOWN_MEMBER_ID'],
    ['', -1, 'UNKNOWN_MEMBER_ID'],
  ])('as %j in epoch %i answers %s', async (memberId, epoch, answer) => {
    expect(await fetch(memberId, epoch)).toBe(answer)
  })
})

describe('deleting', () => {
  const deleteOffset = async (): Promise<string> => {
    const { topics } = await services.ask(offsetDelete, 0, { groupId, topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }] })
    return errorName(topics[0]!.partitions[0]!.errorCode)
  }
  const deleteGroup = async (): Promise<string> => {
    const { results } = await services.ask(deleteGroups, 2, { groupsNames: [groupId] })
    return errorName(results[0]!.errorCode)
  }

  it('waits until nobody is subscribed to the topic, or in the group', async () => {
    await commit('a', 3, [0])
    expect([await deleteOffset(), await deleteGroup()]).toEqual(['GROUP_SUBSCRIBED_TO_TOPIC', 'NON_EMPTY_GROUP'])
    for (const member of [a, b]) await member.beat({ memberEpoch: -1 })
    expect([await deleteOffset(), await deleteGroup()]).toEqual(['NONE', 'NONE'])
    const shard = await services.groups.reloaded(await services.groups.shardOf(groupId))
    expect(shard.groups.has(groupId)).toBe(false)
  })
})
