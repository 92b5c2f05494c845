// One group on a topic: its members of now and of before, what they told, and waiting until what should happen has happened.

import { setTimeout } from 'node:timers/promises'
import { type GroupBreach, type GroupBreachKind, type GroupEvent, judgeGroup } from '../../support/group-judge.ts'
import { kafkaJs } from '../drivers/kafkajs.ts'
import type { GroupClient } from './group-clients.ts'
import { Member } from './member.ts'
import type { TopicWriter } from './topic-writer.ts'

const WITHIN_MS = 60_000
const LOOK_EVERY_MS = 20
const REPLACED_MAX = 20
const EVENTS_SHOWN = 60

export class GroupRun {
  readonly group: string
  readonly #bootstrap: string
  readonly #writer: TopicWriter
  readonly #log: GroupEvent[] = []
  readonly #members = new Map<Member, GroupClient>()
  readonly #all: Member[] = []
  readonly #mayBe = new Set<GroupBreachKind>()
  readonly #frozen = new Set<Member>()
  readonly #processedTo: number[]
  #looked = 0
  #startedCount = 0
  #replacedCount = 0

  constructor(bootstrap: string, writer: TopicWriter, group: string) {
    this.#bootstrap = bootstrap
    this.#writer = writer
    this.group = group
    this.#processedTo = writer.ends.map(() => 0)
  }

  /** What its members were given and lost, since so many events. */
  changesSince(count: number): GroupEvent[] {
    return this.#log
      .slice(count)
      .filter((event) => (event.event === 'assigned' || event.event === 'revoked') && event.partitions.length > 0)
  }

  get eventCount(): number {
    return this.#log.length
  }

  start(client: GroupClient, instanceId?: string): Member {
    const name = `${this.group}-${++this.#startedCount}`
    const options = { bootstrap: this.#bootstrap, topic: this.#writer.topic, group: this.group, name }
    const member = new Member(name, client.member(instanceId === undefined ? options : { ...options, instanceId }), this.#log)
    this.#members.set(member, client)
    this.#all.push(member)
    for (const kind of client.mayBe ?? []) this.#mayBe.add(kind)
    return member
  }

  async leave(member: Member): Promise<void> {
    if (this.#members.get(member)?.leavesInQuiet) return this.#writer.quietly(() => this.#leaveCaughtUp(member))
    this.#members.delete(member)
    await member.leave()
  }

  async kill(member: Member): Promise<void> {
    this.#members.delete(member)
    await member.kill()
  }

  freeze(member: Member): void {
    this.#frozen.add(member)
    member.freeze()
  }

  thaw(member: Member): void {
    this.#frozen.delete(member)
    member.thaw()
  }

  /** For programs that listen to it: it stops polling for a while, and takes up its work again. */
  async slowDown(member: Member): Promise<void> {
    member.slow()
    await this.settled()
  }

  /** As it does, the group goes on without it. */
  async outlast(member: Member): Promise<void> {
    this.#frozen.add(member)
    member.slow()
    await this.settled()
    this.#frozen.delete(member)
    await this.settled()
  }

  /** Until every partition has one owner, and every member owns some. */
  async settled(): Promise<void> {
    const partitions = this.#writer.ends.length
    await this.#until('the group settles', () => {
      const owned = [...this.#members.keys()].filter((member) => !this.#frozen.has(member)).map((member) => member.owned)
      const all = new Set(owned.flatMap((partitions) => [...partitions]))
      const sum = owned.reduce((size, partitions) => size + partitions.size, 0)
      return all.size === partitions && sum === partitions && owned.every((partitions) => partitions.size > 0)
    })
  }

  /** Until what is written by now is processed. */
  async caughtUp(): Promise<void> {
    const ends = [...this.#writer.ends]
    await this.#until(`everything up to ${ends.join(',')} is processed`, () => {
      for (; this.#looked < this.#log.length; this.#looked++) {
        const event = this.#log[this.#looked]!
        if (event.event === 'record') this.#processedTo[event.partition] = Math.max(this.#processedTo[event.partition]!, event.offset + 1)
      }
      return ends.every((end, partition) => this.#processedTo[partition]! >= end)
    })
  }

  /** Until what is written by now is committed, while more is: a commit that a rebalance refuses is made good with the next records only. */
  async committed(): Promise<void> {
    const ends = [...this.#writer.ends]
    await this.#untilCommitted((offset, partition) => offset >= ends[partition]!)
  }

  /** Until everything is committed, once the writer has stopped. Then the members leave, and what they did is judged. */
  async finish(topic: readonly (readonly string[])[]): Promise<GroupBreach[]> {
    await this.caughtUp()
    const isLate = [...this.#members.values()].some(({ commitsLate }) => commitsLate)
    await this.#untilCommitted((offset, partition) => (isLate ? offset <= topic[partition]!.length : offset === topic[partition]!.length))
    await Promise.all([...this.#members.keys()].map((member) => member.leave()))
    const inOrder = this.#log.toSorted((a, b) => a.at - b.at || rank(a) - rank(b))
    const breaches = judgeGroup(inOrder, topic).filter(({ kind }) => !this.#mayBe.has(kind))
    if (breaches.length > 0) console.warn(this.#shown())
    return breaches
  }

  async abandon(): Promise<void> {
    await Promise.all([...this.#members.keys()].map((member) => member.kill()))
  }

  /** Each partition's offset is that of the next record, whatever the client commits. */
  async #untilCommitted(isEnough: (offset: number, partition: number) => boolean): Promise<void> {
    const behind = [...this.#members.values()].some(({ commitsLastOffset }) => commitsLastOffset) ? 1 : 0
    const admin = kafkaJs(this.#bootstrap).admin()
    await admin.connect()
    try {
      await this.#until('everything is committed', async () => {
        const [offsets] = await admin.fetchOffsets({ groupId: this.group, topics: [this.#writer.topic] })
        return offsets!.partitions.every(({ partition, offset }) => isEnough(Number(offset) + behind, partition))
      })
    } finally {
      await admin.disconnect()
    }
  }

  async #leaveCaughtUp(member: Member): Promise<void> {
    await this.caughtUp()
    this.#members.delete(member)
    await member.leave()
  }

  async #until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + WITHIN_MS
    while (!(await isSo())) {
      this.#replaceEnded()
      if (Date.now() > deadline) throw new Error(`${this.group}: not within ${WITHIN_MS} ms: ${what}\n${this.#shown()}`)
      await setTimeout(LOOK_EVERY_MS)
    }
  }

  #replaceEnded(): void {
    for (const [member, client] of this.#members) {
      if (!member.hasFailed) continue
      if (!client.isStartedAnewAfter?.test(member.output)) throw new Error(`${member.name} ended by itself:\n${member.output}`)
      this.#members.delete(member)
      member.forget()
      if (this.#replacedCount++ === REPLACED_MAX)
        throw new Error(`${member.name} and those before it ended by themselves:\n${member.output}`)
      this.start(client)
    }
  }

  #shown(): string {
    const telling = this.#log.filter(({ event }) => event !== 'record' && event !== 'committed').slice(-EVENTS_SHOWN)
    const members = this.#all.map(({ name, owned, output }) => `${name} owns ${[...owned].join(',')}; it said:\n${output}`)
    return [...telling.map((event) => JSON.stringify(event)), `processed to ${this.#processedTo.join(',')}`, ...members].join('\n')
  }
}

/** In one millisecond a partition was taken from its owner before it was given to another. */
const rank = ({ event }: GroupEvent): number => (event === 'revoked' ? 0 : 1)
