// A life of groups of both protocols, request by request, so that two brokers write the same of it into `__consumer_offsets`: commits, members that come and go,
// an offset deleted, groups deleted, a topic deleted below its offsets.

import { setTimeout } from 'node:timers/promises'
import { consumerGroupHeartbeat } from '../../../src/wire/messages/consumer-group-heartbeat.ts'
import { deleteGroups } from '../../../src/wire/messages/delete-groups.ts'
import { deleteTopics } from '../../../src/wire/messages/delete-topics.ts'
import { joinGroup } from '../../../src/wire/messages/join-group.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetDelete } from '../../../src/wire/messages/offset-delete.ts'
import { offsetFetch } from '../../../src/wire/messages/offset-fetch.ts'
import { syncGroup } from '../../../src/wire/messages/sync-group.ts'
import type { Api, Draft, Infer } from '../../../src/wire/schema.ts'
import { AskedBroker } from '../../differential/broker.ts'
import { ClassicMember } from '../../support/classic-member.ts'

type Commit = Draft<typeof offsetCommit.request>
type Heartbeat = Draft<typeof consumerGroupHeartbeat.request>

const PARTITIONS = 3
export const RETENTION_MS = 3_600_000
const PROTOCOL = { protocolType: 'connect', protocolName: 'eager' }

/** What brokers choose, by what it is called here. */
export interface History {
  readonly startedAt: number
  readonly endedAt: number
  readonly names: ReadonlyMap<string, string>
}

export async function live(bootstrap: string): Promise<History> {
  const startedAt = Date.now()
  const broker = await AskedBroker.prepare(bootstrap)
  await broker.waitForGroups()
  const [kept, deleted] = [await broker.newTopic({}, PARTITIONS), await broker.newTopic()]
  await commitAlone(broker, kept, deleted)
  const members = await comeAndGo(broker, kept)
  const worker = await stayBehind(broker)
  await consume(broker, kept)
  await remove(broker, deleted)
  const names = new Map([...members, worker, [broker.topicIds.get(kept)!, 'KEPT'], [broker.topicIds.get(deleted)!, 'DELETED']])
  return { startedAt, endedAt: Date.now(), names }
}

/** Refused by nobody, down to the last partition. */
async function ask<A extends Api>(
  broker: AskedBroker,
  api: A,
  version: number,
  request: Draft<A['request']>,
): Promise<Infer<A['response']>> {
  const answer = await broker.request(api, version, request)
  if (/"errorCode":(?!0\b)/.test(JSON.stringify(answer))) throw new Error(`${api.name}: ${JSON.stringify(answer)}`)
  return answer
}

async function commit(broker: AskedBroker, version: number, topic: string, offsets: readonly number[], rest: Partial<Commit>) {
  const partitions = offsets.map((committedOffset, partitionIndex) => ({
    partitionIndex,
    committedOffset,
    committedLeaderEpoch: version < 6 ? -1 : 3,
    committedMetadata: `größer als ${committedOffset}`,
  }))
  const topics = [{ name: topic, topicId: broker.topicIds.get(topic)!, partitions }]
  await ask(broker, offsetCommit, version, { groupId: 'alone', memberId: '', topics, ...rest })
}

/** Of no member, in old versions and new. */
async function commitAlone(broker: AskedBroker, kept: string, deleted: string): Promise<void> {
  await commit(broker, 2, kept, [1, 2, 3], { retentionTimeMs: RETENTION_MS })
  await commit(broker, 5, kept, [2 ** 40], {})
  await commit(broker, 10, kept, [5, 6, 7], {})
  await commit(broker, 9, deleted, [8], { groupId: 'of a topic that goes' })
  const topics = [{ name: kept, partitions: [{ partitionIndex: 1 }] }]
  await ask(broker, offsetDelete, 0, { groupId: 'alone', topics })
}

/** A classic group of two members, until the last has left. */
async function comeAndGo(broker: AskedBroker, topic: string): Promise<[string, string][]> {
  const options = { groupId: 'classic', topic, partitionCount: PARTITIONS, sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 60_000 }
  const [first, second] = [new ClassicMember(options), new ClassicMember(options)]
  const join = (member: ClassicMember): Promise<void> => broker.onConnection((connection) => member.join(connection))
  await join(first)
  const joining = join(second)
  while ((await broker.onConnection((connection) => first.heartbeat(connection))) !== 'REBALANCE_IN_PROGRESS') await setTimeout(20)
  await Promise.all([join(first), joining])
  const { groupId } = options
  await commit(broker, 8, topic, [4, 5, 6], { groupId, memberId: first.memberId, generationIdOrMemberEpoch: first.generationId })
  const named: [string, string][] = [
    [first.memberId, 'FIRST'],
    [second.memberId, 'SECOND'],
  ]
  await broker.onConnection((connection) => second.leave(connection))
  await join(first)
  await broker.onConnection((connection) => first.leave(connection))
  return named
}

/** A static member of another protocol type, that is there until the end. */
async function stayBehind(broker: AskedBroker): Promise<[string, string]> {
  const member = { groupId: 'workers', memberId: '', groupInstanceId: 'worker-1' }
  const protocols = [{ name: PROTOCOL.protocolName, metadata: Buffer.from('what it can') }]
  const asked = { ...member, sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 60_000, protocolType: PROTOCOL.protocolType, protocols }
  const { memberId, generationId } = await ask(broker, joinGroup, 9, asked)
  const assignments = [{ memberId, assignment: Buffer.from('what it shall do') }]
  await ask(broker, syncGroup, 5, { ...member, memberId, generationId, ...PROTOCOL, assignments })
  return [memberId, 'WORKER']
}

/** A group of the consumer protocol: two members share, one leaves, and the other is there until the end. Another group is gone by then. */
async function consume(broker: AskedBroker, topic: string): Promise<void> {
  const epochs = new Map<string, number>()
  const topicId = broker.topicIds.get(topic)!
  const beat = async (memberId: string, changes: Partial<Heartbeat> = {}, groupId = 'consumers'): Promise<void> => {
    const request = { groupId, memberId, memberEpoch: epochs.get(memberId) ?? 0, ...changes }
    epochs.set(memberId, (await ask(broker, consumerGroupHeartbeat, 1, request)).memberEpoch)
  }
  const joining = { subscribedTopicNames: [topic], rebalanceTimeoutMs: 60_000, topicPartitions: [] }
  const owning = (...partitions: number[]): Partial<Heartbeat> => ({ topicPartitions: [{ topicId, partitions }] })
  const leaving = { memberEpoch: -1 }
  await beat('one', joining)
  await beat('one', owning(0, 1, 2))
  const generationIdOrMemberEpoch = epochs.get('one')!
  await commit(broker, 10, topic, [7, 8, 9], { groupId: 'consumers', memberId: 'one', generationIdOrMemberEpoch })
  await beat('two', joining)
  await beat('one')
  await beat('one', owning(0, 1))
  await beat('two')
  await beat('two', owning(2))
  await beat('one', leaving)
  await beat('two')
  await beat('two', owning(0, 1, 2))
  await beat('three', { ...joining, instanceId: 'instance-3', rackId: 'rack', serverAssignor: 'range' }, 'was consumer')
  await beat('three', leaving, 'was consumer')
}

async function remove(broker: AskedBroker, topic: string): Promise<void> {
  for (const groupId of ['classic', 'was consumer']) await ask(broker, deleteGroups, 2, { groupsNames: [groupId] })
  await ask(broker, deleteTopics, 5, { topicNames: [topic], timeoutMs: 30_000 })
  const groups = [{ groupId: 'of a topic that goes', topics: null }]
  while ((await broker.request(offsetFetch, 8, { groups })).groups[0]!.topics.length > 0) await setTimeout(20)
}
