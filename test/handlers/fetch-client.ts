// A client of Fetch for tests: it keeps a session going as real ones do, and tells what it was answered in few words.

import type { Infer } from '../../src/wire/schema.ts'
import { errorName } from '../../src/wire/error-codes.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { batchOf, openServices, type TestServices } from '../support/test-services.ts'

export type Response = Infer<typeof fetch.response>

export interface AskedOf {
  readonly topic: string
  readonly partition?: number
  readonly offset?: number
  readonly maxBytes?: number
}

interface Limits {
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly isolationLevel?: number
  readonly signal?: AbortSignal
}

const VERSION = 12

export const topicsOf = (asked: readonly AskedOf[]) =>
  asked.map(({ topic, partition = 0, offset = 0, maxBytes = 1 << 20 }) => ({
    topic,
    partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: maxBytes }],
  }))

let clientCount = 0

/** Each has a connection of its own. */
export class FetchClient {
  readonly #services: TestServices
  readonly #connectionId = ++clientCount
  sessionId = 0
  epoch = 0

  constructor(services: TestServices) {
    this.#services = services
  }

  async fetch(asked: readonly AskedOf[], { signal, ...limits }: Limits = {}, forgotten: readonly AskedOf[] = []): Promise<Response> {
    const { sessionId, epoch: sessionEpoch } = this
    const forgottenTopicsData = forgotten.map(({ topic, partition = 0 }) => ({ topic, partitions: [partition] }))
    const request = { maxWaitMs: 0, minBytes: 1, sessionId, sessionEpoch, topics: topicsOf(asked), forgottenTopicsData, ...limits }
    this.epoch++
    const response = await this.#services.ask(fetch, VERSION, request, { signal, connectionId: this.#connectionId })
    if (sessionEpoch === 0) this.sessionId = response.sessionId
    return response
  }

  /** What `fetch` gives, in words. */
  async told(...request: Parameters<FetchClient['fetch']>): Promise<string[]> {
    return wordsOf(await this.fetch(...request))
  }
}

/** `a-0 10` is a partition's high watermark, `a-0 10 +5` with so many records before it, `a-0 OFFSET_OUT_OF_RANGE` an error; an error of all stands alone. */
export function wordsOf({ errorCode, responses }: Response): string[] {
  if (errorCode !== 0) return [errorName(errorCode)]
  return responses.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => {
      const { records } = partition
      const name = `${topic}-${partition.partitionIndex}`
      if (partition.errorCode !== 0) return `${name} ${errorName(partition.errorCode)}`
      const count = records === null || records.length === 0 ? '' : ` +${partition.highWatermark - Number(records.readBigInt64BE(0))}`
      return `${name} ${partition.highWatermark}${count}`
    }),
  )
}

/** One batch of one record. */
export async function appendTo({ records, catalog }: TestServices, topic: string, partitionIndex = 0, value = 'value'): Promise<void> {
  const { results } = await records.append({
    transactionalId: null,
    allowsZstd: true,
    timeoutMs: 1000,
    appends: [{ topicId: catalog.byName(topic).id, partitionIndex, records: await batchOf([value]) }],
  })
  await results
}

/** Long enough for everything that is not waiting to be done. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

/** A topic `a`, a client, and what appends a record to `a`. */
export async function openFetching(partitionCount = 2, flags: Record<string, number> = {}) {
  const services = await openServices(flags)
  await services.createTopic('a', partitionCount)
  return { services, client: new FetchClient(services), append: (partition = 0) => appendTo(services, 'a', partition) }
}

/** All partitions of `a`. */
export const all = (partitionCount: number, offset = 0) =>
  Array.from({ length: partitionCount }, (_, partition) => ({ topic: 'a', partition, offset }))
