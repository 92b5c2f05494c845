import { describe, expect, it } from 'vitest'
import { alterableBrokerConfigs, alterableGroupConfigs, alterableTopicConfigs } from '../../src/config/alterable-configs.ts'
import { resolveBrokerConfig, withDynamicConfigs } from '../../src/config/resolve.ts'
import { changedBy, type ConfigChange, type ConfigTexts, replacedBy } from '../../src/topics/config-edits.ts'
import { Refusal } from '../../src/wire/error-codes.ts'

const { config } = resolveBrokerConfig({ flags: { 'log.cleanup.policy': 'compact', 'log.cleaner.max.compaction.lag.ms': 100 } })
const topics = alterableTopicConfigs(config)
const brokers = alterableBrokerConfigs(config, (texts) => withDynamicConfigs(config, texts, {}))

const change = (name: string, operation: ConfigChange['operation'], value: string | null = null): ConfigChange => ({
  name,
  operation,
  value,
})
const edited = (own: ConfigTexts, ...changes: ConfigChange[]): ConfigTexts => changedBy(changes)(own, topics, 'INVALID_CONFIG')

function refusalOf(edit: () => unknown): string {
  try {
    edit()
    return 'taken'
  } catch (error) {
    if (error instanceof Refusal) return `${error.error}: ${error.message}`
    throw error
  }
}

describe('a change of configs', () => {
  it('sets and deletes what it names, and leaves the rest', () => {
    const own = { 'flush.ms': '5', 'retention.ms': '7' }
    expect(edited(own, change('retention.ms', 'set', ' +8 '), change('flush.ms', 'delete'))).toEqual({ 'retention.ms': '8' })
    expect(edited(own, change('segment.ms', 'delete'), change('of.a.later.version', 'delete', 'x'))).toEqual(own)
    expect(own).toEqual({ 'flush.ms': '5', 'retention.ms': '7' })
  })

  it('replaces everything when that is what is asked', () => {
    const replaced = replacedBy([{ name: 'retention.ms', value: '8' }])({ 'flush.ms': '5' }, topics, 'INVALID_CONFIG')
    expect(replaced).toEqual({ 'retention.ms': '8' })
  })

  it.each<[ConfigTexts, ConfigChange['operation'], string, string]>([
    [{}, 'append', 'delete', 'compact,delete'], // to what is inherited
    [{}, 'subtract', 'compact', ''],
    [{ 'cleanup.policy': 'delete' }, 'append', 'compact,delete', 'delete,compact'],
    [{ 'cleanup.policy': 'delete' }, 'append', 'delete', 'delete'],
    [{ 'cleanup.policy': 'delete' }, 'append', '', 'delete'],
    [{ 'cleanup.policy': '' }, 'append', ' compact ', 'compact'],
    [{ 'cleanup.policy': 'delete,compact' }, 'subtract', 'delete, compact', ''],
    [{ 'cleanup.policy': 'delete' }, 'subtract', 'compact', 'delete'],
  ])('of a list: %j, %s "%s"', (own, operation, value, expected) => {
    expect(edited(own, change('cleanup.policy', operation, value))).toEqual({ 'cleanup.policy': expected })
  })

  it.each<[string, ConfigChange[]]>([
    ['INVALID_REQUEST: a config is named more than once', [change('flush.ms', 'set', '1'), change('flush.ms', 'delete')]],
    ['INVALID_REQUEST: config "flush.ms" has no value', [change('flush.ms', 'set')]],
    ['INVALID_CONFIG: flush.ms is no list', [change('flush.ms', 'append', '1')]],
    ['INVALID_CONFIG: flush.ms must be a whole number', [change('flush.ms', 'set', 'x')]],
    ['INVALID_CONFIG: cleanup.policy must be', [change('cleanup.policy', 'append', 'rot')]],
    ['INVALID_CONFIG: there is no topic config "flush.mss"; did you mean "flush.ms"?', [change('flush.mss', 'set', '1')]],
    [
      'INVALID_CONFIG: min.compaction.lag.ms (101) must not exceed max.compaction.lag.ms (100)',
      [change('min.compaction.lag.ms', 'set', '101')],
    ],
    [
      'INVALID_CONFIG: leader.replication.throttled.replicas must not be longer than 32767 bytes',
      [change('leader.replication.throttled.replicas', 'set', '1:1,'.repeat(9000) + '1:1')],
    ],
  ])('is refused: %s', (sentence, changes) => {
    expect(refusalOf(() => edited({}, change('retention.ms', 'set', '8'), ...changes))).toContain(sentence)
  })
})

describe('a change of broker configs', () => {
  const refusal = (...changes: ConfigChange[]): string => refusalOf(() => changedBy(changes)({}, brokers, 'INVALID_REQUEST'))

  it('is refused for what is settled at the start', () => {
    expect(refusal(change('num.partitions', 'set', '3'))).toBe(
      'INVALID_REQUEST: num.partitions cannot be altered while the broker runs; set it where the broker is started',
    )
    expect(refusal(change('num.partitions', 'delete'))).toBe('taken')
    expect(refusal(change('no.such', 'set', '3'))).toBe('INVALID_REQUEST: there is no broker config "no.such"')
  })

  it('is refused when no topic could live with it', () => {
    expect(refusal(change('log.cleaner.min.compaction.lag.ms', 'set', '101'))).toContain('must not exceed')
    expect(refusal(change('log.cleaner.min.compaction.lag.ms', 'set', '100'))).toBe('taken')
  })

  it('appends to what the broker was started with', () => {
    const edit = changedBy([change('log.cleanup.policy', 'append', 'delete')])
    expect(edit({}, brokers, 'INVALID_REQUEST')).toEqual({ 'log.cleanup.policy': 'compact,delete' })
  })
})

it('a change of group configs knows their names and limits', () => {
  const refusal = (name: string, value: string): string =>
    refusalOf(() => changedBy([change(name, 'set', value)])({}, alterableGroupConfigs(config), 'INVALID_CONFIG'))
  expect(refusal('consumer.session.timeout.ms', '50000')).toBe('taken')
  expect(refusal('consumer.session.timeout.ms', '1')).toContain('INVALID_CONFIG: consumer.session.timeout.ms must be')
  expect(refusal('session.timeout.ms', '50000')).toContain('INVALID_CONFIG: there is no group config')
})

it('the limits of group configs are the broker’s', () => {
  const { config: lenient } = resolveBrokerConfig({ flags: { 'group.consumer.min.session.timeout.ms': 100 } })
  const edit = changedBy([change('consumer.session.timeout.ms', 'set', '100')])
  expect(edit({}, alterableGroupConfigs(lenient), 'INVALID_CONFIG')).toEqual({ 'consumer.session.timeout.ms': '100' })
  expect(refusalOf(() => edit({}, alterableGroupConfigs(config), 'INVALID_CONFIG'))).toBe(
    'INVALID_CONFIG: consumer.session.timeout.ms must be from 45000 to 60000 on this broker, not 100',
  )
})
