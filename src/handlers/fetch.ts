// Fetch v4-18: records of many partitions from given offsets, in whole batches.
// - A fetch at an offset inside a batch gets the whole batch. The first batch is answered even when it is larger than every limit.
// - Waits up to maxWaitMs for minBytes; a truncation, the broker's stop and a refusal that the client does not know of yet end the wait.
// - Sessions (KIP-227), by name below version 13 and by topic id from 13 on: an incremental fetch is answered what has records, an error, or another high
//   watermark or log start offset than was told. Partitions that gave records go behind the others, so that none starves.
// - A topic that was deleted and made again under the same name answers INCONSISTENT_TOPIC_ID to a session that knows it by id.
// - A client whose records were truncated is told where (`divergingEpoch`, v12+).
// - read_committed gets nothing at or past the last stable offset.
// - Gets less, or after maxWaitMs no records, while answers that clients have not taken fill `queued.max.response.bytes`.
// Differs from Kafka: once an incremental response is full, the partitions behind wait for the next one with all they have to tell. An unknown topic beside
// others ends the wait the first time. A fetch whose session another request has gone on with is refused at once, not when it would have been answered.
// A session that was never used goes when its connection asks for another. All sessions together keep at most 500,000 partitions: past that, fetches are
// full ones. A request of more than 100,000 partitions answers INVALID_REQUEST. A negative number of bytes is none, and an unknown isolation level
// read_uncommitted (Kafka: UNKNOWN_SERVER_ERROR).

import { errorCode, type ErrorName, Refusal } from '../wire/error-codes.ts'
import { fetch as api } from '../wire/messages/fetch.ts'
import type { Draft } from '../wire/schema.ts'
import { type FetchPartition, type ReadOutcome, sizeOf } from './fetch-partition.ts'
import { readUntilEnough, type Round } from './fetch-reading.ts'
import type { FetchTurn } from './fetch-sessions.ts'
import type { RequestContext, ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type Responses = Draft<typeof api.response>['responses']
type PartitionResponse = Responses[number]['partitions'][number]

const TOPIC_IDS_SINCE_VERSION = 13
const ISOLATION_READ_COMMITTED = 1
const PARTITIONS_MAX = 100_000
/** With these Kafka lists no aborted transactions; with others it has no list. */
const UNKNOWN: ReadonlySet<ErrorName> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID'])

export function fetch(services: Services): ServedApi {
  const { config, fetchSessions, turnShare } = services
  return handler(api, {
    async handle(request, { apiVersion, signal, connection, memory }: RequestContext) {
      checkPartitionCount(request.topics)
      const readCommitted = request.isolationLevel === ISOLATION_READ_COMMITTED
      const turn = fetchSessions.begin(request, apiVersion >= TOPIC_IDS_SINCE_VERSION, connection.id)
      const maxBytes = Math.min(request.maxBytes, config['fetch.max.bytes'])
      const minBytes = Math.min(request.minBytes, maxBytes)
      turn.partitions.begin(readCommitted)
      try {
        const { maxWaitMs } = request
        const round = await readUntilEnough(services, turn, { maxWaitMs, minBytes, maxBytes, readCommitted, signal, memory })
        const responses = new ResponsesByTopic(readCommitted)
        await turnShare.inSteps(round, (read) => {
          if (tell(turn, read)) responses.add(read)
        })
        return { errorCode: 0, sessionId: turn.conclude(), responses: responses.all }
      } finally {
        turn.partitions.rest()
        turn.end()
      }
    },
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), sessionId: 0, responses: [] }),
  })
}

/** A request of 100 MB could name millions: each costs some hundred bytes and microseconds, and half a minute together. */
function checkPartitionCount(topics: readonly { readonly partitions: readonly unknown[] }[]): void {
  const count = topics.reduce((sum, { partitions }) => sum + partitions.length, 0)
  if (count > PARTITIONS_MAX)
    throw new Refusal('INVALID_REQUEST', `a fetch of ${count} partitions: at most ${PARTITIONS_MAX} are read at once`)
}

/** Whether the answer holds it. */
function tell(turn: FetchTurn, { partition, outcome }: Round[number]): boolean {
  const { partitions, isIncremental } = turn
  const isTold = !isIncremental || partition.mustTell(outcome)
  if (isTold) partition.tell(outcome)
  if (isIncremental && sizeOf(outcome) > 0) partitions.moveToEnd(partition)
  if (!turn.isSuperseded()) partitions.settle(partition, outcome) // else another request may have read it since
  return isTold
}

class ResponsesByTopic {
  readonly #readCommitted: boolean
  readonly #byTopic = new Map<FetchPartition['topic'], PartitionResponse[]>()

  constructor(readCommitted: boolean) {
    this.#readCommitted = readCommitted
  }

  add({ partition, outcome }: Round[number]): void {
    let responses = this.#byTopic.get(partition.topic)
    if (responses === undefined) this.#byTopic.set(partition.topic, (responses = []))
    responses.push(partitionResponse(partition.partitionIndex, outcome, this.#readCommitted))
  }

  get all(): Responses {
    return [...this.#byTopic].map(([{ asked }, partitions]) => ({ ...asked, partitions }))
  }
}

function partitionResponse(partitionIndex: number, outcome: ReadOutcome, readCommitted: boolean): PartitionResponse {
  if (outcome instanceof Refusal)
    return {
      partitionIndex,
      errorCode: errorCode(outcome.error),
      highWatermark: -1,
      abortedTransactions: UNKNOWN.has(outcome.error) ? [] : null,
      records: [],
    }
  const { highWatermark, lastStableOffset, logStartOffset, chunks, divergingEpoch } = outcome
  return {
    partitionIndex,
    errorCode: 0,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions: readCommitted ? [] : null,
    records: chunks,
    ...(divergingEpoch === undefined ? {} : { divergingEpoch }),
  }
}
