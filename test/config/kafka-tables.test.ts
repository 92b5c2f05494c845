// Our tables against Kafka's own (test/config/data, as a Kafka 4.3.1 reports them). Limits are compared by trying values at, and beside, each of them.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { brokerConfigs } from '../../src/config/broker-configs.ts'
import { groupConfigs } from '../../src/config/group-configs.ts'
import type { Row } from '../../src/config/row-kinds.ts'
import { topicConfigs } from '../../src/config/topic-configs.ts'

interface KafkaRow {
  name: string
  type: string
  default?: string | null
  valid?: string
  required?: boolean
}

const table = (file: string): Map<string, KafkaRow> => {
  const rows = JSON.parse(readFileSync(new URL(`data/${file}`, import.meta.url), 'utf8')) as KafkaRow[]
  return new Map(rows.map((row) => [row.name, row]))
}
const kafkaTopicConfigs = table('topic-configs.json')
const kafkaBrokerConfigs = table('broker-configs.json')
const kafkaGroupConfigs = table('group-configs.json')

/** [value, whether Kafka takes it] for every limit in a text such as `[1,...,9] or -1`, `[0,...]`, `[a, b]`. */
function samplesOf({ type, valid = '' }: KafkaRow): [string, boolean][] {
  const range = /^\[(-?\d+),\.\.\.(?:,(-?\d+))?\](?: or (-?\d+))?$/.exec(valid)
  const limits = type === 'LONG' ? [-(2n ** 63n), 2n ** 63n - 1n] : [-(2n ** 31n), 2n ** 31n - 1n]
  const isNumber = type === 'INT' || type === 'LONG'
  if (range !== null || isNumber) {
    const low = BigInt(range?.[1] ?? limits[0]!)
    const high = BigInt(range?.[2] ?? limits[1]!)
    const exception: [string, boolean][] = range?.[3] === undefined ? [] : [[range[3], true]]
    const below: [string, boolean][] = range?.[3] === String(low - 1n) ? [] : [[String(low - 1n), false]]
    const fraction: [string, boolean][] = isNumber ? [[`${low}.5`, false]] : []
    return [
      [String(low), true],
      [String(high), true],
      [String(high + 1n), false],
      ['', false],
      ['x', false],
      ...exception,
      ...below,
      ...fraction,
    ]
  }
  if (type === 'BOOLEAN')
    return [
      ['true', true],
      ['FALSE', true],
      [' true ', true],
      ['yes', false],
      ['1', false],
      ['', false],
    ]
  const choices = /^\[([a-zA-Z0-9, ]+)\]$/.exec(valid)?.[1]?.split(', ') ?? []
  return choices.length === 0
    ? []
    : [...choices.map((choice): [string, boolean] => [choice, true]), ['nonsense', false], [choices[0]!.toUpperCase(), false]]
}

describe('the topic configs', () => {
  /** Kafka describes it as any boolean, and then refuses true where there is no tiered storage. */
  const stricterThanKafka = new Set(['remote.storage.enable'])

  it('are Kafka’s, and those of durability', () => {
    expect(Object.keys(topicConfigs)).toEqual([...kafkaTopicConfigs.keys(), 'durability', 'durability.interval.ms'].sort())
  })

  it.each([...kafkaTopicConfigs.values()])('have Kafka’s type and default: $name', ({ name, type, default: byDefault }) => {
    const row = (topicConfigs as Record<string, Row<unknown>>)[name]!
    expect({ type: row.type, default: row.default }).toEqual({ type, default: byDefault })
    expect(row.read(row.default!)?.text).toBe(row.default)
  })

  it.each([...kafkaTopicConfigs.values()].filter(({ name }) => !stricterThanKafka.has(name)))('have Kafka’s limits: $name', (kafkaRow) => {
    const row = (topicConfigs as Record<string, Row<unknown>>)[kafkaRow.name]!
    for (const [text, isTaken] of samplesOf(kafkaRow)) expect([text, row.read(text) !== undefined]).toEqual([text, isTaken])
  })

  it('are described to people', () => {
    for (const row of Object.values<Row<unknown>>(topicConfigs)) expect(row.doc).toMatch(/^[A-Z`].*\.$/)
  })
})

describe('the broker configs', () => {
  const ours = [
    'durability',
    'durability.interval.ms',
    'host',
    'journal.checkpoint.interval.ms',
    'journal.max.bytes',
    'log.format',
    'log.level',
    'max.decompressed.batch.bytes',
    'min.free.bytes',
    'port',
    'queued.max.response.bytes',
    'scrub.bytes.per.second',
    'scrub.interval.ms',
    'storage',
  ]
  /** Where our default is another, and why. */
  const otherDefaults = new Map([
    ['listeners', 'PLAINTEXT://localhost:9092'], // started without authentication: loopback only until told otherwise
    ['log.dirs', './ottla-data'], // Kafka has none, and uses log.dir
    ['node.id', '1'], // Kafka wants one to be given
    ['log.cleaner.dedupe.buffer.size', '67108864'], // Kafka: 128 MB, from the start on; ours is there while a compaction runs
    ['controller.listener.names', ''], // Kafka wants one to be given
    ['queued.max.request.bytes', '67108864'], // Kafka: no limit, which a few clients with half a request each can make use of
    ['socket.listen.backlog.size', '4096'], // Kafka: 50, of which 2,000 clients that come at once make ones that wait for seconds
  ])
  const otherLimits = new Set([
    'default.replication.factor',
    // Kafka limits the topic config, and not the broker's default of it
    'log.flush.interval.ms',
    'log.flush.scheduler.interval.ms',
    'log.retention.ms',
    'log.roll.jitter.ms',
    'log.roll.ms',
    'offsets.topic.segment.bytes', // less than segment.bytes may be Kafka takes, and then has no coordinator, as its topic cannot be made
  ])
  const shared = [...brokerConfigs.keys()].filter((name) => kafkaBrokerConfigs.has(name))

  it('are Kafka’s but for a few of ours', () => {
    expect([...brokerConfigs.keys()].filter((name) => !kafkaBrokerConfigs.has(name))).toEqual(ours)
  })

  it.each(shared)('have Kafka’s type and default: %s', (name) => {
    const kafkaRow = kafkaBrokerConfigs.get(name)!
    const row = brokerConfigs.get(name)!
    expect({ type: row.type, default: row.default }).toEqual({ type: kafkaRow.type, default: otherDefaults.get(name) ?? kafkaRow.default })
  })

  it.each(shared.filter((name) => !otherLimits.has(name)))('have Kafka’s limits: %s', (name) => {
    for (const [text, isTaken] of samplesOf(kafkaBrokerConfigs.get(name)!)) {
      expect([text, brokerConfigs.get(name)!.read(text) !== undefined]).toEqual([text, isTaken])
    }
  })

  it('are, for every topic config that has one, its default', () => {
    for (const [name, row] of Object.entries<Row<unknown>>(topicConfigs)) {
      if (row.broker === undefined) continue
      expect([name, brokerConfigs.get(row.broker)?.default]).toEqual([name, row.brokerInstead === undefined ? row.default : null])
      expect([name, Object.keys(row.brokerInstead ?? {}).every((other) => brokerConfigs.has(other))]).toEqual([name, true])
    }
  })
})

describe('the group configs', () => {
  it('are Kafka’s, with its types and defaults', () => {
    const ours = Object.entries<Row<unknown>>(groupConfigs).map(([name, row]) => ({ name, type: row.type, default: row.default }))
    expect(ours).toEqual([...kafkaGroupConfigs.values()].map(({ name, type, default: byDefault }) => ({ name, type, default: byDefault })))
  })

  it('take their defaults, and are described to people', () => {
    for (const [name, row] of Object.entries<Row<unknown>>(groupConfigs)) {
      expect([name, row.read(row.default!)?.text]).toEqual([name, row.default])
      expect(row.doc).toMatch(/^[A-Z`].*\.$/)
    }
  })
})
