// Groups of 1,000 members, each on a connection of its own: all come at once, one leaves, all come back after the broker did.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { consumerGroupHeartbeat } from '../../src/wire/messages/consumer-group-heartbeat.ts'
import { describeGroups } from '../../src/wire/messages/describe-groups.ts'
import { ClassicMember } from '../../test/support/classic-member.ts'
import type { WireConnection } from '../../test/support/wire-connection.ts'
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
    const connections = await stage.connections(MEMBERS)
    const members = connections.map((connection) => new Member(connection, assignor))
    await stage.step('all join at once', () => Promise.all(members.map((member) => member.join())))
    await stage.step('until all have a partition', () => untilSettled(members))
    await stage.step('all heartbeat at once', () => Promise.all(members.map((member) => member.beat())))
    await stage.step('one leaves, and another gets its partition', async () => {
      await members.pop()!.leave()
      await untilSettled(members)
    })
    await stage.step('half of them leave at once', async () => {
      await Promise.all(members.splice(0, MEMBERS / 2).map((member) => member.leave()))
      await untilSettled(members)
    })
    await stage.restart('start after kill -9, and all heartbeat at once', 'kill', async () => {
      for (const connection of connections) connection.close()
      await Promise.all(members.map(async (member) => member.goOnWith(await stage.connect())))
      await Promise.all(members.map((member) => member.beat()))
    })
    for (const member of members) member.close()
  },
}))

/** Everybody beats until all partitions are with somebody. */
async function untilSettled(members: readonly Member[]): Promise<void> {
  for (;;) {
    await Promise.all(members.map((member) => member.beat()))
    if (members.reduce((sum, { partitionCount }) => sum + partitionCount, 0) === PARTITIONS) return
    await sleep(BEAT_MS)
  }
}

type Owned = { topicId: string; partitions: number[] }[]

class Member {
  #connection: WireConnection
  readonly #assignor: string
  readonly #memberId = randomUUID()
  #memberEpoch = 0
  #owned: Owned = []

  constructor(connection: WireConnection, assignor: string) {
    this.#connection = connection
    this.#assignor = assignor
  }

  get partitionCount(): number {
    return this.#owned.reduce((sum, { partitions }) => sum + partitions.length, 0)
  }

  join(): Promise<void> {
    return this.#say({ rebalanceTimeoutMs: 60_000, subscribedTopicNames: [TOPIC], serverAssignor: this.#assignor, topicPartitions: [] })
  }

  /** It gives up, and takes, at once. */
  beat(): Promise<void> {
    return this.#say({ topicPartitions: this.#owned })
  }

  async leave(): Promise<void> {
    this.#memberEpoch = -1
    await this.#say({})
    this.close()
  }

  goOnWith(connection: WireConnection): void {
    this.#connection = connection
  }

  close(): void {
    this.#connection.close()
  }

  async #say(more: object): Promise<void> {
    const request = { groupId: 'consumers', memberId: this.#memberId, memberEpoch: this.#memberEpoch, ...more }
    const { errorCode, errorMessage, memberEpoch, assignment } = await this.#connection.request(consumerGroupHeartbeat, 0, request)
    if (errorCode !== 0) throw new Error(`a heartbeat is answered ${errorCode}: ${errorMessage}`)
    this.#memberEpoch = memberEpoch
    this.#owned = assignment?.topicPartitions.map(({ topicId, partitions }) => ({ topicId, partitions: [...partitions] })) ?? this.#owned
  }
}
