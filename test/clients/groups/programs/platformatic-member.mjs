// A member of a group, by @platformatic/kafka, in either protocol: it processes records, commits what is still its own, and tells both.

import { setTimeout } from 'node:timers/promises'
import { Consumer, stringDeserializers } from '@platformatic/kafka'
import { asked, leaveOnTerm, tell, tellAssignment } from './tell.mjs'

const consumer = new Consumer({
  clientId: asked.name,
  groupId: asked.group,
  bootstrapBrokers: [asked.bootstrap],
  deserializers: stringDeserializers,
  autocommit: false,
  maxWaitTime: 200,
  retries: 100,
  retryDelay: 100,
  groupProtocol: asked.protocol,
  sessionTimeout: asked.sessionTimeoutMs,
  heartbeatInterval: asked.heartbeatIntervalMs,
  rebalanceTimeout: asked.rebalanceTimeoutMs,
})

const reason = (error) => error.errors?.[0]?.message ?? error.message
let held = []
const own = () => consumer.assignments?.find(({ topic }) => topic === asked.topic)?.partitions ?? []
consumer.on('consumer:group:join', ({ generationId }) => {
  if (asked.protocol === 'classic') held = tellAssignment(held, own(), { generation: generationId })
})
consumer.on('consumer:group:rebalance', () => {
  if (held.length > 0) tell('revoked', { partitions: held })
  held = []
})
// In the consumer protocol it tells nobody of its assignment, which it changes before the heartbeat that says so.
consumer.on('consumer:heartbeat:start', () => {
  if (asked.protocol === 'classic') return
  const [now, before] = [own(), held]
  const [taken, given] = [before.filter((one) => !now.includes(one)), now.filter((one) => !before.includes(one))]
  if (taken.length > 0) tell('revoked', { partitions: taken })
  if (given.length > 0) tell('assigned', { partitions: given })
  held = now
})
// In the consumer protocol it never joins again once it was put out: it is to be started anew.
consumer.on('consumer:heartbeat:error', ({ error }) => {
  console.error(`heartbeat: ${reason(error)}`)
  if (asked.protocol === 'consumer' && error.findBy?.('unknownMemberId', true)) process.exit(1)
})
leaveOnTerm(
  () =>
    new Promise((resolve, reject) => {
      consumer.close(true, (error) => (error ? reject(error) : resolve()))
    }),
)

const stream = await consumer.consume({ topics: [asked.topic], mode: 'committed', fallbackMode: 'earliest' })
for await (const message of stream) {
  tell('record', { partition: message.partition, offset: Number(message.offset), value: message.value })
  await commitWhileOwned(message)
}

/** A commit that is refused while the group rebalances is tried again in the next generation: nothing would bring the record a second time. */
async function commitWhileOwned(message) {
  while (own().includes(message.partition)) {
    try {
      await message.commit()
      return tell('committed', { partition: message.partition, offset: Number(message.offset) + 1 })
    } catch (refused) {
      console.error(`commit: ${reason(refused)}`)
      await setTimeout(100)
    }
  }
}
