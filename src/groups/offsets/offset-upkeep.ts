// What becomes of committed offsets that nobody needs: those of a deleted topic go at once, those of groups without members after `offsets.retention.minutes`,
// and with the last of them the group. One timer for all groups.

import type { BrokerConfig } from '../../config/resolve.ts'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Diagnostics } from '../../lib/diagnostics.ts'
import { Mutex } from '../../lib/mutex.ts'
import type { Catalog } from '../../topics/catalog.ts'
import { attempt, attemptLater } from '../../wire/attempt.ts'
import { Refusal } from '../../wire/error-codes.ts'
import type { Group } from '../group.ts'
import type { Shard } from '../shard.ts'
import { type CommittedOffset, isOf, type OffsetPlace } from './committed-offsets.ts'
import { deletions } from './group-offsets.ts'

const MINUTE_MS = 60_000

interface OffsetUpkeepOptions {
  readonly clock: Clock
  readonly diagnostics: Diagnostics
  readonly config: BrokerConfig
  readonly catalog: Catalog
  readonly shards: () => Promise<readonly Shard[]>
}

export class OffsetUpkeep {
  readonly #options: OffsetUpkeepOptions
  #timer: Timer | undefined
  readonly #mutex = new Mutex()
  #isStopped = false

  constructor(options: OffsetUpkeepOptions) {
    this.#options = options
  }

  start(): void {
    const { catalog } = this.#options
    catalog.whenDeleted((topic) =>
      this.#inTurn((shard) => removeOffsetsOf(shard, (place, committed) => place.topic === topic.name && isOf(committed, topic.id))),
    )
    this.#inTurn((shard) => removeOffsetsOf(shard, (place, committed) => !isOfLiving(catalog, place.topic, committed))) // what a crash left of deleted topics
    this.#later()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#mutex.run(async () => undefined) // what is under way ends
  }

  #later(): void {
    const { clock, config } = this.#options
    this.#timer = clock.after(config['offsets.retention.check.interval.ms'], () => {
      this.#inTurn((shard) => expire(shard, clock.now(), config['offsets.retention.minutes'] * MINUTE_MS))
      this.#later()
    })
  }

  #inTurn(work: (shard: Shard) => Promise<void>): void {
    void this.#mutex.run(async () => {
      if (this.#isStopped) return
      for (const shard of await this.#options.shards()) {
        const result = await attemptLater(() => work(shard))
        if (result instanceof Refusal) this.#options.diagnostics.warn('committed offsets could not be removed', { error: result.message })
      }
    })
  }
}

async function removeOffsetsOf(shard: Shard, isMeant: (place: OffsetPlace, committed: CommittedOffset) => boolean): Promise<void> {
  for (const groupId of shard.groups.keys()) await shard.offsets.change(deletions(shard.offsets.places(groupId, isMeant)))
}

function isOfLiving(catalog: Catalog, name: string, committed: CommittedOffset): boolean {
  return catalog.has(name) && isOf(committed, catalog.byName(name).id)
}

/** As Kafka does since KIP-211. */
async function expire(shard: Shard, nowMs: number, retentionMs: number): Promise<void> {
  for (const group of Array.from(shard.groups.values())) {
    const { groupId, emptySinceMs } = group
    await shard.offsets.change(
      deletions(shard.offsets.places(groupId, (place, committed) => isExpired(group, place.topic, committed, nowMs, retentionMs))),
    )
    const isDone = emptySinceMs !== undefined && !shard.offsets.has(groupId) && shard.groups.get(groupId) === group
    if (isDone && !(attempt(() => group.checkDelete()) instanceof Refusal)) await shard.delete(groupId)
  }
}

function isExpired(group: Group, topic: string, committed: CommittedOffset, nowMs: number, retentionMs: number): boolean {
  const { commitTimestampMs, expireTimestampMs } = committed
  const { emptySinceMs, protocolType } = group
  if (emptySinceMs === undefined && group.isSubscribedTo(topic)) return false
  if (emptySinceMs === undefined && protocolType !== 'consumer') return false // nobody but the group knows what it reads
  if (expireTimestampMs !== -1) return nowMs >= expireTimestampMs
  const sinceMs = protocolType === '' ? commitTimestampMs : Math.max(commitTimestampMs, emptySinceMs ?? 0)
  return nowMs - sinceMs >= retentionMs
}
