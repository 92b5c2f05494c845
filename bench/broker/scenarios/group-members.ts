// Members of a group as a rebalance sees them: a member asks its coordinator, on a connection of its own, and does at once what it is told.

import { decodeAssignment } from '../../../src/wire/consumer-protocol.ts'
import { ClassicMember } from '../../../test/support/classic-member.ts'
import { ConsumerMember } from '../../../test/support/consumer-member.ts'
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

async function consumer({ bootstrap, groupId, topic }: GroupOptions): Promise<GroupMember> {
  const connection = await WireConnection.connect(bootstrap)
  const member = new ConsumerMember({ groupId, topic, rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS })
  return {
    get generation() {
      return member.isSettled ? member.epoch : undefined
    },
    get partitions() {
      return member.partitionCount
    },
    async beat() {
      await member.beat(connection)
      return !member.isSettled
    },
    async leave() {
      await member.leave(connection)
      connection.close()
    },
  }
}
