// What consumers say of themselves, against Kafka's own bytes (../data/).

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { subscribedTopics } from '../../../src/groups/protocol/consumer-subscription.ts'
import { CONSUMER_PROTOCOL_SUBSCRIPTION } from '../../../src/wire/consumer-protocol.ts'
import { recordCodec } from '../../../src/wire/compile.ts'
import { Reader } from '../../../src/wire/reader.ts'

interface Golden {
  readonly name: string
  readonly version: number
  readonly value: { readonly topics: string[]; readonly userData: string | null }
  readonly hex: string
}

const golden = readFileSync(new URL('../data/golden-records.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Golden)
  .filter(({ name }) => name === CONSUMER_PROTOCOL_SUBSCRIPTION.name)

const metadata = ({ version, hex }: Golden): Buffer => Buffer.concat([Buffer.from([0, version]), Buffer.from(hex, 'hex')])

describe('the subscription of a consumer', () => {
  it.each(golden)('of version $version is read as Kafka writes it: $value.topics', ({ version, value, hex }) => {
    const { userData, ...read } = recordCodec(CONSUMER_PROTOCOL_SUBSCRIPTION, version).decode(new Reader(Buffer.from(hex, 'hex')))
    expect({ ...read, userData: userData?.toString('base64') ?? null }).toMatchObject(value)
  })

  it('tells its topics in every version, also in those that are not known yet', () => {
    expect(golden.length).toBeGreaterThan(10)
    for (const one of golden) {
      expect(subscribedTopics(metadata(one))).toEqual(one.value.topics)
      expect(subscribedTopics(metadata({ ...one, version: 99 }))).toEqual(one.value.topics)
    }
  })

  it.each(['', '00', '0000', '000000000002', '0000ffffffff', 'ffff00000000ffffffff', '0000000000017fff61'])(
    'tells nothing when it is %j',
    (hex) => {
      expect(subscribedTopics(Buffer.from(hex, 'hex'))).toBeUndefined()
    },
  )
})
