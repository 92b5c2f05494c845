// A client of a classic group as a model test has it: one request at a time, and what it was answered. It goes on by itself, as clients do, or does what it is told.

import { errorName } from '../../../src/wire/error-codes.ts'
import { heartbeat } from '../../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../../src/wire/messages/join-group.ts'
import { leaveGroup } from '../../../src/wire/messages/leave-group.ts'
import { syncGroup } from '../../../src/wire/messages/sync-group.ts'
import type { TestServices } from '../../support/test-services.ts'

export const GROUP = 'g'
export const SESSION_MS = 10_000
export const REBALANCE_MS = 20_000

/** What all clients of a run have seen. */
export class Seen {
  /** By generation: which of the leaders' assignments it is that its members got. */
  readonly assignments = new Map<number, string>()
  readonly problems: string[] = []
  /** Requests that were not answered yet, also those that nobody waits for any more. */
  openCount = 0
  readonly #attempts = new Map<string, { readonly generationId: number; readonly names: ReadonlySet<string> }>() // who gets a part, and in which generation

  /** A leader assigns to those: the name of what it assigns. */
  attempt(generationId: number, names: readonly string[]): string {
    const attempt = String(this.#attempts.size)
    this.#attempts.set(attempt, { generationId, names: new Set(names) })
    return attempt
  }

  /** `name` is the member's id, or its instance id: a static member that is back has what the one before it had. */
  assigned(generationId: number, name: string, assignment: string): void {
    const [attempt, forName] = assignment.split('|') as [string, string]
    if (assignment !== '' && forName !== name) this.problems.push(`${name} got what is for ${forName}`)
    const known = this.assignments.get(generationId)
    if (assignment === '') {
      if (known !== undefined && this.#attempts.get(known)!.names.has(name))
        this.problems.push(`generation ${generationId} has lost the part of ${name}`)
      return
    }
    if (this.#attempts.get(attempt)!.generationId !== generationId)
      this.problems.push(`generation ${generationId} has the assignment ${attempt} of another one`)
    if (known !== undefined && known !== attempt) this.problems.push(`generation ${generationId} has two assignments: ${known}, ${attempt}`)
    this.assignments.set(generationId, attempt)
  }
}

export class ModelClient {
  readonly #services: TestServices
  readonly #seen: Seen
  readonly groupInstanceId: string | null
  memberId = ''
  generationId = -1
  isAssigned = false
  isDead = false
  #protocols: string[]
  #joined: readonly { readonly memberId: string; readonly groupInstanceId: string | null }[] | undefined // when it is to assign
  #isToSync = false
  #protocolName: string | null = null
  #waiting: Promise<void> | undefined

  constructor(services: TestServices, seen: Seen, groupInstanceId: string | null, protocols: string[]) {
    this.#services = services
    this.#seen = seen
    this.groupInstanceId = groupInstanceId
    this.#protocols = protocols
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  /** Another process in its place, which knows nothing; what it had asked for comes to nobody. */
  restart(): void {
    this.reconnect()
    this.#forget()
    this.isDead = false
  }

  /** It asks for the same again, or for something else; what it had asked for comes to nobody. */
  reconnect(): void {
    this.#waiting = undefined
  }

  /** It does what it would do next, whatever it waits for. */
  askAgain(): void {
    this.reconnect()
    this.goOn()
  }

  leaveAtOnce(): void {
    this.reconnect()
    this.leave()
  }

  /** It is not heard of again, unless it restarts. */
  die(): void {
    this.restart()
    this.isDead = true
  }

  /** It joins with it at once, whatever it waits for. */
  changeMetadata(): void {
    this.reconnect()
    this.#protocols = [...this.#protocols].reverse()
    this.join()
  }

  join(): void {
    const protocols = this.#protocols.map((name, index) => ({ name, metadata: Buffer.from([index]) }))
    const request = { groupId: GROUP, memberId: this.memberId, groupInstanceId: this.groupInstanceId, protocolType: 'model', protocols }
    const timeouts = { sessionTimeoutMs: SESSION_MS, rebalanceTimeoutMs: REBALANCE_MS }
    this.#send(this.#services.ask(joinGroup, 9, { ...request, ...timeouts }), (answer) => {
      this.#isToSync = this.isAssigned = false
      if (answer.memberId !== '') this.memberId = answer.memberId
      if (answer.errorCode !== 0) return this.#refused(answer.errorCode)
      this.generationId = answer.generationId
      this.#protocolName = answer.protocolName
      this.#isToSync = true
      this.#joined = answer.skipAssignment || answer.leader !== answer.memberId ? undefined : answer.members
    })
  }

  sync(): void {
    const { memberId, generationId, groupInstanceId } = this
    const named = (this.#joined ?? []).map((member) => ({ id: member.memberId, name: member.groupInstanceId ?? member.memberId }))
    const attempt = this.#seen.attempt(
      generationId,
      named.map(({ name }) => name),
    )
    const assignments = named.map(({ id, name }) => ({ memberId: id, assignment: Buffer.from(`${attempt}|${name}`) }))
    const about = {
      groupId: GROUP,
      memberId,
      generationId,
      groupInstanceId,
      protocolType: 'model',
      protocolName: this.#protocolName ?? 'x',
    }
    this.#send(this.#services.ask(syncGroup, 5, { ...about, assignments }), ({ errorCode, assignment }) => {
      if (errorCode !== 0) return this.#refused(errorCode)
      this.#isToSync = false
      this.isAssigned = true
      this.#seen.assigned(generationId, groupInstanceId ?? memberId, assignment.toString())
    })
  }

  heartbeat(): void {
    const { memberId, generationId, groupInstanceId } = this
    this.#send(this.#services.ask(heartbeat, 4, { groupId: GROUP, memberId, generationId, groupInstanceId }), ({ errorCode }) => {
      if (errorCode !== 0) this.#refused(errorCode)
    })
  }

  leave(): void {
    const { memberId, groupInstanceId } = this
    this.#send(this.#services.ask(leaveGroup, 5, { groupId: GROUP, memberId: '', members: [{ memberId, groupInstanceId }] }), () =>
      this.#forget(),
    )
  }

  /** What a client does next when nobody tells it what to do. */
  goOn(): void {
    if (this.isAssigned) this.heartbeat()
    else if (this.#isToSync) this.sync()
    else this.join()
  }

  #send<Answer>(answer: Promise<Answer>, take: (answer: Answer) => void): void {
    this.#seen.openCount++
    const waiting: Promise<void> = this.#await(answer, () => this.#waiting === waiting, take)
    this.#waiting = waiting
  }

  async #await<Answer>(answer: Promise<Answer>, isAwaited: () => boolean, take: (answer: Answer) => void): Promise<void> {
    const settled = await answer
    this.#seen.openCount--
    if (!isAwaited()) return
    this.#waiting = undefined
    take(settled)
  }

  /** As Kafka's own clients: who is not known forgets who it was. */
  #refused(code: number): void {
    const error = errorName(code)
    this.#isToSync = this.isAssigned = false
    if (error === 'UNKNOWN_MEMBER_ID' || error === 'FENCED_INSTANCE_ID') this.#forget()
    else if (error === 'INCONSISTENT_GROUP_PROTOCOL' || error === 'UNKNOWN_SERVER_ERROR') this.#seen.problems.push(error)
  }

  #forget(): void {
    this.memberId = ''
    this.generationId = -1
    this.#isToSync = this.isAssigned = false
  }
}
