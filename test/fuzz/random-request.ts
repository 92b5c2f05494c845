// Requests that are well formed and mean anything: the schema decides the shape, a field's name where its value comes from, so that handlers, and not only
// decoders, get to see what nobody would think of. Now and then a list is long, as one is that was made to cost the broker more than its sender.

import { includes, type Api, type Field, type FieldType } from '../../src/wire/schema.ts'
import { below, chance, pick, type Random } from '../support/random.ts'
import { fuzzedTopicNames } from './fuzzed-broker.ts'
import { damagedBatch } from './record-targets.ts'

const TEXTS = [
  '',
  'a',
  '0',
  '-1',
  'constructor',
  '__proto__',
  'toString',
  'größe-主题',
  '.',
  '..',
  '__consumer_offsets',
  'x'.repeat(249),
  'x'.repeat(32767),
]
const CONFIGS = ['cleanup.policy', 'segment.bytes', 'retention.ms', 'compression.type', 'max.message.bytes', 'flush.messages', 'durability']
const CONFIG_VALUES = [
  'compact',
  'delete',
  'compact,delete',
  '0',
  '1',
  '-1',
  '1048576',
  '9223372036854775807',
  'fsync',
  'os',
  'gzip',
  '',
  'é'.repeat(10_000),
]
const INT16S = [0, 1, -1, 2, 4, 0x7fff, -0x8000]
const INT32S = [0, 1, -1, 2, 3, 1000, 0x7fff_ffff, -0x8000_0000]
const INT64S = [0, 1, -1, -2, -3, -4, -5, -6, 10, 1e6, Date.UTC(2026, 0, 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]

export interface RequestWords {
  readonly topicIds: readonly string[]
}

/** Its lists have a few elements; with `longList` the outermost ones have about as many as that. */
export function randomRequest(api: Api, version: number, random: Random, words: RequestWords, longList?: number): unknown {
  return valueOf('', api.request.type, { version, random, words, longList, isShort: longList !== undefined })
}

interface Making {
  readonly version: number
  readonly random: Random
  readonly words: RequestWords
  readonly longList: number | undefined
  /** Of texts: a list is long by its elements, not by theirs. */
  readonly isShort: boolean
}

function valueOf(name: string, type: FieldType, making: Making): unknown {
  const { random } = making
  switch (type.kind) {
    case 'struct':
      return structOf(type.fields, making)
    case 'array':
      return Array.from({ length: lengthOf(making) }, () => valueOf(name, type.element, { ...making, longList: undefined }))
    case 'records':
      return damagedBatch(random)
    case 'bytes':
      return Buffer.from(textOf(name, making))
    case 'string':
      return textOf(name, making)
    case 'uuid':
      return pick(random, ['A'.repeat(22), 'dW5rbm93biB0b3BpYyBpZA', ...making.words.topicIds])
    case 'bool':
      return chance(random, 0.5)
    case 'float64':
      return pick(random, [0, -1, 0.5, NaN, Infinity])
    case 'int8':
      return pick(random, [0, 1, 2, 4, -1, 127, -128])
    case 'int16':
      return pick(random, INT16S)
    case 'uint16':
      return pick(random, [0, 1, 9092, 0xffff])
    case 'int32':
      return /partition|index/i.test(name) && chance(random, 0.8) ? below(random, 3) : pick(random, INT32S)
    case 'int64':
      return chance(random, 0.5) ? below(random, 20) : pick(random, INT64S)
  }
}

function structOf(fields: Readonly<Record<string, Field>>, making: Making): Record<string, unknown> {
  const { random, version } = making
  const value: Record<string, unknown> = {}
  for (const [name, { type, options }] of Object.entries(fields)) {
    if (!includes(options.versions, version)) continue
    const isOptional = options.defaultValue !== undefined || options.tag !== undefined
    if (isOptional && chance(random, 0.3)) continue
    value[name] = includes(options.nullableVersions, version) && chance(random, 0.1) ? null : valueOf(name, type, making)
  }
  return value
}

function lengthOf({ random, longList }: Making): number {
  return longList === undefined ? pick(random, [0, 1, 1, 1, 2, 3]) : below(random, longList)
}

function textOf(name: string, { random, isShort }: Making): string {
  if (chance(random, 0.02)) return `new-${below(random, 20)}`
  if (/^(name|topic|topics|topicNames|resourceName)$/.test(name) && chance(random, 0.7)) return pick(random, fuzzedTopicNames)
  if (/^(name|configurationKeys)$/.test(name) && chance(random, 0.5)) return pick(random, CONFIGS)
  if (isShort || chance(random, 0.2)) return Math.floor(random() * 1e6).toString(36)
  return pick(random, name === 'value' ? CONFIG_VALUES : TEXTS)
}
