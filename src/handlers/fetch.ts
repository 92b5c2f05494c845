// Fetch v4-18: records of many partitions from given offsets, in whole batches.
// - A fetch at an offset inside a batch gets the whole batch. The first batch is answered even when it is larger than every limit.
// - Waits up to maxWaitMs for minBytes; a refused partition, a truncation or the broker's stop ends the wait.
// - A client whose records were truncated is told where (`divergingEpoch`, v12+).
// - read_committed is read_uncommitted up to the last stable offset.
// Differs from Kafka: no fetch sessions yet, so every fetch is a full one and the session id is 0 (KIP-227 allows it). A partition that comes twice is
// answered twice. An unknown isolation level is read_uncommitted (Kafka: UNKNOWN_SERVER_ERROR).

import type { PartitionRead, PartitionRecords } from '../topics/record-store.ts'
import { attempt } from '../wire/attempt.ts'
import { errorCode, type ErrorName, Refusal } from '../wire/error-codes.ts'
import { fetch as api } from '../wire/messages/fetch.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import type { RequestContext, ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type FetchRequest = Infer<typeof api.request>
type AskedTopic = FetchRequest['topics'][number]
type PartitionResponse = Draft<typeof api.response>['responses'][number]['partitions'][number]
const ISOLATION_READ_COMMITTED = 1
/** With these Kafka lists no aborted transactions; with others it has no list. */
const UNKNOWN: ReadonlySet<ErrorName> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID'])

export function fetch({ catalog, placement, records, clock, config }: Services): ServedApi {
  const readOf = (topic: AskedTopic, asked: AskedTopic['partitions'][number], apiVersion: number): PartitionRead | Refusal =>
    attempt(() => {
      const topicId = apiVersion >= 13 ? catalog.byId(topic.topicId).id : catalog.byName(topic.topic).id
      placement.checkLeader(asked.currentLeaderEpoch)
      const { fetchOffset: offset, partitionMaxBytes: maxBytes, lastFetchedEpoch } = asked
      return { topicId, partitionIndex: asked.partition, offset, maxBytes, lastFetchedEpoch }
    })

  /** Reads until there is enough, waiting in between. */
  const readEnough = async (
    reads: readonly PartitionRead[],
    request: FetchRequest,
    isHurried: boolean,
    signal: AbortSignal,
  ): Promise<(PartitionRecords | Refusal)[]> => {
    const deadlineMs = clock.monotonic() + request.maxWaitMs
    const maxBytes = Math.min(request.maxBytes, config['fetch.max.bytes'])
    for (;;) {
      const growth = records.watchGrowth(reads)
      const results = await records.read({ reads, maxBytes })
      const size = results.reduce((sum, result) => sum + (result instanceof Refusal ? 0 : result.size), 0)
      const hasNews = results.some((result) => result instanceof Refusal || result.divergingEpoch !== undefined)
      const waitMs = deadlineMs - clock.monotonic()
      if (isHurried || hasNews || size >= Math.min(request.minBytes, maxBytes) || waitMs <= 0 || signal.aborted) {
        growth.end()
        return results
      }
      await growth.reaches(request.minBytes - size, waitMs, signal)
    }
  }

  return handler(api, {
    async handle(request, { apiVersion, signal }: RequestContext) {
      const isFull = request.sessionEpoch === 0 || request.sessionEpoch === -1 // the first, or the last, of a session
      if (!isFull) return { errorCode: errorCode('FETCH_SESSION_ID_NOT_FOUND'), sessionId: 0, responses: [] }
      const asked = request.topics.map((topic) => topic.partitions.map((partition) => readOf(topic, partition, apiVersion)))
      const reads = asked.flat().filter((read) => !(read instanceof Refusal)) as PartitionRead[]
      const isHurried = reads.length < asked.flat().length || reads.length === 0
      const results = (await readEnough(reads, request, isHurried, signal)).values()
      const isolated = request.isolationLevel === ISOLATION_READ_COMMITTED
      const responses = request.topics.map((topic, index) => ({
        topic: topic.topic,
        topicId: topic.topicId,
        partitions: asked[index]!.map((read, i) => {
          const { partition } = topic.partitions[i]!
          return partitionResponse(partition, read instanceof Refusal ? read : results.next().value!, isolated)
        }),
      }))
      return { errorCode: 0, sessionId: 0, responses }
    },
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), sessionId: 0, responses: [] }),
  })
}

function partitionResponse(partitionIndex: number, result: PartitionRecords | Refusal, isolated: boolean): PartitionResponse {
  if (result instanceof Refusal)
    return {
      partitionIndex,
      errorCode: errorCode(result.error),
      highWatermark: -1,
      abortedTransactions: UNKNOWN.has(result.error) ? [] : null,
      records: [],
    }
  const { highWatermark, lastStableOffset, logStartOffset, chunks, divergingEpoch } = result
  return {
    partitionIndex,
    errorCode: 0,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions: isolated ? [] : null,
    records: chunks,
    ...(divergingEpoch === undefined ? {} : { divergingEpoch }),
  }
}
