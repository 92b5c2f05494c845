// Who leads a partition, and where brokers are reached. One broker leads everything today; everybody asks here all the same and never assumes it.

import { Refusal } from '../wire/error-codes.ts'
import type { Topic } from './catalog.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface PlacementOptions {
  readonly brokerId: number
  readonly clusterId: string
  /** Raised at every start, so that clients notice what a crash may have cut off (KIP-320). */
  readonly leaderEpoch: number
  /** By listener name; for a listener that is not in it, the address on which the client reached us. */
  readonly advertised: ReadonlyMap<string, Endpoint>
}

/** What Placement needs to know of the connection that asks. */
export interface Via {
  readonly listenerName: string
  readonly localAddress: string
  readonly localPort: number
}

export class Placement {
  readonly brokerId: number
  readonly clusterId: string
  readonly leaderEpoch: number
  /** Who keeps each partition: one array for all of them, since an answer may tell of 10,000. */
  readonly replicas: readonly number[]
  readonly #advertised: ReadonlyMap<string, Endpoint>

  constructor(options: PlacementOptions) {
    this.brokerId = options.brokerId
    this.clusterId = options.clusterId
    this.leaderEpoch = options.leaderEpoch
    this.replicas = [options.brokerId]
    this.#advertised = options.advertised
  }

  get controllerId(): number {
    return this.brokerId
  }

  /** Every broker, as a client of that connection can reach it. */
  brokers(via: Via): { nodeId: number; host: string; port: number }[] {
    const { host, port } = this.#advertised.get(via.listenerName) ?? { host: via.localAddress, port: via.localPort }
    return [{ nodeId: this.brokerId, host, port }]
  }

  /**
   * Throws UNKNOWN_TOPIC_OR_PARTITION when the topic has no such partition, FENCED_LEADER_EPOCH or UNKNOWN_LEADER_EPOCH when the client's view of its
   * leader is not ours; -1 is no view.
   */
  checkLeader({ partitionCount }: Pick<Topic, 'partitionCount'>, partitionIndex: number, currentLeaderEpoch: number): void {
    if (partitionIndex < 0 || partitionIndex >= partitionCount) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
    if (currentLeaderEpoch === -1 || currentLeaderEpoch === this.leaderEpoch) return
    throw new Refusal(currentLeaderEpoch < this.leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH')
  }
}
