// Produce v3-13: appends one record batch to each of the named partitions.
// - Exactly one batch of format v2 per partition; what is wrong with it refuses that partition alone.
// - Batches get their offsets in the order in which the requests arrived on the connection; the answer waits for the durability of the topic.
// - acks=1 waits as acks=all does, there being one replica. acks=0 gets no answer; an error then closes the connection.
// - The next request of the connection starts as soon as the batches have their offsets.
// Differs from Kafka: an unknown codec answers UNSUPPORTED_COMPRESSION_TYPE, and records that cannot be decompressed INVALID_RECORD (Kafka:
// UNKNOWN_SERVER_ERROR). Records out of order, or with the same offset twice, answer INVALID_RECORD (Kafka takes some of them). The log start offset of a
// partition is told with what was appended only.

import type { AppendResult } from '../topics/record-store.ts'
import { attempt } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { produce as api } from '../wire/messages/produce.ts'
import { RefusedRecords } from '../wire/records/refused-records.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import type { Accepted, RequestContext, ServedApi } from './handler.ts'
import { CLOSE_CONNECTION, NO_RESPONSE } from './handler.ts'
import type { Services } from './services.ts'

const ZSTD_SINCE_VERSION = 7 // KIP-110

type ProduceRequest = Infer<typeof api.request>
type ProduceResponse = Draft<typeof api.response>
type TopicResponse = ProduceResponse['responses'][number]
type PartitionResponse = TopicResponse['partitionResponses'][number]

const ADMIN_CLIENT_ID = '__admin_client' // to Kafka, too, the one who may write to internal topics

export function produce({ catalog, records }: Services): ServedApi {
  const topicIdOf = (asked: ProduceRequest['topicData'][number], { apiVersion, clientId }: RequestContext): string | Refusal =>
    attempt(() => {
      const topic = apiVersion >= 13 ? catalog.byId(asked.topicId) : catalog.byName(asked.name)
      if (!topic.isInternal || clientId === ADMIN_CLIENT_ID) return topic.id
      throw new Refusal('INVALID_TOPIC_EXCEPTION', `topic "${topic.name}" is the broker's own`)
    })

  const accept = (request: ProduceRequest, context: RequestContext): Accepted | Promise<Accepted> => {
    const { apiVersion, memory } = context
    const { acks, transactionalId, timeoutMs } = request
    if (acks !== 0 && acks !== 1 && acks !== -1) return { answer: refuseAll(request, new Refusal('INVALID_REQUIRED_ACKS')) }
    const topicIds = request.topicData.map((topic) => topicIdOf(topic, context))
    const appends = request.topicData.flatMap((topic, index) => {
      const topicId = topicIds[index]!
      if (topicId instanceof Refusal) return []
      return topic.partitionData.map((partition) => ({ topicId, partitionIndex: partition.index, records: partition.records }))
    })
    const answerWith = async (results: Promise<readonly (AppendResult | Refusal)[]>): Promise<Accepted['answer']> => {
      const settled = await results
      if (settled.every((result) => !(result instanceof Refusal))) memory.releaseRequest() // what was refused for the time it took may still be written
      const remaining = settled.values()
      const partitionResults = topicIds.map((topicId, index) =>
        request.topicData[index]!.partitionData.map(() => (topicId instanceof Refusal ? topicId : remaining.next().value!)),
      )
      if (acks === 0) return partitionResults.flat().some((result) => result instanceof Refusal) ? CLOSE_CONNECTION : NO_RESPONSE
      const responses = request.topicData.map((topic, index) => topicResponse(topic, partitionResults[index]!))
      return withPartitions(responses)
    }
    const placed = records.append({ transactionalId, timeoutMs, allowsZstd: apiVersion >= ZSTD_SINCE_VERSION, appends })
    return placed instanceof Promise
      ? placed.then(({ results }) => ({ answer: answerWith(results) }))
      : { answer: answerWith(placed.results) }
  }

  return {
    api,
    minVersion: api.minVersion,
    maxVersion: api.maxVersion,
    accept: (request, context) => accept(request as ProduceRequest, context),
    refuse: (request, refusal) =>
      (request as ProduceRequest).acks === 0 ? CLOSE_CONNECTION : refuseAll(request as ProduceRequest, refusal),
  }
}

function refuseAll(request: ProduceRequest, refusal: Refusal): ProduceResponse {
  const responses = request.topicData.map((topic) =>
    topicResponse(
      topic,
      topic.partitionData.map(() => refusal),
    ),
  )
  return withPartitions(responses)
}

/** Topics without partitions are left out. */
const withPartitions = (responses: readonly TopicResponse[]): ProduceResponse => ({
  responses: responses.filter(({ partitionResponses }) => partitionResponses.length > 0),
})

function topicResponse(topic: ProduceRequest['topicData'][number], results: readonly (AppendResult | Refusal)[]): TopicResponse {
  const partitionResponses = topic.partitionData.map(({ index }, i) => partitionResponse(index, results[i]!))
  return { name: topic.name, topicId: topic.topicId, partitionResponses }
}

function partitionResponse(index: number, result: AppendResult | Refusal): PartitionResponse {
  if (result instanceof Refusal) {
    const recordErrors = result instanceof RefusedRecords ? result.recordErrors : []
    return { index, errorCode: errorCode(result.error), baseOffset: -1, errorMessage: result.message, recordErrors }
  }
  const { baseOffset, logAppendTimeMs, logStartOffset } = result
  return { index, errorCode: 0, baseOffset, logAppendTimeMs, logStartOffset }
}
