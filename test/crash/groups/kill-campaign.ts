// Rounds of a broker's life with groups, each ended by kill -9: members of classic groups and committers without a group commit as fast as they can, in many
// groups. After each start every place must have what was acknowledged last, or what was asked for after that; and whoever was a member of a group that was at
// rest must be one still, in the same generation and with the same part, without joining again.

import { setTimeout } from 'node:timers/promises'
import { createTopics } from '../../../src/wire/messages/create-topics.ts'
import { deleteGroups } from '../../../src/wire/messages/delete-groups.ts'
import { offsetCommit } from '../../../src/wire/messages/offset-commit.ts'
import { offsetFetch } from '../../../src/wire/messages/offset-fetch.ts'
import { errorName } from '../../../src/wire/error-codes.ts'
import { type OttlaProcess, startOttla } from '../../support/broker-process.ts'
import { ClassicMember } from '../../support/classic-member.ts'
import { chance, type Random, randomFrom } from '../../support/random.ts'
import { ConnectionClosed, WireConnection } from '../../support/wire-connection.ts'
import { Account, type Given } from './account.ts'

const TOPIC = 'load'
const PARTITION_COUNT = 4
const GROUP_COUNT = 10
const MEMBERS_PER_GROUP = 2
const COMMITTER_COUNT = 30
const COMMITS_IN_FLIGHT = 4
const LEAVES = 0.002
const DELETES = 0.01
/** A member that hears of a rebalance late may be out by then. */
const REBALANCED = new Set(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])
const LOAD_MS_MAX = 1500
const FLAGS = [
  'group.initial.rebalance.delay.ms=0',
  'group.min.session.timeout.ms=100',
  'offsets.topic.num.partitions=8',
  'offsets.topic.segment.bytes=1048576',
  'log.cleaner.backoff.ms=100',
  'log.cleaner.min.cleanable.ratio=0.01',
].flatMap((config) => ['--set', config])

export class GroupsKillCampaign {
  readonly figures = { rounds: 0, acknowledgedCommits: 0, judgedPlaces: 0, judgedMembers: 0, deletedGroups: 0, longestRestartMs: 0 }
  readonly #dataFolder: string
  readonly #random: Random
  readonly #account = new Account()
  readonly #groups: ClassicMember[][]
  #broker: OttlaProcess | undefined
  #moment = 0
  #nextOffset = 1

  constructor({ seed, dataFolder }: { readonly seed: number; readonly dataFolder: string }) {
    this.#random = randomFrom(seed)
    this.#dataFolder = dataFolder
    const options = { topic: TOPIC, partitionCount: PARTITION_COUNT, sessionTimeoutMs: 6000, rebalanceTimeoutMs: 400 }
    this.#groups = Array.from({ length: GROUP_COUNT }, (_, index) =>
      Array.from({ length: MEMBERS_PER_GROUP }, () => new ClassicMember({ ...options, groupId: `members-${index}` })),
    )
  }

  /** A sentence for each broken promise that the start of this round showed. */
  async round(): Promise<string[]> {
    const startedMs = performance.now()
    this.#broker = await startOttla({ dataFolder: this.#dataFolder, flags: FLAGS })
    this.figures.longestRestartMs = Math.max(this.figures.longestRestartMs, performance.now() - startedMs)
    const broken = await this.#onConnection(async (connection) => [
      ...(await this.#memberBreaches(connection)),
      ...(await this.#placeBreaches(connection)),
    ])
    if (broken.length > 0) return broken
    if (this.figures.rounds === 0) await this.#onConnection(createTopic)
    const loads = [
      ...this.#groups.flat().map((member) => this.#untilKilled((connection) => this.#live(connection, member))),
      ...Array.from({ length: COMMITTER_COUNT }, (_, index) =>
        this.#untilKilled((connection) => this.#commitOn(connection, `alone-${index}`)),
      ),
    ]
    const loaded = Promise.all(loads)
    loaded.catch(() => undefined) // told when the broker is gone
    await setTimeout(this.#random() * LOAD_MS_MAX)
    await this.#broker.kill()
    await loaded
    this.figures.rounds++
    return []
  }

  get output(): string {
    return this.#broker?.output ?? ''
  }

  async stop(): Promise<void> {
    await this.#broker?.kill()
  }

  async #memberBreaches(connection: WireConnection): Promise<string[]> {
    const broken: string[] = []
    for (const members of this.#groups) {
      if (!isAtRest(members)) continue
      for (const member of members) {
        const answers = [await member.heartbeat(connection), await member.syncAgain(connection)]
        this.figures.judgedMembers++
        const { groupId } = member.options
        if (answers.some((answer) => answer !== 'NONE'))
          broken.push(`${member.memberId} of ${groupId} in generation ${member.generationId} is answered ${answers.join(', then ')}`)
      }
    }
    return broken
  }

  async #placeBreaches(connection: WireConnection): Promise<string[]> {
    const { places } = this.#account
    const groupIds = [...new Set(places.map(({ groupId }) => groupId))]
    const { groups } = await connection.request(offsetFetch, 8, { groups: groupIds.map((groupId) => ({ groupId, topics: null })) })
    const broken = groups.filter(({ errorCode }) => errorCode !== 0).map(({ groupId, errorCode }) => `${groupId}: ${errorName(errorCode)}`)
    const found = new Map(
      groups.flatMap(({ groupId, topics }) =>
        topics.flatMap(({ partitions }) => partitions.map((partition) => [`${groupId} ${partition.partitionIndex}`, partition] as const)),
      ),
    )
    for (const place of places) {
      const { committedOffset = null, metadata = null } = found.get(`${place.groupId} ${place.partitionIndex}`) ?? {}
      const possible = this.#account.possible(place, this.#moment + 1)
      const where = `${place.groupId} has ${committedOffset} of partition ${place.partitionIndex}`
      if (!possible.has(committedOffset)) broken.push(`${where}, not ${[...possible].join(' or ')}`)
      if (committedOffset !== null && metadata !== metadataOf(committedOffset)) broken.push(`${where} with metadata ${metadata}`)
      this.#account.found(place, committedOffset)
      this.figures.judgedPlaces++
    }
    return broken
  }

  /** Commits for its own partitions, joins anew when the group rebalances, and leaves now and then. */
  async #live(connection: WireConnection, member: ClassicMember): Promise<void> {
    const { groupId } = member.options
    for (let partitionIndex = 0; ; partitionIndex = (partitionIndex + 1) % PARTITION_COUNT) {
      if (member.assignment === undefined) await member.join(connection)
      if (chance(this.#random, LEAVES)) {
        await member.leave(connection)
        continue
      }
      const { memberId, generationId } = member
      const error = await this.#commit(connection, { groupId, memberId, generationIdOrMemberEpoch: generationId }, partitionIndex)
      const isOver = partitionIndex === 0 ? await member.heartbeat(connection) : error
      if (error === 'NONE' && isOver === 'NONE') continue
      if (!REBALANCED.has(isOver) && !REBALANCED.has(error)) throw new Error(`a commit of ${memberId} of ${groupId} is answered ${error}`)
      member.assignment = undefined // it joins again
    }
  }

  /** Several at once, of nobody's group, which is deleted now and then. */
  async #commitOn(connection: WireConnection, groupId: string): Promise<void> {
    for (let count = 0; ; count++) {
      if (chance(this.#random, DELETES)) await this.#delete(connection, groupId)
      const commits = Array.from({ length: COMMITS_IN_FLIGHT }, (_, index) =>
        this.#commit(connection, { groupId, memberId: '' }, (count + (index >> 1)) % PARTITION_COUNT),
      )
      for (const error of await Promise.all(commits)) if (error !== 'NONE') throw new Error(`a commit for ${groupId}: ${error}`)
    }
  }

  async #commit(
    connection: WireConnection,
    committer: { groupId: string; memberId: string; generationIdOrMemberEpoch?: number },
    partitionIndex: number,
  ): Promise<string> {
    const offset = this.#nextOffset++
    const partitions = [{ partitionIndex, committedOffset: offset, committedMetadata: metadataOf(offset) }]
    return this.#giving([{ groupId: committer.groupId, topic: TOPIC, partitionIndex, offset }], async () => {
      const { topics } = await connection.request(offsetCommit, 8, { ...committer, topics: [{ name: TOPIC, partitions }] })
      const error = errorName(topics[0]!.partitions[0]!.errorCode)
      if (error === 'NONE') this.figures.acknowledgedCommits++
      return error
    })
  }

  async #delete(connection: WireConnection, groupId: string): Promise<void> {
    const given = this.#account.places.filter((place) => place.groupId === groupId).map((place) => ({ ...place, offset: null }))
    await this.#giving(given, async () => {
      const { results } = await connection.request(deleteGroups, 2, { groupsNames: [groupId] })
      this.figures.deletedGroups++
      const error = errorName(results[0]!.errorCode)
      return error === 'GROUP_ID_NOT_FOUND' ? 'NONE' : error
    })
  }

  async #giving(given: readonly Given[], ask: () => Promise<string>): Promise<string> {
    const events = this.#account.asked(given, ++this.#moment)
    const error = await ask()
    this.#moment++
    for (const event of events) {
      event.endedAt = this.#moment
      if (error === 'NONE') event.answeredAt = this.#moment
    }
    return error
  }

  async #untilKilled(live: (connection: WireConnection) => Promise<void>): Promise<void> {
    try {
      await this.#onConnection(live)
    } catch (error) {
      const isGone = error instanceof ConnectionClosed || (error as NodeJS.ErrnoException).code === 'ECONNREFUSED'
      if (!isGone) throw error
    }
  }

  async #onConnection<T>(use: (connection: WireConnection) => Promise<T>): Promise<T> {
    const connection = await WireConnection.connect(this.#broker!.bootstrap)
    try {
      return await use(connection)
    } finally {
      connection.close()
    }
  }
}

/** Everybody has a part of the same generation, and nobody was about to join. */
function isAtRest(members: readonly ClassicMember[]): boolean {
  return members.every(({ assignment, generationId }) => assignment !== undefined && generationId === members[0]!.generationId)
}

const metadataOf = (offset: number): string => `at ${offset}`

async function createTopic(connection: WireConnection): Promise<void> {
  await connection.request(createTopics, 7, {
    topics: [{ name: TOPIC, numPartitions: PARTITION_COUNT, replicationFactor: 1, assignments: [], configs: [] }],
  })
}
