// A member of a classic group as a client would be one, over the handlers: it remembers its member id and generation as clients do.

import { setImmediate } from 'node:timers/promises'
import { errorName } from '../../../src/wire/error-codes.ts'
import { heartbeat } from '../../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../../src/wire/messages/join-group.ts'
import { leaveGroup } from '../../../src/wire/messages/leave-group.ts'
import { syncGroup } from '../../../src/wire/messages/sync-group.ts'
import type { Draft, Infer } from '../../../src/wire/schema.ts'
import type { TestServices } from '../../support/test-services.ts'

export type JoinAnswer = Infer<typeof joinGroup.response>
type Protocols = Readonly<Record<string, string>>

export const SESSION_MS = 10_000
export const REBALANCE_MS = 60_000

/** Requests that were sent have come as far as they can. */
export const settled = (): Promise<void> => turns(12)

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

export class ClassicTestMember {
  readonly services: TestServices
  readonly groupId: string
  memberId = ''
  generationId = -1
  groupInstanceId: string | null = null
  protocols: Protocols = { range: 'metadata' }
  protocolType = 'consumer'

  constructor(services: TestServices, changes: Partial<Omit<ClassicTestMember, 'services'>> = {}) {
    this.services = services
    this.groupId = 'g'
    Object.assign(this, changes)
  }

  /** Asks for a member id first, where the version has it so; once it is in, it knows its generation. */
  async join(changes: Partial<Draft<typeof joinGroup.request>> = {}, version = 9): Promise<JoinAnswer> {
    const first = await this.joinOnce(changes, version)
    if (errorName(first.errorCode) !== 'MEMBER_ID_REQUIRED') return first
    return this.joinOnce(changes, version)
  }

  async joinOnce(changes: Partial<Draft<typeof joinGroup.request>> = {}, version = 9): Promise<JoinAnswer> {
    const { groupId, memberId, groupInstanceId, protocolType } = this
    const protocols = Object.entries(this.protocols).map(([name, metadata]) => ({ name, metadata: Buffer.from(metadata) }))
    const about = { groupId, memberId, groupInstanceId, protocolType, protocols }
    const timeouts = { sessionTimeoutMs: SESSION_MS, rebalanceTimeoutMs: REBALANCE_MS }
    const answer = await this.services.ask(joinGroup, version, { ...about, ...timeouts, ...changes })
    if (answer.errorCode === 0 || errorName(answer.errorCode) === 'MEMBER_ID_REQUIRED') this.memberId = answer.memberId
    if (answer.errorCode === 0) this.generationId = answer.generationId
    return answer
  }

  sync(assignments: Readonly<Record<string, string>> = {}, changes: Partial<Draft<typeof syncGroup.request>> = {}, version = 5) {
    const { groupId, memberId, generationId, groupInstanceId, protocolType } = this
    const protocolName = Object.keys(this.protocols)[0]!
    const listed = Object.entries(assignments).map(([id, assignment]) => ({ memberId: id, assignment: Buffer.from(assignment) }))
    const about = { groupId, memberId, generationId, groupInstanceId, protocolType, protocolName, assignments: listed }
    return this.services.ask(syncGroup, version, { ...about, ...changes })
  }

  /** The error's name. */
  async heartbeat(changes: Partial<Draft<typeof heartbeat.request>> = {}, version = 4): Promise<string> {
    const { groupId, memberId, generationId, groupInstanceId } = this
    const { errorCode } = await this.services.ask(heartbeat, version, { groupId, memberId, generationId, groupInstanceId, ...changes })
    return errorName(errorCode)
  }

  async leave(reason: string | null = null): Promise<string> {
    const members = [{ memberId: this.memberId, groupInstanceId: this.groupInstanceId, reason }]
    const answer = await this.services.ask(leaveGroup, 5, { groupId: this.groupId, memberId: '', members })
    return errorName(answer.members[0]?.errorCode ?? answer.errorCode)
  }
}

/** All of them join at once, and the first to be leader assigns each its own name: a stable group. */
export async function formGroup(members: readonly ClassicTestMember[], delayMs = 3000): Promise<void> {
  const joined = members.map((member) => member.join())
  await settled()
  members[0]!.services.clock.advance(delayMs)
  await settled()
  members[0]!.services.clock.advance(delayMs) // of the members that came after the first
  await Promise.all(joined)
  await syncAll(members)
}

/** With the answers of a generation that all have joined: what each is assigned. */
export async function syncAll(members: readonly ClassicTestMember[]): Promise<string[]> {
  const assignments = Object.fromEntries(members.map(({ memberId }) => [memberId, `for ${memberId}`]))
  const synced = await Promise.all(members.map((member) => member.sync(assignments)))
  return synced.map(({ errorCode, assignment }) => (errorCode === 0 ? assignment.toString() : errorName(errorCode)))
}
