import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cluster } from '../../../src/client/cluster.ts'
import type { TopicPartition } from '../../../src/client/groups/committed-offsets.ts'
import { Coordinators } from '../../../src/client/groups/coordinators.ts'
import { ClassicMember } from '../../../src/client/groups/members/classic-member.ts'
import { ConsumerMember } from '../../../src/client/groups/members/consumer-member.ts'
import type { GroupMember } from '../../../src/client/groups/members/member.ts'
import { assignRanges } from '../../../src/client/groups/members/range-assignor.ts'
import { decodeAssignment, encodeSubscription } from '../../../src/wire/consumer-protocol.ts'
import { errorCode, type ErrorName } from '../../../src/wire/error-codes.ts'
import { consumerGroupHeartbeat } from '../../../src/wire/messages/consumer-group-heartbeat.ts'
import { findCoordinator } from '../../../src/wire/messages/find-coordinator.ts'
import { heartbeat } from '../../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../../src/wire/messages/join-group.ts'
import { leaveGroup } from '../../../src/wire/messages/leave-group.ts'
import { syncGroup } from '../../../src/wire/messages/sync-group.ts'
import type { Infer } from '../../../src/wire/schema.ts'
import { ZERO_UUID } from '../../../src/wire/uuid.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { ScriptedBroker } from '../scripted-broker.ts'

let broker: ScriptedBroker
let cluster: Cluster
let coordination: Cluster
let clock: ManualClock
let stop: AbortController
/** What the member told its reader. */
let told: string[]
let running: Promise<void>

beforeEach(async () => {
  clock = new ManualClock()
  broker = await ScriptedBroker.start()
  broker.leads('orders', 3)
  const { host, port } = broker.address
  const coordinator = { nodeId: 1, host, port, errorCode: 0, errorMessage: null }
  broker.on(findCoordinator, () => ({ ...coordinator, coordinators: [{ key: 'billing', ...coordinator }] }))
  cluster = new Cluster([broker.address])
  coordination = new Cluster([broker.address])
  stop = new AbortController()
  told = []
})
afterEach(async () => {
  stop.abort()
  await running.catch(() => undefined)
  cluster.close()
  coordination.close()
  await broker.stop()
})

const namesOf = (places: readonly TopicPartition[]): string => places.map(({ topic, partition }) => `${topic}:${partition}`).join(' ')

function start(Member: new (...options: ConstructorParameters<typeof ConsumerMember>) => GroupMember, retryMs = 1e9): GroupMember {
  const events = {
    assigned: async (places: readonly TopicPartition[]) => void told.push(`has ${namesOf(places) || 'nothing'}`),
    lost: () => void told.push('lost all'),
  }
  const coordinators = new Coordinators(coordination)
  const member = new Member({ coordinators, cluster, groupId: 'billing', topic: 'orders', events, clock, retryMs })
  running = member.run(stop.signal)
  running.catch(() => undefined)
  return member
}

/** Time passes whenever somebody waits for it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    if (clock.pendingTimerCount > 0) clock.advance(500)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function end(member: GroupMember): Promise<void> {
  stop.abort()
  await running
  await member.leave()
}

describe('a member by the consumer protocol', () => {
  type Heartbeat = Infer<typeof consumerGroupHeartbeat.request>
  let heard: Heartbeat[]
  let answers: ({ epoch: number; partitions?: number[] } | ErrorName | 'hang up')[]

  beforeEach(() => {
    heard = []
    answers = []
    broker.on(consumerGroupHeartbeat, (request) => {
      heard.push(request)
      const answer = answers.shift() ?? { epoch: Math.max(request.memberEpoch, 1) }
      if (answer === 'hang up') return 'hang up'
      const error = typeof answer === 'string' ? answer : 'NONE'
      const { epoch, partitions } = typeof answer === 'string' ? { epoch: 0, partitions: undefined } : answer
      const assignment = partitions === undefined ? null : { topicPartitions: [{ topicId: ZERO_UUID, partitions }] }
      return { errorCode: errorCode(error), memberId: request.memberId, memberEpoch: epoch, heartbeatIntervalMs: 5000, assignment }
    })
  })
  const owned = ({ topicPartitions }: Heartbeat) => topicPartitions?.flatMap(({ partitions }) => partitions) ?? null

  it('says everything when it joins, then what it has once that changed, and else nothing', async () => {
    answers = [{ epoch: 1, partitions: [0, 1, 2] }, { epoch: 1 }, { epoch: 2, partitions: [0] }]
    const member = start(ConsumerMember)
    await until(() => heard.length === 5)
    expect(heard.map((request) => [request.memberEpoch, request.subscribedTopicNames, request.rebalanceTimeoutMs, owned(request)])).toEqual(
      [
        [0, ['orders'], 60_000, []],
        [1, null, -1, [0, 1, 2]],
        [1, null, -1, null],
        [2, null, -1, [0]],
        [2, null, -1, null],
      ],
    )
    expect(told).toEqual(['has orders:0 orders:1 orders:2', 'has orders:0'])
    expect(member.committer).toEqual({ memberId: heard[0]!.memberId, groupInstanceId: null, generationIdOrMemberEpoch: 2 })
    await end(member)
    expect(heard.at(-1)).toMatchObject({ memberEpoch: -1, memberId: heard[0]!.memberId })
  })

  it.each<ErrorName>(['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID'])('after %s has lost everything, and joins again', async (error) => {
    answers = [{ epoch: 4, partitions: [1] }, { epoch: 4 }, error, { epoch: 6, partitions: [2] }]
    start(ConsumerMember)
    await until(() => told.length === 3)
    expect(told).toEqual(['has orders:1', 'lost all', 'has orders:2'])
    expect(heard[3]).toMatchObject({ memberEpoch: 0, subscribedTopicNames: ['orders'], topicPartitions: [] })
  })

  it.each<ErrorName | 'hang up'>(['NOT_COORDINATOR', 'COORDINATOR_LOAD_IN_PROGRESS', 'hang up'])(
    'after %s goes on as what it was, and says everything again',
    async (trouble) => {
      answers = [{ epoch: 4, partitions: [1] }, { epoch: 4 }, trouble, { epoch: 4 }]
      start(ConsumerMember)
      await until(() => heard.length === 5)
      expect(heard[3]).toMatchObject({ memberEpoch: 4, subscribedTopicNames: ['orders'] })
      expect(owned(heard[3]!)).toEqual([1])
      expect(told).toEqual(['has orders:1'])
    },
  )

  it('ends when the coordinator cannot be reached for too long, or refuses it for good', async () => {
    answers = [{ epoch: 4 }, ...Array.from({ length: 50 }, () => 'hang up' as const)]
    start(ConsumerMember, 3000)
    let failure: unknown
    running.catch((error: unknown) => (failure = error))
    await until(() => failure !== undefined)
    expect(failure).toMatchObject({ name: 'Disconnected' })
    answers = ['GROUP_MAX_SIZE_REACHED']
    start(ConsumerMember)
    await expect(running).rejects.toMatchObject({ error: 'GROUP_MAX_SIZE_REACHED' })
  })
})

describe('a member by the classic protocol', () => {
  let joins: Infer<typeof joinGroup.request>[]
  let syncs: Infer<typeof syncGroup.request>[]
  let left: Infer<typeof leaveGroup.request>[]
  let verdicts: Partial<Record<'sync' | 'heartbeat', ErrorName[]>>
  let others: string[]

  beforeEach(() => {
    joins = []
    syncs = []
    left = []
    verdicts = {}
    others = []
    broker.on(joinGroup, (request) => {
      joins.push(request)
      const isNew = request.memberId === ''
      const memberId = isNew ? 'b-1' : request.memberId
      const metadata = encodeSubscription({ topics: ['orders'], ownedPartitions: [] })
      const members = [memberId, ...others].map((id) => ({ memberId: id, metadata }))
      const answer = { generationId: joins.length, protocolName: 'range', leader: 'b-1', memberId, members }
      return { errorCode: errorCode(isNew ? 'MEMBER_ID_REQUIRED' : 'NONE'), ...answer }
    })
    broker.on(syncGroup, (request) => {
      syncs.push(request)
      const assigned = request.assignments.find(({ memberId }) => memberId === request.memberId)
      return { errorCode: errorCode(verdicts.sync?.shift() ?? 'NONE'), assignment: assigned?.assignment ?? Buffer.alloc(0) }
    })
    broker.on(heartbeat, () => ({ errorCode: errorCode(verdicts.heartbeat?.shift() ?? 'NONE') }))
    broker.on(leaveGroup, (request) => {
      left.push(request)
      return { errorCode: 0, members: [] }
    })
  })

  it('joins with the id that it is given, assigns as the leader, and leaves at the end', async () => {
    others = ['a-1']
    const member = start(ClassicMember)
    await until(() => told.length === 1)
    expect(joins.map(({ memberId }) => memberId)).toEqual(['', 'b-1'])
    const assigned = syncs[0]!.assignments.map(({ memberId, assignment }) => [memberId, decodeAssignment(assignment).assignedPartitions])
    expect(Object.fromEntries(assigned)).toEqual({
      'a-1': [{ topic: 'orders', partitions: [0, 1] }],
      'b-1': [{ topic: 'orders', partitions: [2] }],
    })
    expect(told).toEqual(['has orders:2'])
    expect(member.committer).toEqual({ memberId: 'b-1', groupInstanceId: null, generationIdOrMemberEpoch: 2 })
    await end(member)
    expect(left).toMatchObject([{ members: [{ memberId: 'b-1' }] }])
  })

  it('gives up everything when the group rebalances, and joins again', async () => {
    verdicts.heartbeat = ['NONE', 'REBALANCE_IN_PROGRESS']
    start(ClassicMember)
    await until(() => told.length === 1)
    others = ['a-1', 'c-1']
    await until(() => told.length === 3)
    expect(told).toEqual(['has orders:0 orders:1 orders:2', 'has nothing', 'has orders:1'])
    expect(joins.map(({ memberId }) => memberId)).toEqual(['', 'b-1', 'b-1'])
  })

  it('joins again when the group rebalanced before it had its part', async () => {
    verdicts.sync = ['REBALANCE_IN_PROGRESS']
    start(ClassicMember)
    await until(() => told.length === 1)
    expect(joins).toHaveLength(3)
    expect(told).toEqual(['has orders:0 orders:1 orders:2'])
  })

  it.each<[ErrorName, string]>([
    ['ILLEGAL_GENERATION', 'b-1'],
    ['UNKNOWN_MEMBER_ID', ''],
  ])('after %s has lost everything, and joins again', async (error, memberId) => {
    verdicts.heartbeat = [error]
    start(ClassicMember)
    await until(() => told.length === 3)
    expect(told).toEqual(['has orders:0 orders:1 orders:2', 'lost all', 'has orders:0 orders:1 orders:2'])
    expect(joins[2]!.memberId).toBe(memberId)
  })

  it.each<ErrorName | 'hang up'>(['NOT_COORDINATOR', 'COORDINATOR_LOAD_IN_PROGRESS', 'hang up'])(
    'keeps its place when a heartbeat gets %s for an answer',
    async (trouble) => {
      const answers: (ErrorName | 'hang up')[] = [trouble, trouble]
      let heartbeatCount = 0
      broker.on(heartbeat, () => {
        heartbeatCount++
        const answer = answers.shift() ?? 'NONE'
        return answer === 'hang up' ? answer : { errorCode: errorCode(answer) }
      })
      start(ClassicMember)
      await until(() => heartbeatCount === 4)
      expect(joins).toHaveLength(2)
      expect(told).toEqual(['has orders:0 orders:1 orders:2'])
    },
  )

  it('assigns anew when a topic has got more partitions', async () => {
    start(ClassicMember)
    await until(() => told.length === 1)
    broker.leads('orders', 4)
    await until(() => told.length === 3)
    expect(told[2]).toBe('has orders:0 orders:1 orders:2 orders:3')
  })

  it('leaves also while the others have not joined yet', async () => {
    const member = start(ClassicMember)
    await until(() => told.length === 1)
    broker.on(joinGroup, (request) => {
      joins.push(request)
      return 'silence'
    })
    verdicts.heartbeat = ['REBALANCE_IN_PROGRESS']
    await until(() => joins.length === 3)
    await end(member)
    expect(left).toHaveLength(1)
  })
})

describe('ranges', () => {
  it('are what the Java client assigns', () => {
    const member = (memberId: string, topics: string[], groupInstanceId: string | null = null) => ({ memberId, groupInstanceId, topics })
    const members = [member('c', ['t', 'u']), member('a', ['t']), member('z', ['t', 'u', 'gone'], 'first')]
    expect(
      Object.fromEntries(
        assignRanges(
          members,
          new Map([
            ['t', 7],
            ['u', 1],
            ['gone', 0],
          ]),
        ),
      ),
    ).toEqual({
      z: [
        { topic: 't', partitions: [0, 1, 2] },
        { topic: 'u', partitions: [0] },
      ],
      a: [{ topic: 't', partitions: [3, 4] }],
      c: [{ topic: 't', partitions: [5, 6] }],
    })
  })
})
