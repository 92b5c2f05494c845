// Clients that come and go: connections, and members of a group.

import { setTimeout as sleep } from 'node:timers/promises'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { offsetCommit } from '../../src/wire/messages/offset-commit.ts'
import { ClassicMember } from '../../test/support/classic-member.ts'
import { WireConnection } from '../../test/support/wire-connection.ts'

interface Broker {
  readonly bootstrap: string
  readonly topic: string
  readonly partitions: number
}

const CONNECTION_EVERY_MS = 20
const GROUP = 'soak'
const BEATS = 10
const BEAT_MS = 300

/** Fifty a second, each for one question. */
export async function comeAndGo({ bootstrap }: Broker, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const connection = await WireConnection.connect(bootstrap)
    await connection.request(metadata, 12, { topics: null })
    connection.close()
    await pause(CONNECTION_EVERY_MS, signal)
  }
}

/** A member that joins, commits, and leaves after some seconds, again and again; the others have to rebalance each time. */
export async function livingGroup({ bootstrap, topic, partitions }: Broker, signal: AbortSignal): Promise<void> {
  const options = { groupId: GROUP, topic, partitionCount: partitions, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 }
  while (!signal.aborted) {
    const connection = await WireConnection.connect(bootstrap)
    const member = new ClassicMember(options)
    await member.join(connection)
    for (let beat = 0; beat < BEATS && !signal.aborted; beat++) {
      if ((await member.heartbeat(connection)) !== 'NONE') await member.join(connection)
      const { generationId: generationIdOrMemberEpoch, memberId } = member
      const committed = Array.from({ length: partitions }, (_, partitionIndex) => ({
        partitionIndex,
        committedOffset: beat,
        committedMetadata: '',
      }))
      const topics = [{ name: topic, partitions: committed }]
      await connection.request(offsetCommit, 8, { groupId: GROUP, generationIdOrMemberEpoch, memberId, topics })
      await pause(BEAT_MS, signal)
    }
    await member.leave(connection)
    connection.close()
    await pause(BEAT_MS * Math.random(), signal)
  }
}

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined) // nobody waits for it any more
}
