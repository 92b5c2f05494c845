import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cluster } from '../../../src/client/cluster.ts'
import { commitOffsets, committedOffsets, deleteOffsets } from '../../../src/client/groups/committed-offsets.ts'
import { Coordinators } from '../../../src/client/groups/coordinators.ts'
import { describeGroup } from '../../../src/client/groups/describe-groups.ts'
import { deleteGroup, listGroups } from '../../../src/client/groups/group-admin.ts'
import { encodeAssignment } from '../../../src/wire/consumer-protocol.ts'
import { errorCode, type ErrorName } from '../../../src/wire/error-codes.ts'
import { consumerGroupDescribe } from '../../../src/wire/messages/consumer-group-describe.ts'
import { deleteGroups } from '../../../src/wire/messages/delete-groups.ts'
import { describeGroups } from '../../../src/wire/messages/describe-groups.ts'
import { findCoordinator } from '../../../src/wire/messages/find-coordinator.ts'
import { listGroups as listGroupsApi } from '../../../src/wire/messages/list-groups.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetDelete } from '../../../src/wire/messages/offset-delete.ts'
import { offsetFetch } from '../../../src/wire/messages/offset-fetch.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { ScriptedBroker } from '../scripted-broker.ts'

let broker: ScriptedBroker
let cluster: Cluster
let coordinators: Coordinators
let clock: ManualClock

beforeEach(async () => {
  clock = new ManualClock()
  broker = await ScriptedBroker.start()
  broker.leads('orders', 2)
  knowsCoordinator()
  cluster = new Cluster([broker.address])
  coordinators = new Coordinators(cluster, { clock, retryMs: 1000 })
})
afterEach(async () => {
  cluster.close()
  await broker.stop()
})

function knowsCoordinator(versions?: { minVersion: number; maxVersion: number }): void {
  const { host, port } = broker.address
  broker.on(
    findCoordinator,
    ({ key, coordinatorKeys }) => ({
      errorCode: 0,
      errorMessage: null,
      nodeId: 1,
      host,
      port,
      coordinators: [{ key: coordinatorKeys[0] ?? key, nodeId: 1, host, port, errorCode: 0, errorMessage: null }],
    }),
    versions,
  )
}

/** Moves the clock on, whenever somebody waits for it, until `promise` has settled. */
async function whileTimePasses<T>(promise: Promise<T>): Promise<T> {
  const PENDING = Symbol('pending')
  for (;;) {
    const turn = new Promise<typeof PENDING>((resolve) => setImmediate(() => resolve(PENDING)))
    const settled = await Promise.race([promise, turn])
    if (settled !== PENDING) return settled
    if (clock.pendingTimerCount > 0) clock.advance(200)
  }
}

const countOf = (name: string): number => broker.asked.filter((asked) => asked.name === name).length

describe('asking the coordinator of a group', () => {
  it.each<ErrorName>(['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS'])(
    'looks it up again after %s, and tries again',
    async (error) => {
      const verdicts: ErrorName[] = [error, error, 'NONE']
      broker.on(deleteGroups, () => ({ results: [{ groupId: 'billing', errorCode: errorCode(verdicts.shift()!) }] }))
      await whileTimePasses(deleteGroup(coordinators, 'billing'))
      expect([countOf('DeleteGroups'), countOf('FindCoordinator')]).toEqual([3, 3])
    },
  )

  it('finds it with the old version of the request, too', async () => {
    knowsCoordinator({ minVersion: 0, maxVersion: 3 })
    broker.on(deleteGroups, () => ({ results: [{ groupId: 'billing', errorCode: 0 }] }))
    await deleteGroup(coordinators, 'billing')
    expect(broker.asked).toContainEqual({ name: 'FindCoordinator', version: 3 })
  })

  it('goes on over a new connection when the old one is lost', async () => {
    let isLost = false
    broker.on(deleteGroups, () => {
      if (isLost) return { results: [{ groupId: 'billing', errorCode: 0 }] }
      isLost = true
      return 'hang up'
    })
    await whileTimePasses(deleteGroup(coordinators, 'billing'))
    expect(countOf('DeleteGroups')).toBe(2)
  })

  it('gives up in the end, with the last refusal', async () => {
    broker.on(deleteGroups, () => ({ results: [{ groupId: 'billing', errorCode: errorCode('NOT_COORDINATOR') }] }))
    await expect(whileTimePasses(deleteGroup(coordinators, 'billing'))).rejects.toMatchObject({ error: 'NOT_COORDINATOR' })
  })

  it('throws at once what will not pass', async () => {
    broker.on(deleteGroups, () => ({ results: [{ groupId: 'billing', errorCode: errorCode('NON_EMPTY_GROUP') }] }))
    await expect(deleteGroup(coordinators, 'billing')).rejects.toMatchObject({ error: 'NON_EMPTY_GROUP' })
    expect(countOf('DeleteGroups')).toBe(1)
  })
})

describe('what a group has committed', () => {
  const committed = { committedOffset: 7, committedLeaderEpoch: 2, metadata: 'm', errorCode: 0 }
  const topics = [
    {
      name: 'orders',
      partitions: [
        { partitionIndex: 1, ...committed },
        { partitionIndex: 0, ...committed, committedOffset: -1 },
      ],
    },
  ]
  const expected = [{ topic: 'orders', partition: 1, offset: 7, leaderEpoch: 2, metadata: 'm' }]

  it.each([7, 8, 9, 10])('is read from a broker that speaks OffsetFetch up to version %d', async (maxVersion) => {
    const answer = () => ({ topics, groups: [{ groupId: 'billing', topics }] })
    broker.on(offsetFetch, answer, { minVersion: 1, maxVersion })
    expect(await committedOffsets(coordinators, 'billing')).toEqual(expected)
    expect(broker.asked).toContainEqual({ name: 'OffsetFetch', version: Math.min(maxVersion, 9) })
  })

  it('is nothing for a group that is not there', async () => {
    broker.on(offsetFetch, () => ({ topics: [], groups: [{ groupId: 'billing', topics: [], errorCode: errorCode('GROUP_ID_NOT_FOUND') }] }))
    expect(await committedOffsets(coordinators, 'billing')).toEqual([])
  })

  it('is committed again when the coordinator refuses a partition for the moment, and not when the topic is gone', async () => {
    const verdicts: ErrorName[] = ['COORDINATOR_LOAD_IN_PROGRESS', 'UNKNOWN_TOPIC_OR_PARTITION']
    broker.on(offsetCommit, () => ({
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 1, errorCode: errorCode(verdicts.shift()!) }] }],
    }))
    await expect(whileTimePasses(commitOffsets(coordinators, 'billing', expected))).rejects.toMatchObject({
      error: 'UNKNOWN_TOPIC_OR_PARTITION',
      message: expect.stringMatching(/^partition 1 of topic "orders": /),
    })
    expect(verdicts).toEqual([])
  })

  it('is not deleted where a member reads', async () => {
    const refused = errorCode('GROUP_SUBSCRIBED_TO_TOPIC')
    broker.on(offsetDelete, () => ({ errorCode: 0, topics: [{ name: 'orders', partitions: [{ partitionIndex: 1, errorCode: refused }] }] }))
    await expect(deleteOffsets(coordinators, 'billing', expected)).rejects.toMatchObject({ error: 'GROUP_SUBSCRIBED_TO_TOPIC' })
  })
})

describe('a described group', () => {
  const member = {
    memberId: 'reader-1',
    clientId: 'reader',
    clientHost: '/127.0.0.1',
    memberMetadata: Buffer.alloc(0),
    memberAssignment: encodeAssignment({ assignedPartitions: [{ topic: 'orders', partitions: [1] }] }),
  }
  const classic = (groupState: string, protocolType = 'consumer', members = [member]) =>
    broker.on(describeGroups, ({ groups }) => ({
      groups: groups.map((groupId) => ({ errorCode: 0, groupId, groupState, protocolType, protocolData: 'range', members })),
    }))
  const notOfConsumers = () =>
    broker.on(consumerGroupDescribe, ({ groupIds }) => ({
      groups: groupIds.map((groupId) => ({
        groupId,
        groupState: '',
        groupEpoch: 0,
        assignmentEpoch: 0,
        assignorName: '',
        members: [],
        errorCode: errorCode('GROUP_ID_NOT_FOUND'),
      })),
    }))

  it('is a classic one where the other API does not know it, or is not spoken', async () => {
    const expected = {
      groupId: 'billing',
      type: 'classic',
      protocolType: 'consumer',
      state: 'Stable',
      assignor: 'range',
      groupEpoch: null,
      members: [{ memberId: 'reader-1', host: '127.0.0.1', assignment: [{ topic: 'orders', partitions: [1] }], targetAssignment: null }],
    }
    classic('Stable')
    expect(await describeGroup(coordinators, 'billing')).toMatchObject(expected)
    notOfConsumers()
    cluster.close()
    expect(await describeGroup(coordinators, 'billing')).toMatchObject(expected)
  })

  it('does not make assignments of what is none', async () => {
    classic('Stable', 'connect')
    expect((await describeGroup(coordinators, 'billing')).members[0]!.assignment).toBeNull()
    classic('Stable', 'consumer', [{ ...member, memberAssignment: Buffer.from([0]) }])
    expect((await describeGroup(coordinators, 'billing')).members[0]!.assignment).toBeNull()
    classic('PreparingRebalance', 'consumer', [{ ...member, memberAssignment: Buffer.alloc(0) }])
    expect((await describeGroup(coordinators, 'billing')).members[0]!.assignment).toEqual([])
  })

  it('is not there when it is dead', async () => {
    classic('Dead')
    await expect(describeGroup(coordinators, 'billing')).rejects.toMatchObject({ error: 'GROUP_ID_NOT_FOUND' })
  })

  it('is listed with its number of members, where it can be described', async () => {
    classic('Stable')
    broker.on(listGroupsApi, () => ({
      errorCode: 0,
      groups: [
        { groupId: 'b', protocolType: 'consumer', groupState: 'Stable', groupType: 'Classic' },
        { groupId: 'a', protocolType: '', groupState: 'Empty', groupType: 'Classic' },
      ],
    }))
    const stable = { groupId: 'b', protocolType: 'consumer', state: 'Stable', type: 'classic', members: 1 }
    expect(await listGroups(cluster, () => true)).toEqual([
      { groupId: 'a', protocolType: '', state: 'Empty', type: 'classic', members: 1 },
      stable,
    ])
    expect(await listGroups(cluster, ({ state }) => state === 'Stable')).toEqual([stable])
  })
})
