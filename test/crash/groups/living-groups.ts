// Groups that commit, on a broker without sockets whose power may fail: what is asked of it, and what it answers, goes into an account of what each place was
// given, and when.

import type { Storage } from '../../../src/broker-storage.ts'
import type { Disk } from '../../../src/disk/disk.ts'
import { GroupCoordinator } from '../../../src/groups/coordinator.ts'
import { commitOffsets } from '../../../src/groups/offsets/commit-offsets.ts'
import { randomUuid } from '../../../src/topics/data-folder.ts'
import { Refusal } from '../../../src/wire/error-codes.ts'
import { silent } from '../../support/log-services.ts'
import type { ManualClock } from '../../support/manual-clock.ts'
import { settled } from '../../support/test-log.ts'
import { openOn } from '../power/living-broker.ts'
import { Account, type Given, type Place } from './account.ts'

const RETENTION_MS = 60_000
const TICK_MS = 250
const REST_MS = 3000 // a shard whose log failed rests a second
const TRIES = 3 // the last after a restart
const FLAGS = {
  'offsets.topic.num.partitions': 2,
  'log.roll.ms': 1000,
  'log.cleaner.min.cleanable.ratio': 0.01,
  'offsets.retention.minutes': RETENTION_MS / 60_000,
  'offsets.retention.check.interval.ms': 1000,
}

export interface Life {
  readonly disk: Disk
  readonly clock: ManualClock
  readonly account: Account
  readonly position: () => number
  /** The disk fails on the way: what is refused is asked for again, after a while, and again after a restart. */
  readonly isTroubled?: boolean
}

export class LivingGroups {
  readonly #life: Life
  #storage!: Storage
  #groups!: GroupCoordinator
  #restarting: Promise<void> | undefined

  private constructor(life: Life) {
    this.#life = life
  }

  static async start(life: Life): Promise<LivingGroups> {
    const groups = new LivingGroups(life)
    await attemptAgain(() => groups.#start())
    return groups
  }

  async createTopic(name: string): Promise<void> {
    await this.#giving([], async () => {
      if (this.#storage.catalog.has(name)) return
      const [topic] = await this.#storage.catalog.create([{ name, partitionCount: 2, replicationFactor: -1, assignments: [], configs: {} }])
      if (topic instanceof Refusal) throw topic
    })
  }

  /** All that any group has for the topic goes with it. */
  async deleteTopic(name: string): Promise<void> {
    const lost = this.#life.account.places.filter(({ topic }) => topic === name)
    await this.#giving(emptied(lost), async () => {
      const { catalog } = this.#storage
      if (catalog.has(name)) await catalog.delete(catalog.byName(name))
    })
  }

  /** One request of somebody who is no member. Rejects with a Refusal, as all that follow do. */
  commit(groupId: string, topic: string, offsets: Readonly<Record<number, number>>): Promise<void> {
    const given = Object.entries(offsets).map(([index, offset]) => ({ groupId, topic, partitionIndex: Number(index), offset }))
    const committer = { memberId: '', groupInstanceId: null, generationId: -1, apiVersion: 9 }
    return this.#giving(given, async () => {
      const topicId = this.#storage.catalog.byName(topic).id
      const asked = given.map((one) => ({ ...one, topicId, leaderEpoch: -1, metadata: 'm'.repeat(one.offset % 50) }))
      await commitOffsets(await this.#groups.shardOf(groupId), { groupId, committer, retentionTimeMs: -1, offsets: asked })
    })
  }

  deleteOffset(groupId: string, topic: string, partitionIndex: number): Promise<void> {
    const place = { groupId, topic, partitionIndex }
    return this.#giving(emptied([place]), async () => (await this.#groups.shardOf(groupId)).offsets.delete([place]))
  }

  deleteGroup(groupId: string): Promise<void> {
    const lost = this.#life.account.places.filter((place) => place.groupId === groupId)
    return this.#giving(emptied(lost), async () => {
      const shard = await this.#groups.shardOf(groupId)
      if (shard.groups.has(groupId)) await shard.delete(groupId)
    })
  }

  /** What has been committed so far expires. */
  async expire(): Promise<void> {
    const { places } = this.#life.account
    await this.#giving(emptied(places), async () => {
      await this.pass(RETENTION_MS, RETENTION_MS / 20)
      await this.pass(REST_MS)
      for (const place of places) if ((await this.found(place)) !== null) throw new Refusal('COORDINATOR_NOT_AVAILABLE', 'not expired')
    })
  }

  async pass(ms: number, tickMs = TICK_MS): Promise<void> {
    await settled()
    for (let left = ms; left > 0; left -= tickMs) {
      this.#life.clock.advance(Math.min(left, tickMs))
      await settled()
    }
  }

  /** What the group has; null for nothing. Rejects with a Refusal where its partition is not there. */
  async found(place: Place): Promise<number | null> {
    const { catalog } = this.#storage
    const { committed } = (await this.#groups.shardOf(place.groupId)).offsets
    return (catalog.has(place.topic) && committed.get(place, catalog.byName(place.topic).id)?.offset) || null
  }

  /** Topics that are not there any more, and of which a group has something still. */
  async leftovers(groupId: string): Promise<string[]> {
    const { committed } = (await this.#groups.shardOf(groupId)).offsets
    await settled()
    return [...committed.of(groupId).keys()].filter((topic) => !this.#storage.catalog.has(topic))
  }

  async stop(): Promise<void> {
    await this.#groups.close()
    await this.#storage.close()
  }

  async restart(): Promise<void> {
    await this.stop().catch(() => undefined)
    await attemptAgain(() => this.#start())
  }

  async #start(): Promise<void> {
    const { disk, clock } = this.#life
    this.#storage = await openOn(disk, clock, FLAGS)
    const { dynamicConfigs, catalog, records, services } = this.#storage
    const { turnShare } = services
    const parts = { clock, turnShare, diagnostics: silent, config: dynamicConfigs.config, catalog, records, randomId: randomUuid }
    this.#groups = new GroupCoordinator({ ...parts, groupConfig: () => ({}) })
    this.#groups.start()
    await settled() // what a crash left of deleted topics is removed
  }

  async #giving(given: readonly Given[], ask: () => Promise<unknown>): Promise<void> {
    const { account, position, isTroubled = false } = this.#life
    for (let triesLeft = isTroubled ? TRIES : 0; ; triesLeft--) {
      const events = account.asked(given, position())
      try {
        await ask()
        for (const event of events) event.answeredAt = event.endedAt = position()
        return
      } catch (error) {
        for (const event of events) event.endedAt = position()
        if (triesLeft === 0) throw error
      }
      if (triesLeft === 1) await (this.#restarting ??= this.restart().finally(() => (this.#restarting = undefined)))
      else await this.pass(REST_MS)
    }
  }
}

const emptied = (places: readonly Place[]): Given[] =>
  places.map(({ groupId, topic, partitionIndex }) => ({ groupId, topic, partitionIndex, offset: null }))

async function attemptAgain(action: () => Promise<void>): Promise<void> {
  await action().catch(action)
}

/** What is wrong with what is there after a life that ended at `position`. */
export async function faultsOf(groups: LivingGroups, account: Account, position: number): Promise<string[]> {
  const faults: string[] = []
  for (const place of account.places) {
    const found = await groups.found(place)
    const possible = account.possible(place, position)
    if (!possible.has(found))
      faults.push(`${place.groupId} has ${found} of ${place.topic}-${place.partitionIndex}, not ${[...possible].join(' or ')}`)
  }
  const groupIds = new Set(account.places.map(({ groupId }) => groupId))
  for (const groupId of groupIds)
    for (const topic of await groups.leftovers(groupId)) faults.push(`${groupId} has something of ${topic}, which was deleted`)
  return faults
}
