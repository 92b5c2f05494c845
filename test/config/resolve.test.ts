import { describe, expect, it } from 'vitest'
import { resolveBrokerConfig, resolveTopicConfig, validateTopicConfig, validateTopicConfigs } from '../../src/config/resolve.ts'
import { InvalidConfig } from '../../src/config/row-kinds.ts'

const file = (text: string) => ({ name: 'ottla.properties', text })
const broker = (text: string) => resolveBrokerConfig({ file: file(text) }).config
const plaintext = (host: string, port: number) => ({ name: 'PLAINTEXT', host, port })

describe('a broker config', () => {
  it('has defaults that need no file: loopback, port 9092, a folder beside you, synced', () => {
    const { config, warnings } = resolveBrokerConfig()
    expect(warnings).toEqual([])
    expect(config.listeners).toEqual([plaintext('localhost', 9092)])
    expect(config['advertised.listeners']).toBeNull()
    expect(config['log.dirs']).toBe('./ottla-data')
    expect(config.topicDefaults.durability).toBe('fsync')
    expect(config.given.size).toBe(0)
  })

  it('comes from a flag, else the environment, else the file, else the default', () => {
    const sources = { file: file('num.partitions=2'), env: { OTTLA_NUM_PARTITIONS: '3' }, flags: { 'num.partitions': 4 } }
    expect(resolveBrokerConfig(sources).config['num.partitions']).toBe(4)
    expect(resolveBrokerConfig({ ...sources, flags: { 'num.partitions': undefined } }).config['num.partitions']).toBe(3)
    expect(resolveBrokerConfig({ file: sources.file }).config['num.partitions']).toBe(2)
    expect(resolveBrokerConfig({}).config['num.partitions']).toBe(1)
  })

  it('that is bad is refused by the name that the person used for it', () => {
    expect(() => resolveBrokerConfig({ flags: { port: 'x' } })).toThrow('--port must be a whole number from 0 to 65535, not "x"')
    expect(() => resolveBrokerConfig({ env: { OTTLA_PORT: '70000' } })).toThrow(
      'OTTLA_PORT must be a whole number from 0 to 65535, not "70000"',
    )
    expect(() => resolveBrokerConfig({ file: file('log.segment.bytes=10') })).toThrow(
      'log.segment.bytes in ottla.properties must be a whole number from 1048576 to 2147483647, not "10"',
    )
    expect(() => resolveBrokerConfig({ flags: { port: 'x' } })).toThrow(InvalidConfig)
  })

  it('that does not exist warns, with the name that was probably meant', () => {
    const { warnings } = resolveBrokerConfig({
      file: file('num.partition=3\nnum.io.threads=8'),
      env: { OTTLA_DATADIR: 'x', PATH: '/bin' },
    })
    expect(warnings).toEqual([
      'num.partition in ottla.properties means nothing to Ottla and is ignored; did you mean num.partitions?',
      'num.io.threads in ottla.properties means nothing to Ottla and is ignored',
      'OTTLA_DATADIR means nothing to Ottla and is ignored; did you mean OTTLA_DATA_DIR?',
    ])
  })

  it('has the same value under its other names', () => {
    expect(resolveBrokerConfig({ env: { OTTLA_DATA_DIR: '/a' } }).config['log.dirs']).toBe('/a')
    expect(resolveBrokerConfig({ file: file('log.dir=/b') }).config['log.dirs']).toBe('/b')
    expect(resolveBrokerConfig({ file: file('broker.id=7') }).config['node.id']).toBe(7)
    expect(resolveBrokerConfig({ file: file('broker.id=7'), flags: { 'node.id': 8 } }).config['node.id']).toBe(8)
  })

  it('is refused when one source names it twice, with two values', () => {
    expect(() => resolveBrokerConfig({ file: file('broker.id=7\nnode.id=8') })).toThrow(
      'broker.id in ottla.properties and node.id in ottla.properties are the same setting; give one of them',
    )
    expect(resolveBrokerConfig({ file: file('broker.id=7\nnode.id=7') }).config['node.id']).toBe(7)
  })

  it('takes one data folder, not several', () => {
    expect(() => resolveBrokerConfig({ flags: { 'data.dir': '/a,/b' } })).toThrow(
      '--data must be one folder (all data lies in one), not "/a,/b"',
    )
  })
})

describe('the listeners', () => {
  it('are short for one when host and port say it', () => {
    const { config } = resolveBrokerConfig({ flags: { port: 0, host: '::1' } })
    expect(config.listeners).toEqual([plaintext('::1', 0)])
    expect(config.given.get('listeners')).toBe('PLAINTEXT://[::1]:0')
  })

  it('come from the stronger source when both forms are set, and from neither when it is the same', () => {
    const inFile = file('listeners=PLAINTEXT://0.0.0.0:1111')
    expect(resolveBrokerConfig({ file: inFile, flags: { port: 2222 } }).config.listeners).toEqual([plaintext('localhost', 2222)])
    expect(resolveBrokerConfig({ file: file('port=2222'), flags: { listeners: ':1111' } }).config.listeners).toEqual([plaintext('', 1111)])
    expect(() => resolveBrokerConfig({ file: file('port=2222\nlisteners=:1111') })).toThrow(
      'listeners in ottla.properties and port in ottla.properties both say where to listen; give one of them',
    )
  })

  it('are written as Kafka writes them, or as host:port', () => {
    const { config } = resolveBrokerConfig({ flags: { listeners: 'localhost:1, INNER://[::]:2', 'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,inner:PLAINTEXT' } }) // prettier-ignore
    expect(config.listeners).toEqual([plaintext('localhost', 1), { name: 'INNER', host: '::', port: 2 }])
    for (const wrong of ['', 'localhost', 'a:b:c', 'x:65536', 'PLAINTEXT://', 'a:1,,b:2', '::1:9092']) {
      expect(() => resolveBrokerConfig({ flags: { listeners: wrong } })).toThrow(
        `listeners must be a list of addresses, as localhost:9092 or PLAINTEXT://0.0.0.0:9092, not "${wrong}"`,
      )
    }
  })

  it('leave out those of Kafka’s controllers, so that its own server.properties works', () => {
    const { config, warnings } = resolveBrokerConfig({
      file: file(
        `process.roles=broker,controller
        node.id=1
        listeners=PLAINTEXT://:9092,CONTROLLER://:9093
        advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
        controller.listener.names=CONTROLLER
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL
        log.dirs=/var/lib/kafka
        log.retention.hours=168`,
      ),
    })
    expect(config.listeners).toEqual([plaintext('', 9092)])
    expect(config['advertised.listeners']).toEqual([plaintext('localhost', 9092)])
    expect(warnings).toEqual(['process.roles in ottla.properties means nothing to Ottla and is ignored'])
  })

  it('are refused when they ask for a protocol that is not spoken, have no protocol, or share a name', () => {
    expect(() => resolveBrokerConfig({ flags: { listeners: 'SSL://:1' } })).toThrow('listener SSL asks for SSL; only PLAINTEXT is spoken')
    expect(() => resolveBrokerConfig({ flags: { listeners: 'OUTER://:1' } })).toThrow(
      'listeners has the name OUTER, which listener.security.protocol.map does not list',
    )
    expect(() => resolveBrokerConfig({ flags: { listeners: 'a:1,b:2' } })).toThrow(
      'listeners has the name PLAINTEXT twice; give each its own',
    )
  })

  it('are advertised under their own names, at addresses that a client can reach', () => {
    expect(resolveBrokerConfig({ flags: { 'advertised.listeners': 'broker.example:19092' } }).config['advertised.listeners']).toEqual([
      plaintext('broker.example', 19092),
    ])
    expect(() => resolveBrokerConfig({ flags: { 'advertised.listeners': 'OUTER://a:1' } })).toThrow(
      'advertised.listeners has the name OUTER, which listeners does not have',
    )
    expect(() => resolveBrokerConfig({ flags: { 'advertised.listeners': '0.0.0.0:1' } })).toThrow(
      'advertised.listeners must say where clients find the broker: PLAINTEXT://0.0.0.0:1 is no such address',
    )
  })
})

describe('a topic config', () => {
  it('comes from the topic, else the broker, else the default', () => {
    const config = broker('log.segment.bytes=2000000')
    expect(resolveTopicConfig({ 'segment.bytes': '3000000' }, config)['segment.bytes']).toBe(3_000_000)
    expect(resolveTopicConfig({}, config)['segment.bytes']).toBe(2_000_000)
    expect(resolveTopicConfig({}, broker(''))['segment.bytes']).toBe(1 << 30)
  })

  it('comes from the finest unit in which the broker has it', () => {
    expect(broker('log.retention.hours=1').topicDefaults['retention.ms']).toBe(3_600_000)
    expect(broker('log.retention.hours=1\nlog.retention.minutes=2').topicDefaults['retention.ms']).toBe(120_000)
    expect(broker('log.retention.hours=1\nlog.retention.ms=3').topicDefaults['retention.ms']).toBe(3)
    expect(broker('log.retention.hours=-1').topicDefaults['retention.ms']).toBe(-1)
    expect(broker('log.roll.hours=2').topicDefaults['segment.ms']).toBe(7_200_000)
    expect(broker('log.flush.scheduler.interval.ms=9').topicDefaults['flush.ms']).toBe(9)
  })

  it('is typed', () => {
    const config = resolveTopicConfig(
      { 'cleanup.policy': 'compact, delete', preallocate: 'TRUE', 'flush.ms': '9223372036854775807' },
      broker(''),
    )
    expect(config['cleanup.policy']).toEqual(['compact', 'delete'])
    expect(config.preallocate).toBe(true)
    expect(config['flush.ms']).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('that does not exist is refused, with the name that was probably meant', () => {
    expect(validateTopicConfig('retention.mss', '1')).toBe('there is no topic config "retention.mss"; did you mean "retention.ms"?')
    expect(validateTopicConfig('nonsense', '1')).toBe('there is no topic config "nonsense"')
    for (const name of ['', '__proto__', 'constructor', 'log.segment.bytes'])
      expect(validateTopicConfig(name, '1')).toMatch(/^there is no topic config/)
  })

  it('out of range is refused with a sentence', () => {
    expect(validateTopicConfig('segment.bytes', '10')).toBe('segment.bytes must be a whole number from 1048576 to 2147483647, not "10"')
    expect(validateTopicConfig('cleanup.policy', 'keep')).toBe('cleanup.policy must be a list of delete, compact, or both, not "keep"')
    expect(validateTopicConfig('remote.storage.enable', 'true')).toBe('remote.storage.enable must be false, not "true"')
    expect(validateTopicConfig('leader.replication.throttled.replicas', '0:1,*')).toMatch(/must be \* or a list of/)
    expect(validateTopicConfig('segment.bytes', ' 2000000 ')).toBeUndefined()
  })

  it('is refused when it contradicts another, of the topic or of the broker', () => {
    const sentence = 'min.compaction.lag.ms (6) must not exceed max.compaction.lag.ms (5)'
    expect(validateTopicConfigs({ 'max.compaction.lag.ms': '5', 'min.compaction.lag.ms': '6' }, broker(''))).toBe(sentence)
    expect(validateTopicConfigs({ 'min.compaction.lag.ms': '6' }, broker('log.cleaner.max.compaction.lag.ms=5'))).toBe(sentence)
    expect(validateTopicConfigs({ 'min.compaction.lag.ms': '5' }, broker('log.cleaner.max.compaction.lag.ms=5'))).toBeUndefined()
    expect(validateTopicConfigs({ 'segment.bytes': '1' }, broker(''))).toMatch(/^segment.bytes must be/)
  })

  it('that a later version knew and this one does not is passed over', () => {
    expect(resolveTopicConfig({ 'future.config': '1', 'flush.messages': '7' }, broker(''))['flush.messages']).toBe(7)
  })
})
