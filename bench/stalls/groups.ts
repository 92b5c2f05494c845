// Groups of 1,000 members, each on a connection of its own: all come at once, one leaves, all come back after the broker did.

import { setTimeout as sleep } from 'node:timers/promises'
import { describeGroups } from '../../src/wire/messages/describe-groups.ts'
import { ClassicMember } from '../../test/support/classic-member.ts'
import { ConsumerMember } from '../../test/support/consumer-member.ts'
import { count, type Scene } from './stage.ts'

const MEMBERS = 1000
const PARTITIONS = 1000
const TOPIC = 'shared'
const SETTINGS = ['group.consumer.session.timeout.ms=60000', 'group.consumer.max.size=2000']
const BEAT_MS = 200

export const classicGroup: Scene = {
  name: `classic group of ${MEMBERS}`,
  settings: SETTINGS,
  async play(stage) {
    await stage.createTopics([TOPIC], PARTITIONS)
    const options = { groupId: 'classic', topic: TOPIC, partitionCount: PARTITIONS, sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 60_000 }
    const members = count(MEMBERS).map(() => new ClassicMember(options))
    let connections = await stage.connections(MEMBERS)
    const rejoin = (): Promise<unknown> =>
      Promise.all(
        members.map(async (member, index) => (await member.heartbeat(connections[index]!)) === 'NONE' || member.join(connections[index]!)),
      )
    await stage.step('all join at once', () => Promise.all(members.map((member, index) => member.join(connections[index]!))))
    await stage.step('all heartbeat at once', rejoin)
    await stage.step('one leaves, the others rejoin at once', async () => {
      await members.pop()!.leave(connections.pop()!)
      await rejoin()
    })
    await stage.step('described', () => stage.request(describeGroups, 5, { groups: ['classic'] }))
    await stage.restart('start, and all heartbeat at once', 'kill', async () => {
      connections = await stage.connections(members.length)
      await rejoin()
    })
    await stage.step('all leave at once', () => Promise.all(members.map((member, index) => member.leave(connections[index]!))))
    for (const connection of connections) connection.close()
  },
}

export const consumerGroups: readonly Scene[] = ['uniform', 'range'].map((assignor) => ({
  name: `consumer group of ${MEMBERS}, ${assignor}`,
  settings: SETTINGS,
  async play(stage) {
    await stage.createTopics([TOPIC], PARTITIONS)
    const options = { groupId: 'consumers', topic: TOPIC, rebalanceTimeoutMs: 60_000, assignor }
    const members = count(MEMBERS).map(() => new ConsumerMember(options))
    let connections = await stage.connections(MEMBERS)
    const allBeat = (): Promise<unknown> => Promise.all(members.map((member, index) => member.beat(connections[index]!)))
    /** Everybody beats until all partitions are with somebody. */
    const untilSettled = async (): Promise<void> => {
      for (await allBeat(); members.reduce((sum, { partitionCount }) => sum + partitionCount, 0) !== PARTITIONS; await allBeat())
        await sleep(BEAT_MS)
    }
    const lastLeaves = async (): Promise<void> => {
      const connection = connections.pop()!
      await members.pop()!.leave(connection)
      connection.close()
    }
    await stage.step('all join at once', allBeat)
    await stage.step('until all have a partition', untilSettled)
    await stage.step('all heartbeat at once', allBeat)
    await stage.step('one leaves, and another gets its partition', async () => {
      await lastLeaves()
      await untilSettled()
    })
    await stage.step('half of them leave at once', async () => {
      await Promise.all(count(MEMBERS / 2).map(lastLeaves))
      await untilSettled()
    })
    await stage.restart('start after kill -9, and all heartbeat at once', 'kill', async () => {
      connections = await stage.connections(members.length)
      await allBeat()
    })
    for (const connection of connections) connection.close()
  },
}))
