// A session looks only at partitions with news. Here it is compared with a model that looks at all of them each time, as KIP-227 is written, over random
// lives: nothing may stay untold, and nothing be told twice.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openServices, type TestServices } from '../support/test-services.ts'
import { appendTo, type AskedOf, FetchClient } from './fetch-client.ts'

const TOPICS = ['a', 'b'] as const
const PARTITION_COUNT = 3

interface ModelLog {
  start: number
  end: number
}

class Model {
  readonly logs = new Map<string, ModelLog>() // by `topic-partition`; those of deleted topics are missing
  readonly #session = new Map<string, { offset: number; toldEnd: number; toldStart: number }>()

  fetch(asked: readonly AskedOf[], forgotten: readonly AskedOf[]): string[] {
    for (const one of asked) {
      const { toldEnd, toldStart } = this.#session.get(nameOf(one)) ?? { toldEnd: -1, toldStart: -1 }
      this.#session.set(nameOf(one), { offset: one.offset ?? 0, toldEnd, toldStart })
    }
    for (const one of forgotten) this.#session.delete(nameOf(one))
    return [...this.#session.keys()].flatMap((name) => this.#tell(name))
  }

  get isEnded(): boolean {
    return this.#session.size === 0
  }

  #tell(name: string): string[] {
    const read = this.#session.get(name)!
    const log = this.logs.get(name)
    const isReadable = log !== undefined && read.offset >= log.start && read.offset <= log.end
    const wasTold = { ...read }
    read.toldEnd = isReadable ? log.end : -1
    read.toldStart = isReadable ? log.start : -1
    if (log === undefined) return [`${name} UNKNOWN_TOPIC_OR_PARTITION`]
    if (!isReadable) return [`${name} OFFSET_OUT_OF_RANGE`]
    if (read.offset < log.end) return [`${name} ${log.end} +${log.end - read.offset}`]
    return wasTold.toldEnd !== log.end || wasTold.toldStart !== log.start ? [`${name} ${log.end}`] : []
  }
}

const nameOf = ({ topic, partition = 0 }: AskedOf): string => `${topic}-${partition}`

const partition = fc.record({ topic: fc.constantFrom(...TOPICS), partition: fc.nat(PARTITION_COUNT - 1) })
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), at: partition }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete records' as const), at: partition, share: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete or create' as const), at: partition }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('fetch' as const),
      // by how much the offset lies below the log's end: mostly at the end, where a client is that has read all
      asked: fc.array(fc.tuple(partition, fc.constantFrom(0, 0, 0, 1, 3, -1)), { maxLength: 4 }),
      forgotten: fc.array(partition, { maxLength: 1 }),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

interface Told {
  readonly told: readonly string[]
  readonly expected: readonly string[]
}
const NOTHING: Told = { told: [], expected: [] }

async function play(services: TestServices, model: Model, client: FetchClient, one: Step): Promise<Told> {
  if (one.kind === 'fetch') {
    const asked = one.asked.map(([at, below]) => ({ ...at, offset: Math.max(0, (model.logs.get(nameOf(at))?.end ?? 0) - below) }))
    const forgotten = one.forgotten.filter((at) => asked.every((other) => nameOf(other) !== nameOf(at)))
    const expected = model.fetch(asked, forgotten)
    const told = await client.told(asked, {}, forgotten)
    return { told: told.toSorted(), expected: expected.toSorted() }
  }
  const log = model.logs.get(nameOf(one.at))
  if (one.kind === 'delete or create') await deleteOrCreate(services, model, one.at.topic)
  else if (log === undefined) return NOTHING
  else if (one.kind === 'append') {
    await appendTo(services, one.at.topic, one.at.partition)
    log.end++
  } else {
    const start = Math.max(log.start, log.end - one.share)
    const found = services.records.partitions.find(({ topic, index }) => topic.name === one.at.topic && index === one.at.partition)!
    await found.use((opened) => opened.advanceLogStartOffset(start))
    log.start = start
  }
  return NOTHING
}

async function deleteOrCreate(services: TestServices, model: Model, topic: string): Promise<void> {
  const isThere = services.catalog.has(topic)
  if (isThere) await services.catalog.delete(services.catalog.byName(topic))
  else await services.createTopic(topic, PARTITION_COUNT)
  for (let index = 0; index < PARTITION_COUNT; index++) {
    if (isThere) model.logs.delete(`${topic}-${index}`)
    else model.logs.set(`${topic}-${index}`, { start: 0, end: 0 })
  }
}

describe('a fetch session that looks only at partitions with news', () => {
  it('tells what one tells that looks at all of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const services = await openServices()
        const model = new Model()
        for (const topic of TOPICS) await deleteOrCreate(services, model, topic)
        const client = new FetchClient(services)
        for (const one of steps) {
          const { told, expected } = await play(services, model, client, one)
          expect(told).toEqual(expected)
          if (model.isEnded) client.epoch = 0
        }
      }),
      { numRuns: 150 },
    )
  })

  it('gives every record once to a client that reads on, however little fits a response', async () => {
    const sizes = fc.record({
      maxBytes: fc.integer({ min: 0, max: 500 }),
      appends: fc.array(fc.array(partition, { maxLength: 6 }), { maxLength: 12 }),
    })
    await fc.assert(
      fc.asyncProperty(sizes, async ({ maxBytes, appends }) => {
        const services = await openServices()
        for (const topic of TOPICS) await services.createTopic(topic, PARTITION_COUNT)
        const offsets = new Map<string, number>(
          TOPICS.flatMap((topic) => [0, 1, 2].map((index) => [nameOf({ topic, partition: index }), 0])),
        )
        const askedOf = (names: Iterable<string>): AskedOf[] =>
          [...names].map((name) => ({ topic: name[0]!, partition: Number(name[2]), offset: offsets.get(name)! }))
        const client = new FetchClient(services)
        let moved: Iterable<string> = offsets.keys()
        const written = new Map<string, number>()
        const rounds = [...appends, ...Array.from({ length: appends.flat().length + 7 }, () => [])]
        for (const round of rounds) {
          for (const at of round) {
            await appendTo(services, at.topic, at.partition)
            written.set(nameOf(at), (written.get(nameOf(at)) ?? 0) + 1)
          }
          const { responses } = await client.fetch(askedOf(moved), { maxBytes })
          const read = responses.flatMap(({ topic, partitions }) =>
            partitions.map((one) => [nameOf({ topic, partition: one.partitionIndex }), batchCount(one.records)] as const),
          )
          for (const [name, count] of read) offsets.set(name, offsets.get(name)! + count)
          moved = read.filter(([, count]) => count > 0).map(([name]) => name)
        }
        for (const [name, offset] of offsets) expect([name, offset]).toEqual([name, written.get(name) ?? 0])
      }),
      { numRuns: 100 },
    )
  })
})

/** Each batch has one record. */
function batchCount(records: Buffer | null): number {
  const bytes = records ?? Buffer.alloc(0)
  let count = 0
  for (let position = 0; position < bytes.length; count++) position += 12 + bytes.readInt32BE(position + 8)
  return count
}
