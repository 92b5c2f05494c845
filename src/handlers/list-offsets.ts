// ListOffsets v1-11: the offset for a timestamp, or for one of the special ones.
// - A timestamp answers the first record at or after it; one later than every record answers offset -1 and timestamp -1.
// - Latest (-1) answers the last stable offset to read_committed and the high watermark otherwise.
// - Earliest (-2) and earliest local (-4) answer the log start offset, max timestamp (-3) the record with the largest timestamp.
// - A partition that comes twice in one request is refused, once.
// - A special timestamp below the version that brought it answers UNSUPPORTED_VERSION.
// - Latest tiered (-5) and earliest pending upload (-6) answer -1, there being no tiered storage (KIP-1005).
// Differs from Kafka: an unknown isolation level is read_uncommitted (Kafka: UNKNOWN_SERVER_ERROR).

import type { RecordStore } from '../topics/record-store.ts'
import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { listOffsets as api } from '../wire/messages/list-offsets.ts'
import type { Infer } from '../wire/schema.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import { namedTwice } from './named-twice.ts'
import { perPartition } from './per-partition.ts'
import type { Services } from './services.ts'

const ISOLATION_READ_COMMITTED = 1

interface Asked {
  readonly topicId: string
  readonly partitionIndex: number
  readonly isolationLevel: number
}

interface Found {
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

const NOTHING: Found = { offset: -1, timestamp: -1, leaderEpoch: -1 }

async function at(records: RecordStore, { topicId, partitionIndex }: Asked, offset: number): Promise<Found> {
  return { offset, timestamp: -1, leaderEpoch: await records.epochAt(topicId, partitionIndex, offset) }
}

async function latest(records: RecordStore, asked: Asked): Promise<Found> {
  const { lastStableOffset, highWatermark } = await records.bounds(asked.topicId, asked.partitionIndex)
  return at(records, asked, asked.isolationLevel === ISOLATION_READ_COMMITTED ? lastStableOffset : highWatermark)
}

async function earliest(records: RecordStore, asked: Asked): Promise<Found> {
  return at(records, asked, (await records.bounds(asked.topicId, asked.partitionIndex)).logStartOffset)
}

async function ofMaxTimestamp(records: RecordStore, asked: Asked): Promise<Found> {
  return (await records.offsetOfMaxTimestamp(asked.topicId, asked.partitionIndex)) ?? NOTHING
}

async function tiered(): Promise<Found> {
  return NOTHING
}

/** What a special timestamp means, and since which version of the API. */
const SPECIAL_TIMESTAMPS: Readonly<Record<number, { sinceVersion: number; find: (records: RecordStore, asked: Asked) => Promise<Found> }>> =
  {
    [-1]: { sinceVersion: 1, find: latest },
    [-2]: { sinceVersion: 1, find: earliest },
    [-3]: { sinceVersion: 7, find: ofMaxTimestamp },
    [-4]: { sinceVersion: 8, find: earliest },
    [-5]: { sinceVersion: 9, find: tiered },
    [-6]: { sinceVersion: 11, find: tiered },
  }

export function listOffsets({ catalog, placement, records, turnShare }: Services): ServedApi {
  const find = async (asked: Asked, timestamp: number, apiVersion: number): Promise<Found> => {
    if (timestamp >= 0) return (await records.offsetForTimestamp(asked.topicId, asked.partitionIndex, timestamp)) ?? NOTHING
    const special = SPECIAL_TIMESTAMPS[timestamp]
    if (special === undefined || apiVersion < special.sinceVersion) throw new Refusal('UNSUPPORTED_VERSION')
    return special.find(records, asked)
  }

  return handler(api, {
    async handle({ topics, isolationLevel }, { apiVersion }) {
      const asked = eachOnce(topics)
      const answers = await perPartition(asked, turnShare, async ({ name, twice }, { partitionIndex, currentLeaderEpoch, timestamp }) => {
        const found = await attemptLater(() => {
          if (twice.has(partitionIndex)) throw new Refusal('INVALID_REQUEST')
          const topic = catalog.byName(name)
          placement.checkLeader(topic, partitionIndex, currentLeaderEpoch)
          return find({ topicId: topic.id, partitionIndex, isolationLevel }, timestamp, apiVersion)
        })
        return found instanceof Refusal ? refused(partitionIndex, found) : { partitionIndex, errorCode: 0, ...found }
      })
      return { topics: asked.map(({ name }, index) => ({ name, partitions: answers[index]! })) }
    },
    refuse: ({ topics }, refusal) => ({
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => refused(partitionIndex, refusal)),
      })),
    }),
  })
}

type AskedTopic = Infer<typeof api.request>['topics'][number]
type AskedPartition = AskedTopic['partitions'][number]

interface AskedOnce {
  readonly name: string
  readonly partitions: readonly AskedPartition[]
  /** Those that came more than once. */
  readonly twice: ReadonlySet<number>
}

/** A topic may come more than once, with other partitions each time. */
function eachOnce(topics: readonly AskedTopic[]): AskedOnce[] {
  const partitionsByName = new Map<string, AskedPartition[]>()
  for (const { name, partitions } of topics) {
    const earlier = partitionsByName.get(name)
    if (earlier === undefined) partitionsByName.set(name, [...partitions])
    else for (const asked of partitions) earlier.push(asked)
  }
  return [...partitionsByName].map(([name, partitions]) => {
    const twice = namedTwice(partitions, ({ partitionIndex }) => partitionIndex)
    return { name, partitions: twice.size === 0 ? partitions : distinct(partitions), twice }
  })
}

function distinct(partitions: readonly AskedPartition[]): AskedPartition[] {
  return [...new Map(partitions.map((asked) => [asked.partitionIndex, asked])).values()]
}

const refused = (partitionIndex: number, { error }: Refusal) => ({ partitionIndex, errorCode: errorCode(error) })
