// A member of a classic group, as little as it can be: it joins, the leader gives everybody the partitions of one topic in turn, and it says that it is alive.

import { errorName } from '../../src/wire/error-codes.ts'
import { heartbeat } from '../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../src/wire/messages/join-group.ts'
import { leaveGroup } from '../../src/wire/messages/leave-group.ts'
import { syncGroup } from '../../src/wire/messages/sync-group.ts'
import type { WireConnection } from './wire-connection.ts'

export interface MemberOptions {
  readonly groupId: string
  readonly topic: string
  readonly partitionCount: number
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

const PROTOCOL = 'in turn'
const NAMES = { protocolType: 'consumer', protocolName: PROTOCOL }
/** To be tried again. */
const PASSING = new Set(['MEMBER_ID_REQUIRED', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'])

export class ClassicMember {
  readonly options: MemberOptions
  memberId = ''
  generationId = -1
  /** As the leader gave it; undefined while it has none in this generation. */
  assignment: Buffer | undefined

  constructor(options: MemberOptions) {
    this.options = options
  }

  /** Tries until it has its part of a generation. */
  async join(connection: WireConnection): Promise<void> {
    for (;;) {
      const error = await this.#joinOnce(connection)
      if (error === 'NONE') return
      if (!PASSING.has(error)) throw new Error(`to join ${this.options.groupId} is answered ${error}`)
    }
  }

  /** The error of its part, asked for again: NONE when it is the same as before. */
  async syncAgain(connection: WireConnection): Promise<string> {
    const { groupId } = this.options
    const { generationId, memberId, assignment } = this
    const answer = await connection.request(syncGroup, 5, { groupId, generationId, memberId, ...NAMES, assignments: [] })
    if (answer.errorCode !== 0) return errorName(answer.errorCode)
    return assignment?.equals(answer.assignment) === true ? 'NONE' : 'another assignment'
  }

  async heartbeat(connection: WireConnection): Promise<string> {
    const { groupId } = this.options
    const { generationId, memberId } = this
    return errorName((await connection.request(heartbeat, 4, { groupId, generationId, memberId })).errorCode)
  }

  async leave(connection: WireConnection): Promise<void> {
    const { memberId } = this
    this.#isOut()
    await connection.request(leaveGroup, 5, { groupId: this.options.groupId, memberId, members: [{ memberId }] })
  }

  async #joinOnce(connection: WireConnection): Promise<string> {
    const { groupId, topic, partitionCount, sessionTimeoutMs, rebalanceTimeoutMs } = this.options
    this.assignment = undefined
    const protocols = [{ name: PROTOCOL, metadata: subscription(topic) }]
    const asked = { groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId: this.memberId, protocolType: 'consumer', protocols }
    const joined = await connection.request(joinGroup, 9, asked)
    const joinError = errorName(joined.errorCode)
    this.memberId = joinError === 'UNKNOWN_MEMBER_ID' ? '' : joined.memberId || this.memberId
    if (joinError !== 'NONE') return joinError
    const { generationId, memberId, leader, members } = joined
    const isLeader = leader === memberId
    const ownFirst = members.toSorted((a, b) => Number(b.memberId === memberId) - Number(a.memberId === memberId)) // brokers list them in any order
    const assignments = isLeader
      ? ownFirst.map((member, index) => ({ memberId: member.memberId, assignment: part(topic, partitionCount, index, members.length) }))
      : []
    const synced = await connection.request(syncGroup, 5, { groupId, generationId, memberId, ...NAMES, assignments })
    if (synced.errorCode !== 0) return errorName(synced.errorCode)
    this.generationId = generationId
    this.assignment = Buffer.from(synced.assignment)
    return 'NONE'
  }

  #isOut(): void {
    this.memberId = ''
    this.generationId = -1
    this.assignment = undefined
  }
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const VERSION = Buffer.alloc(2)
const NO_USER_DATA = int32(-1)
const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])

const subscription = (topic: string): Buffer => Buffer.concat([VERSION, int32(1), text(topic), NO_USER_DATA])

/** Every so many-th partition, from the `index`-th on. */
function part(topic: string, partitionCount: number, index: number, memberCount: number): Buffer {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition).filter(
    (partition) => partition % memberCount === index,
  )
  return Buffer.concat([VERSION, int32(1), text(topic), int32(partitions.length), ...partitions.map(int32), NO_USER_DATA])
}
