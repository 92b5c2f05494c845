// What becomes of committed offsets that nobody needs: those of a deleted topic go at once, those of groups without members after `offsets.retention.minutes`,
// and with the last of them the group. One timer for all groups.

import type { BrokerConfig } from '../../config/resolve.ts'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Diagnostics } from '../../lib/diagnostics.ts'
import { Mutex } from '../../lib/mutex.ts'
import type { TurnShare } from '../../lib/turn-share.ts'
import type { Catalog } from '../../topics/catalog.ts'
import { attempt, attemptLater } from '../../wire/attempt.ts'
import { Refusal } from '../../wire/error-codes.ts'
import type { Group } from '../group.ts'
import type { Shard } from '../shard.ts'
import { type CommittedOffset, isOf, type OffsetPlace } from './committed-offsets.ts'
import { isExpired } from './offset-expiry.ts'

const MINUTE_MS = 60_000
const GROUPS_AT_ONCE = 1000 // they share batches

interface OffsetUpkeepOptions {
  readonly clock: Clock
  readonly turnShare: TurnShare
  readonly diagnostics: Diagnostics
  readonly config: BrokerConfig
  readonly catalog: Catalog
  readonly shards: () => Promise<readonly Shard[]>
}

export class OffsetUpkeep {
  readonly #options: OffsetUpkeepOptions
  readonly #mutex = new Mutex()
  #timer: Timer | undefined
  #isRemovalComing = false
  #isStopped = false

  constructor(options: OffsetUpkeepOptions) {
    this.#options = options
  }

  start(): void {
    this.#options.catalog.whenDeleted(() => this.#removeSoon())
    this.#expireLater()
  }

  /** What a crash left of deleted topics goes. */
  loaded(shard: Shard): void {
    void this.#mutex.run(() => this.#inEach([shard], removeOfDeletedTopics))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#mutex.run(async () => undefined) // what is under way ends
  }

  /** Once for all topics that are deleted until then. */
  #removeSoon(): void {
    if (this.#isRemovalComing) return
    this.#isRemovalComing = true
    void this.#mutex.run(async () => {
      this.#isRemovalComing = false
      await this.#inEach(await this.#options.shards(), removeOfDeletedTopics)
    })
  }

  #expireLater(): void {
    const { clock, config, shards } = this.#options
    this.#timer = clock.after(config['offsets.retention.check.interval.ms'], () => {
      void this.#mutex.run(async () => this.#inEach(await shards(), expire))
      this.#expireLater()
    })
  }

  async #inEach(shards: readonly Shard[], work: (shard: Shard, options: OffsetUpkeepOptions) => Promise<void>): Promise<void> {
    for (const shard of shards) {
      if (this.#isStopped) return
      const result = await attemptLater(() => work(shard, this.#options))
      if (result instanceof Refusal) this.#options.diagnostics.warn('committed offsets could not be removed', { error: result.message })
    }
  }
}

async function removeOfDeletedTopics(shard: Shard, { catalog, turnShare }: OffsetUpkeepOptions): Promise<void> {
  const isOfLiving = (topic: string, committed: CommittedOffset): boolean => catalog.has(topic) && isOf(committed, catalog.byName(topic).id)
  await remove(shard, turnShare, ({ topic }, committed) => !isOfLiving(topic, committed))
}

/** And with the last of them, groups without members. */
async function expire(shard: Shard, { clock, config, turnShare }: OffsetUpkeepOptions): Promise<void> {
  const nowMs = clock.now()
  const retentionMs = config['offsets.retention.minutes'] * MINUTE_MS
  await remove(shard, turnShare, ({ topic }, committed, group) => isExpired(group, topic, committed, nowMs, retentionMs))
  const isDone = ({ groupId, emptySinceMs }: Group): boolean =>
    shard.groups.has(groupId) && emptySinceMs !== undefined && !shard.offsets.has(groupId)
  await turnShare.each([...shard.groups.values()], GROUPS_AT_ONCE, async (group) => {
    if (isDone(group) && mayGo(group)) await shard.delete(group.groupId, 'the last offset of the group has expired')
  })
}

const mayGo = (group: Group): boolean => !(attempt(() => group.checkDelete()) instanceof Refusal)

/** Of each group what is meant goes as soon as it is found: what is committed after that stays. */
async function remove(
  shard: Shard,
  turnShare: TurnShare,
  isMeant: (place: OffsetPlace, committed: CommittedOffset, group: Group) => boolean,
): Promise<void> {
  await turnShare.each([...shard.groups.values()], GROUPS_AT_ONCE, (group) =>
    shard.offsets.delete(shard.offsets.places(group.groupId, (place, committed) => isMeant(place, committed, group))),
  )
}
