import { describe, expect, it } from 'vitest'
import type { NewTopic, Topic } from '../../src/topics/catalog.ts'
import { TurnShare } from '../../src/lib/turn-share.ts'
import { Catalog } from '../../src/topics/catalog.ts'
import { resolveBrokerConfig } from '../../src/config/resolve.ts'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import { changedBy } from '../../src/topics/config-edits.ts'
import { DynamicConfigs } from '../../src/topics/dynamic-configs.ts'
import type { MetadataLog } from '../../src/topics/metadata-log.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { openMetadataLog } from '../support/metadata-log.ts'

const newTopic = (name: string, more: Partial<NewTopic> = {}): NewTopic => ({
  name,
  partitionCount: 3,
  replicationFactor: 1,
  assignments: [],
  configs: {},
  ...more,
})

interface Opened {
  catalog: Catalog
  dynamicConfigs: DynamicConfigs
  metadataLog: MetadataLog
}

async function openCatalog(disk = new MemoryDisk(), isCaseSensitive = true): Promise<Opened> {
  const metadataLog = await openMetadataLog(disk)
  const dynamicConfigs = new DynamicConfigs({ metadataLog, config: resolveBrokerConfig({ flags: { 'num.partitions': 4 } }).config })
  const { config } = dynamicConfigs
  let nextId = 0
  const randomId = (): string => `id-${nextId++}`.padEnd(22, 'A')
  const catalog = new Catalog({ metadataLog, turnShare: new TurnShare(new ManualClock()), config, brokerId: 1, isCaseSensitive, randomId })
  for await (const record of metadataLog.replay()) {
    if (record.type === 'topic' || record.type === 'topic-deleted') catalog.replay(record)
    if (record.type === 'configs') dynamicConfigs.replay(record)
    nextId++
  }
  await catalog.reconfigure()
  return { catalog, dynamicConfigs, metadataLog }
}

async function refusalOf(catalog: Catalog, topic: NewTopic): Promise<string> {
  const [result] = await catalog.create([topic])
  return result instanceof Refusal ? result.error : 'created'
}

describe('the catalog', () => {
  it('has the topics, their partitions and configs again after a restart, and not the deleted ones', async () => {
    const disk = new MemoryDisk()
    const before = await openCatalog(disk)
    await before.catalog.create([newTopic('orders', { configs: { 'segment.bytes': '1048576' } }), newTopic('gone')])
    const gone = before.catalog.byName('gone')
    await before.catalog.delete(gone)
    await before.metadataLog.close()

    const { catalog } = await openCatalog(disk)
    const orders = catalog.byName('orders')
    expect(orders).toMatchObject({
      id: before.catalog.byName('orders').id,
      partitionCount: 3,
      configOverrides: { 'segment.bytes': '1048576' },
    })
    expect(orders.config['segment.bytes']).toBe(1_048_576)
    expect(catalog.byId(orders.id)).toBe(orders)
    expect(catalog.has('gone')).toBe(false)
    expect(catalog.wasDeleted(gone.id)).toBe(true)
    expect(catalog.wasDeleted(orders.id)).toBe(false)
  })

  it('has the partitions that a topic got later again after a restart', async () => {
    const disk = new MemoryDisk()
    const before = await openCatalog(disk)
    await before.catalog.create([newTopic('orders', { configs: { 'flush.ms': '5' } }), newTopic('other')])
    await before.catalog.createPartitions([{ name: 'orders', partitionCount: 7, assignments: null }])
    const { id } = before.catalog.byName('orders')
    await before.metadataLog.close()
    const { catalog } = await openCatalog(disk)
    expect(catalog.byName('orders')).toMatchObject({ id, partitionCount: 7, configOverrides: { 'flush.ms': '5' } })
    expect(catalog.byId(id).partitionCount).toBe(7)
    expect([...catalog.topics]).toHaveLength(2)
  })

  it('has the configs that were altered again after a restart, and those that topics inherit', async () => {
    const disk = new MemoryDisk()
    const before = await openCatalog(disk)
    await before.catalog.create([newTopic('orders', { configs: { 'flush.ms': '5' } })])
    await before.catalog.alterConfigs('orders', changedBy([{ name: 'retention.ms', operation: 'set', value: '7' }]))
    await before.dynamicConfigs.alterBroker('', changedBy([{ name: 'log.segment.bytes', operation: 'set', value: '2000000' }]), false)
    await before.dynamicConfigs.alterBroker('1', changedBy([{ name: 'log.roll.ms', operation: 'set', value: '9' }]), false)
    await before.dynamicConfigs.alterBroker('1', changedBy([{ name: 'log.roll.ms', operation: 'delete', value: null }]), false)
    await before.dynamicConfigs.alterGroup(
      'g',
      changedBy([{ name: 'share.isolation.level', operation: 'set', value: 'read_committed' }]),
      false,
    )
    await before.metadataLog.close()
    const { catalog, dynamicConfigs } = await openCatalog(disk)
    expect(catalog.byName('orders').configOverrides).toEqual({ 'flush.ms': '5', 'retention.ms': '7' })
    expect(catalog.byName('orders').config).toMatchObject({
      'flush.ms': 5,
      'retention.ms': 7,
      'segment.bytes': 2_000_000,
      'segment.ms': 604_800_000,
    })
    expect(dynamicConfigs.config.topicDefaults['segment.bytes']).toBe(2_000_000)
    expect([dynamicConfigs.ofBroker(''), dynamicConfigs.ofBroker('1')]).toEqual([{ 'log.segment.bytes': '2000000' }, {}])
    expect([...dynamicConfigs.groups]).toEqual(['g'])
    expect(dynamicConfigs.ofGroup('g')).toEqual({ 'share.isolation.level': 'read_committed' })
  })

  it('leaves alone what the broker was started with when its configs are altered', async () => {
    const { config } = resolveBrokerConfig()
    const dynamicConfigs = new DynamicConfigs({ metadataLog: await openMetadataLog(new MemoryDisk()), config })
    await dynamicConfigs.alterBroker('1', changedBy([{ name: 'log.segment.bytes', operation: 'set', value: '2000000' }]), false)
    expect([config.topicDefaults['segment.bytes'], dynamicConfigs.config.topicDefaults['segment.bytes']]).toEqual([1 << 30, 2_000_000])
  })

  it('tells those who keep the data of other configs, also of inherited ones', async () => {
    const { catalog, dynamicConfigs } = await openCatalog()
    await catalog.create([newTopic('a')])
    const seen: unknown[] = []
    const ignore = async (): Promise<void> => undefined
    catalog.follow({
      topicCreated: ignore,
      topicChanged: async ({ config }) => void seen.push([config['flush.messages'], config['segment.bytes']]),
      topicDeleted: ignore,
    })
    dynamicConfigs.follow(() => catalog.reconfigure())
    await catalog.alterConfigs('a', changedBy([{ name: 'flush.messages', operation: 'set', value: '7' }]))
    await dynamicConfigs.alterBroker('', changedBy([{ name: 'log.segment.bytes', operation: 'set', value: '2000000' }]), false)
    await expect(catalog.alterConfigs('a', changedBy([{ name: 'flush.messages', operation: 'set', value: '0' }]))).rejects.toMatchObject({
      error: 'INVALID_CONFIG',
    })
    expect(seen).toEqual([
      [7, 1 << 30],
      [7, 2_000_000],
    ])
  })

  it('knows a name’s last topic alone, where a failed creation left a record of an earlier one', async () => {
    const disk = new MemoryDisk()
    const metadataLog = await openMetadataLog(disk)
    const ids = ['first', 'second'].map((text) => text.padEnd(22, 'A'))
    for (const topicId of ids) await metadataLog.append([{ type: 'topic', topicId, name: 'orders', partitionCount: 1, configs: {} }])
    await metadataLog.close()
    const { catalog } = await openCatalog(disk)
    expect(catalog.byName('orders').id).toBe(ids[1])
    expect(() => catalog.byId(ids[0]!)).toThrow(expect.objectContaining({ error: 'UNKNOWN_TOPIC_ID' }))
  })

  it('deletes a topic that has changed since it was looked up', async () => {
    const { catalog } = await openCatalog()
    await catalog.create([newTopic('a')])
    const lookedUp = catalog.byName('a')
    await catalog.createPartitions([{ name: 'a', partitionCount: 4, assignments: null }])
    await catalog.delete(lookedUp)
    expect(catalog.has('a')).toBe(false)
  })

  it('gives a topic that is made again under the same name another id', async () => {
    const { catalog } = await openCatalog()
    await catalog.create([newTopic('a')])
    const first = catalog.byName('a')
    await catalog.delete(first)
    await catalog.create([newTopic('a')])
    expect(catalog.byName('a').id).not.toBe(first.id)
    expect(() => catalog.byId(first.id)).toThrow(expect.objectContaining({ error: 'UNKNOWN_TOPIC_ID' }))
  })

  it('takes the default partition count for -1, and the default or 1 as replication factor', async () => {
    const { catalog } = await openCatalog()
    await catalog.create([newTopic('a', { partitionCount: -1, replicationFactor: -1 })])
    expect(catalog.byName('a').partitionCount).toBe(4)
  })

  it('takes an assignment that names this broker for every partition', async () => {
    const { catalog } = await openCatalog()
    const assignments = [1, 0].map((partitionIndex) => ({ partitionIndex, brokerIds: [1] }))
    await catalog.create([newTopic('a', { partitionCount: -1, replicationFactor: -1, assignments })])
    expect(catalog.byName('a').partitionCount).toBe(2)
  })

  const assigned = (...assignments: NewTopic['assignments']): Partial<NewTopic> => ({
    partitionCount: -1,
    replicationFactor: -1,
    assignments,
  })
  it.each<[string, Partial<NewTopic>]>([
    ['TOPIC_ALREADY_EXISTS', { name: 'taken.name' }],
    ['INVALID_TOPIC_EXCEPTION', { name: 'taken_name' }],
    ['INVALID_TOPIC_EXCEPTION', { name: 'no/slash' }],
    ['INVALID_PARTITIONS', { partitionCount: 0 }],
    ['INVALID_PARTITIONS', { partitionCount: -2 }],
    ['INVALID_REPLICATION_FACTOR', { replicationFactor: 3 }],
    ['INVALID_REPLICATION_FACTOR', { replicationFactor: 0 }],
    ['INVALID_CONFIG', { configs: { 'segment.byte': '1048576' } }],
    ['INVALID_CONFIG', { configs: { 'segment.bytes': '12' } }],
    ['INVALID_REQUEST', { assignments: [{ partitionIndex: 0, brokerIds: [1] }] }],
    ['INVALID_REPLICA_ASSIGNMENT', assigned({ partitionIndex: 1, brokerIds: [1] })],
    ['INVALID_REPLICA_ASSIGNMENT', assigned({ partitionIndex: 0, brokerIds: [1] }, { partitionIndex: 0, brokerIds: [1] })],
    ['INVALID_REPLICA_ASSIGNMENT', assigned({ partitionIndex: 0, brokerIds: [2] })],
    ['INVALID_REPLICA_ASSIGNMENT', assigned({ partitionIndex: 0, brokerIds: [1, 2] })],
    ['POLICY_VIOLATION', { partitionCount: 10_001 }],
  ])('refuses with %s: %j', async (error, wrong) => {
    const { catalog } = await openCatalog()
    await catalog.create([newTopic('taken.name')])
    expect(await refusalOf(catalog, newTopic('fine', wrong))).toBe(error)
    expect([...catalog.topics].map(({ name }) => name)).toEqual(['taken.name'])
  })

  it('creates the topics of a request that are fine, and refuses those that collide among themselves', async () => {
    const { catalog } = await openCatalog()
    const results = await catalog.create([newTopic('a.b'), newTopic('a_b'), newTopic('c')])
    expect(results.map((result) => (result instanceof Refusal ? result.error : result.name))).toEqual([
      'a.b',
      'INVALID_TOPIC_EXCEPTION',
      'c',
    ])
  })

  it('refuses names that differ in case alone on a disk that cannot tell them apart, and only there', async () => {
    for (const [isCaseSensitive, outcome] of [
      [true, 'created'],
      [false, 'INVALID_TOPIC_EXCEPTION'],
    ] as const) {
      const { catalog } = await openCatalog(new MemoryDisk(), isCaseSensitive)
      await catalog.create([newTopic('Orders')])
      expect(await refusalOf(catalog, newTopic('orders'))).toBe(outcome)
    }
  })

  it('changes nothing when it only validates', async () => {
    const disk = new MemoryDisk()
    const { catalog, metadataLog } = await openCatalog(disk)
    const [result] = await catalog.create([newTopic('a')], true)
    expect((result as Topic).partitionCount).toBe(3)
    expect(catalog.has('a')).toBe(false)
    await metadataLog.close()
    expect((await openCatalog(disk)).catalog.has('a')).toBe(false)
  })

  it('shows a topic only when those who keep its data are ready, and hides it before they let go', async () => {
    const { catalog } = await openCatalog()
    const seen: string[] = []
    catalog.follow({
      topicCreated: async ({ name }) => void seen.push(`created, visible: ${catalog.has(name)}`),
      topicChanged: async ({ name, partitionCount }) => {
        seen.push(`changed to ${partitionCount}, visible: ${catalog.byName(name).partitionCount}`)
      },
      topicDeleted: async ({ name }) => void seen.push(`deleted, visible: ${catalog.has(name)}`),
    })
    await catalog.create([newTopic('a')])
    await catalog.createPartitions([{ name: 'a', partitionCount: 5, assignments: null }])
    await catalog.delete(catalog.byName('a'))
    expect(seen).toEqual(['created, visible: false', 'changed to 5, visible: 3', 'deleted, visible: false'])
  })

  it('creates a missing topic once for many that ask at the same time', async () => {
    const { catalog } = await openCatalog()
    const topics = await Promise.all(Array.from({ length: 20 }, () => catalog.createIfMissing('a')))
    expect(new Set(topics).size).toBe(1)
    expect(topics[0]!.partitionCount).toBe(4)
  })

  it('refuses to create a missing topic with an illegal name', async () => {
    const { catalog } = await openCatalog()
    await expect(catalog.createIfMissing('a b')).rejects.toMatchObject({ error: 'INVALID_TOPIC_EXCEPTION' })
  })

  it('deletes a topic once, when two ask', async () => {
    const { catalog } = await openCatalog()
    await catalog.create([newTopic('a')])
    const topic = catalog.byName('a')
    const outcomes = await Promise.allSettled([catalog.delete(topic), catalog.delete(topic)])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })
})
