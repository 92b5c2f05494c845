// Members of a group as a rebalance sees them: a member asks its coordinator, on a connection of its own, and does at once what it is told.

import { randomUUID } from 'node:crypto'
import { decodeAssignment } from '../../../src/wire/consumer-protocol.ts'
import { errorName } from '../../../src/wire/error-codes.ts'
import { consumerGroupHeartbeat } from '../../../src/wire/messages/consumer-group-heartbeat.ts'
import { ClassicMember } from '../../../test/support/classic-member.ts'
import { WireConnection } from '../../../test/support/wire-connection.ts'

export interface GroupOptions {
  readonly bootstrap: string
  readonly groupId: string
  readonly topic: string
  readonly partitionCount: number
}

export interface GroupMember {
  /** Of the assignment that it has, or its epoch; undefined while it takes another over. */
  readonly generation: number | undefined
  /** How many it has. */
  readonly partitions: number
  /** One heartbeat, and what comes of it; resolves to whether there is more to say at once. */
  beat(): Promise<boolean>
  /** After its last heartbeat. */
  leave(): Promise<void>
}

export type Protocol = 'classic' | 'consumer'

const REBALANCE_TIMEOUT_MS = 60_000
const LEAVING_EPOCH = -1

export const JOINING: Readonly<Record<Protocol, (options: GroupOptions) => Promise<GroupMember>>> = { classic, consumer }

/** It joins whenever a heartbeat does not find it in order. */
async function classic({ bootstrap, ...group }: GroupOptions): Promise<GroupMember> {
  const connection = await WireConnection.connect(bootstrap)
  const member = new ClassicMember({ ...group, sessionTimeoutMs: 45_000, rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS })
  return {
    get generation() {
      return member.assignment === undefined ? undefined : member.generationId
    },
    get partitions() {
      const { assignedPartitions } = decodeAssignment(member.assignment!)
      return assignedPartitions.reduce((sum, { partitions }) => sum + partitions.length, 0)
    },
    async beat() {
      if (member.assignment === undefined || (await member.heartbeat(connection)) !== 'NONE') await member.join(connection)
      return false
    },
    async leave() {
      await member.leave(connection)
      connection.close()
    },
  }
}

/** By KIP-848: it says what it has when that has changed. */
async function consumer({ bootstrap, groupId, topic }: GroupOptions): Promise<GroupMember> {
  const connection = await WireConnection.connect(bootstrap)
  const memberId = randomUUID()
  let memberEpoch = 0
  let owned: { readonly topicId: string; readonly partitions: readonly number[] }[] = []
  let isTold = false
  const send = async (topicPartitions: typeof owned | null): Promise<typeof owned | undefined> => {
    const joining = memberEpoch === 0 ? { rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS, subscribedTopicNames: [topic] } : {}
    const request = { groupId, memberId, memberEpoch, topicPartitions: topicPartitions?.slice() ?? null, ...joining }
    const { errorCode, errorMessage, memberEpoch: epoch, assignment } = await connection.request(consumerGroupHeartbeat, 1, request)
    if (errorCode !== 0) throw new Error(`a heartbeat of ${groupId} is answered ${errorName(errorCode)}: ${errorMessage}`)
    memberEpoch = epoch
    return assignment?.topicPartitions
  }
  return {
    get generation() {
      return isTold ? memberEpoch : undefined
    },
    get partitions() {
      return owned.reduce((sum, { partitions }) => sum + partitions.length, 0)
    },
    async beat() {
      const assigned = await send(isTold ? null : owned)
      isTold = assigned === undefined
      owned = assigned ?? owned
      return !isTold
    },
    async leave() {
      memberEpoch = LEAVING_EPOCH
      await send(null)
      connection.close()
    },
  }
}
