import { describe, expect, it } from 'vitest'
import { describeBrokerConfigs, describeTopicConfigs } from '../../src/config/describe.ts'
import { resolveBrokerConfig } from '../../src/config/resolve.ts'

const TOPIC = 1
const BROKER = 4
const DEFAULT = 5

const config = resolveBrokerConfig({
  file: { name: 'file', text: 'log.segment.bytes=3000000\nlog.roll.hours=2\nlog.flush.interval.ms=1000\nnode.id=7' },
}).config
const topicConfig = (name: string, overrides = {}) => describeTopicConfigs(overrides, config).find((row) => row.name === name)!
const brokerConfig = (name: string) => describeBrokerConfigs(config).find((row) => row.name === name)!

describe('a described topic config', () => {
  it('of the topic has its text in Kafka’s form, and every place that it could come from', () => {
    expect(topicConfig('segment.bytes', { 'segment.bytes': ' +2000000 ' })).toEqual({
      name: 'segment.bytes',
      value: '2000000',
      readOnly: false,
      isDefault: false,
      configSource: TOPIC,
      isSensitive: false,
      configType: 3,
      documentation: expect.stringContaining('A segment file is closed'),
      synonyms: [
        { name: 'segment.bytes', value: '2000000', source: TOPIC },
        { name: 'log.segment.bytes', value: '3000000', source: BROKER },
        { name: 'log.segment.bytes', value: '1073741824', source: DEFAULT },
      ],
    })
  })

  it('of the broker says so', () => {
    expect(topicConfig('segment.bytes')).toMatchObject({ value: '3000000', configSource: BROKER, isDefault: false })
    expect(topicConfig('segment.ms')).toMatchObject({ value: '7200000', configSource: BROKER })
    expect(topicConfig('flush.ms').synonyms).toEqual([{ name: 'log.flush.interval.ms', value: '1000', source: BROKER }])
  })

  it('of neither is the default, a long beyond 2^53 in full', () => {
    expect(topicConfig('flush.messages')).toMatchObject({
      value: '9223372036854775807',
      configSource: DEFAULT,
      isDefault: true,
      configType: 5,
    })
    expect(topicConfig('min.cleanable.dirty.ratio')).toMatchObject({ value: '0.5', configType: 6 })
    expect(topicConfig('remote.storage.enable')).toMatchObject({ value: 'false', configType: 1, synonyms: [] })
  })

  it('is there for every name, sorted', () => {
    const names = describeTopicConfigs({}, config).map((row) => row.name)
    expect(names).toHaveLength(34)
    expect(names).toEqual(names.toSorted())
  })
})

describe('a described broker config', () => {
  it('says whether it was set', () => {
    expect(brokerConfig('node.id')).toMatchObject({
      value: '7',
      configSource: BROKER,
      readOnly: true,
      synonyms: [{ value: '7' }, { value: '1' }],
    })
    expect(brokerConfig('num.partitions')).toMatchObject({ value: '1', configSource: DEFAULT, isDefault: true })
    expect(brokerConfig('advertised.listeners')).toMatchObject({ value: null, synonyms: [] })
  })

  it('that is a topic’s default can be altered, one that shapes the process cannot', () => {
    expect(brokerConfig('log.segment.bytes').readOnly).toBe(false)
    expect(brokerConfig('log.dirs').readOnly).toBe(true)
  })
})
