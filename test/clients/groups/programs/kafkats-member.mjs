// A member of a group, by @kafkats/client: it processes records, and tells of them and of its partitions. It commits by itself, and tells nobody of that.

import { KafkaClient } from '@kafkats/client'
import { asked, leaveOnTerm, tell } from './tell.mjs'

const client = new KafkaClient({ clientId: asked.name, brokers: [asked.bootstrap] })
const consumer = client.consumer({
  groupId: asked.group,
  sessionTimeoutMs: asked.sessionTimeoutMs,
  rebalanceTimeoutMs: asked.rebalanceTimeoutMs,
  heartbeatIntervalMs: asked.heartbeatIntervalMs,
  maxWaitMs: 200,
  autoOffsetReset: 'earliest',
  partitionAssignmentStrategy: asked.assignor,
})

const numbers = (partitions) => partitions.map(({ partition }) => partition)
consumer.on('partitionsAssigned', (partitions) => tell('assigned', { partitions: numbers(partitions) }))
consumer.on('partitionsRevoked', (partitions) => tell('revoked', { partitions: numbers(partitions) }))
consumer.on('partitionsLost', (partitions) => tell('revoked', { partitions: numbers(partitions) }))
// Once its coordinator has closed the connection it sends all heartbeats to that connection, for ever: it is to be started anew.
consumer.on('error', ({ message }) => {
  console.error(message)
  if (message === 'Cannot send on disconnected connection') process.exit(1)
})

const take = ({ partition, offset, value }) => Promise.resolve(tell('record', { partition, offset: Number(offset), value: String(value) }))
await client.connect()
const running = consumer.runEach(asked.topic, take, { autoCommitIntervalMs: 200, partitionConcurrency: 4 })
leaveOnTerm(() => {
  consumer.stop()
  return running
})
await running
await client.disconnect()
