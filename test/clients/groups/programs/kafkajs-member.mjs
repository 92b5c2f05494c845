// A member of a group, by kafkajs: it processes a batch's records, commits, and tells both.

import { AssignerProtocol, Kafka, logLevel, PartitionAssigners } from 'kafkajs'
import { asked, leaveOnTerm, tell, tellAssignment } from './tell.mjs'

/** Java's range assignor, as far as one topic for all goes: so that a group with Java's members has an assignor for whoever leads it. */
const range = ({ cluster }) => ({
  name: 'range',
  version: 1,
  assign: ({ members, topics }) => {
    const ids = members.map(({ memberId }) => memberId).toSorted()
    const [topic] = topics
    const count = cluster.findTopicPartitionMetadata(topic).length
    const size = Math.floor(count / ids.length)
    const larger = count % ids.length
    return ids.map((memberId, index) => {
      const start = index * size + Math.min(index, larger)
      const partitions = Array.from({ length: size + (index < larger ? 1 : 0) }, (_, one) => start + one)
      return { memberId, memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: 0, assignment: { [topic]: partitions } }) }
    })
  },
  protocol: ({ topics }) => ({ name: 'range', metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics }) }),
})
const ASSIGNORS = { range, roundrobin: PartitionAssigners.roundRobin }

const kafka = new Kafka({
  clientId: asked.name,
  brokers: [asked.bootstrap],
  logLevel: asked.verbose ? logLevel.DEBUG : logLevel.ERROR,
  retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 100 },
})
const consumer = kafka.consumer({
  groupId: asked.group,
  sessionTimeout: asked.sessionTimeoutMs,
  rebalanceTimeout: asked.rebalanceTimeoutMs,
  heartbeatInterval: asked.heartbeatIntervalMs,
  maxWaitTimeInMs: 200,
  partitionAssigners: [ASSIGNORS[asked.assignor ?? 'roundrobin']],
})

let held = []
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  held = tellAssignment(held, payload.memberAssignment[asked.topic] ?? [])
})
consumer.on(consumer.events.REBALANCING, () => {
  if (held.length > 0) tell('revoked', { partitions: held })
  held = []
})
// It also joins anew without having told, once it has lost the broker.
consumer.on(consumer.events.REQUEST, ({ payload }) => {
  if (payload.apiName !== 'JoinGroup') return
  if (held.length > 0) tell('revoked', { partitions: held, at: payload.sentAt })
  held = []
})
// A commit while it leaves is done as far as its caller hears, and was never sent: only this event tells.
consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
  for (const { partition, offset } of payload.topics.flatMap(({ partitions }) => partitions)) {
    tell('committed', { partition, offset: Number(offset) })
  }
})
leaveOnTerm(() => consumer.disconnect())

await consumer.connect()
await consumer.subscribe({ topic: asked.topic, fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  partitionsConsumedConcurrently: 4,
  eachBatch: async (payload) => {
    const { partition, messages } = payload.batch
    let next
    for (const { offset, value } of messages) {
      if (!payload.isRunning() || payload.isStale() || !held.includes(partition)) break
      tell('record', { partition, offset: Number(offset), value: value.toString() })
      payload.resolveOffset(offset)
      next = Number(offset) + 1
    }
    await payload.heartbeat()
    if (next === undefined || !held.includes(partition)) return
    try {
      await consumer.commitOffsets([{ topic: asked.topic, partition, offset: String(next) }])
    } catch (refused) {
      console.error(refused.message) // the next heartbeat hears the same, and joins anew, which an error from here would not
    }
  },
})
