import { describe, expect, it } from 'vitest'
import { describeBrokerConfigs, describeClusterConfigs, describeGroupConfigs, describeTopicConfigs } from '../../src/config/describe.ts'
import { resolveBrokerConfig, withDynamicConfigs } from '../../src/config/resolve.ts'

const TOPIC = 1
const DYNAMIC_BROKER = 2
const DYNAMIC_DEFAULT = 3
const BROKER = 4
const DEFAULT = 5
const GROUP = 8

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
    expect(topicConfig('flush.ms').synonyms).toEqual([
      { name: 'log.flush.interval.ms', value: '1000', source: BROKER },
      { name: 'log.flush.scheduler.interval.ms', value: '9223372036854775807', source: DEFAULT },
    ])
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
    expect(names).toHaveLength(35)
    expect(names).toEqual(names.toSorted())
  })
})

describe('a config that was altered while brokers run', () => {
  const altered = withDynamicConfigs(config, { 'log.segment.bytes': '5000000' }, { 'log.segment.bytes': '4000000', 'log.roll.ms': '60000' })
  const segmentBytes = [
    { name: 'log.segment.bytes', value: '5000000', source: DYNAMIC_BROKER },
    { name: 'log.segment.bytes', value: '4000000', source: DYNAMIC_DEFAULT },
    { name: 'log.segment.bytes', value: '3000000', source: BROKER },
    { name: 'log.segment.bytes', value: '1073741824', source: DEFAULT },
  ]
  const find = <T extends { name: string }>(configs: readonly T[], name: string): T => configs.find((row) => row.name === name)!

  it('is in force, that of the broker before that of all, and names every place', () => {
    expect(find(describeBrokerConfigs(altered), 'log.segment.bytes')).toMatchObject({
      value: '5000000',
      configSource: DYNAMIC_BROKER,
      synonyms: segmentBytes,
    })
    expect(find(describeBrokerConfigs(altered), 'log.roll.ms').synonyms).toEqual([
      { name: 'log.roll.ms', value: '60000', source: DYNAMIC_DEFAULT },
      { name: 'log.roll.hours', value: '2', source: BROKER },
      { name: 'log.roll.hours', value: '168', source: DEFAULT },
    ])
  })

  it('is what topics inherit, with its source', () => {
    expect(altered.topicDefaults).toMatchObject({ 'segment.bytes': 5_000_000, 'segment.ms': 60_000, 'flush.ms': 1000 })
    const described = describeTopicConfigs({}, altered)
    expect(find(described, 'segment.bytes')).toMatchObject({ value: '5000000', configSource: DYNAMIC_BROKER, synonyms: segmentBytes })
    expect(find(described, 'segment.ms')).toMatchObject({ value: '60000', configSource: DYNAMIC_DEFAULT })
    expect(find(described, 'flush.ms')).toMatchObject({ value: '1000', configSource: BROKER })
  })

  it('of all brokers is told without the rest', () => {
    expect(describeClusterConfigs({ 'log.roll.ms': '60000', 'of.a.later.version': '1' })).toMatchObject([
      { name: 'log.roll.ms', value: '60000', configSource: DYNAMIC_DEFAULT, readOnly: false, synonyms: [{ source: DYNAMIC_DEFAULT }] },
    ])
  })
})

describe('a described group config', () => {
  it('is the group’s own, or the default under the name that it has for a broker', () => {
    const described = describeGroupConfigs({ 'consumer.session.timeout.ms': '50000' }, resolveBrokerConfig({}).config)
    const names = described.map(({ name }) => name)
    expect(names).toEqual(names.toSorted())
    expect(described.find(({ name }) => name === 'consumer.session.timeout.ms')).toMatchObject({
      value: '50000',
      configSource: GROUP,
      synonyms: [
        { name: 'consumer.session.timeout.ms', value: '50000', source: GROUP },
        { name: 'group.consumer.session.timeout.ms', value: '45000', source: DEFAULT },
      ],
    })
    expect(described.find(({ name }) => name === 'share.isolation.level')).toMatchObject({
      value: 'read_uncommitted',
      configSource: DEFAULT,
    })
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
