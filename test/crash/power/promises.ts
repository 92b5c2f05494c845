// What happened in a broker's life, each at its position on the disk's way (fault-disk.ts), and so what holds for one that ended at any of them: what was
// asked for may be there, what was answered must be.

export interface TopicEvent {
  readonly name: string
  readonly id: string
  readonly partitionCount: number
}

export interface AppendEvent {
  readonly topicId: string
  readonly partition: number
  readonly baseOffset: number
  /** One a record; `<key>=<text>` with a key, `<key>` for a tombstone. */
  readonly values: readonly string[]
  /** As it was sent, to be sent again. */
  readonly bytes: Buffer
  readonly isIdempotent: boolean
}

interface Timed {
  readonly askedAt: number
  /** Infinity: never. */
  answeredAt: number
}

export class Promises {
  readonly created: (TopicEvent & Timed)[] = []
  readonly deleted: ({ readonly id: string } & Timed)[] = []
  /** Of a topic in a mode that promises less than `fsync`, an append is answered when it is known to be synced. */
  readonly appends: (AppendEvent & Timed)[] = []
  readonly deletedRecords: ({ readonly topicId: string; readonly partition: number; readonly offset: number } & Timed)[] = []
  readonly altered: ({ readonly topicId: string; readonly name: string; readonly value: string } & Timed)[] = []
  /** What readers of `fsync` topics could see. */
  readonly shown: { readonly topicId: string; readonly partition: number; readonly highWatermark: number; readonly at: number }[] = []
  readonly leaderEpochs: { readonly leaderEpoch: number; readonly at: number }[] = []
  readonly producerIds: { readonly producerId: number; readonly at: number }[] = []

  /** Everything that was appended so far is synced. */
  allSynced(at: number): void {
    for (const append of this.appends) append.answeredAt = Math.min(append.answeredAt, at)
  }
}

export const isAsked =
  (position: number) =>
  ({ askedAt }: Timed): boolean =>
    askedAt < position

export const isAnswered =
  (position: number) =>
  ({ answeredAt }: Timed): boolean =>
    answeredAt <= position
