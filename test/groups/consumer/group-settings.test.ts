// What the broker's configs and a group's own say of sessions, heartbeats and assignments.

import { describe, expect, it } from 'vitest'
import { changedBy } from '../../../src/topics/config-edits.ts'
import { errorName } from '../../../src/wire/error-codes.ts'
import { apiVersions } from '../../../src/wire/messages/api-versions.ts'
import { consumerGroupDescribe } from '../../../src/wire/messages/consumer-group-describe.ts'
import { openServices, type TestServices } from '../../support/test-services.ts'
import { describedGroup, PlayedMember } from './group-clients.ts'

async function open(flags: Record<string, string | number> = {}): Promise<[TestServices, PlayedMember]> {
  const services = await openServices({ 'offsets.topic.num.partitions': 1, ...flags })
  await services.createTopic('orders', 2)
  return [services, new PlayedMember(services, 'm')]
}

const set = ({ dynamicConfigs }: TestServices, name: string, value: string): Promise<void> =>
  dynamicConfigs.alterGroup('group', changedBy([{ name, operation: 'set', value }]), false)

describe('a setting of a group', () => {
  it('stands over the broker’s, from the next heartbeat on', async () => {
    const [services, member] = await open({ 'group.consumer.heartbeat.interval.ms': 6000, 'group.consumer.session.timeout.ms': 50_000 })
    await member.join(['orders'])
    expect((await member.send({})).heartbeatIntervalMs).toBe(6000)
    await set(services, 'consumer.heartbeat.interval.ms', '7000')
    await set(services, 'consumer.session.timeout.ms', '46000')
    expect((await member.send({})).heartbeatIntervalMs).toBe(7000)
    services.clock.advance(45_999)
    expect((await describedGroup(services)).groupState).toBe('Stable')
    services.clock.advance(1)
    expect((await describedGroup(services)).groupState).toBe('Empty')
    expect(services.groups.history.of('group').map(({ reason }) => reason)).toContain('session timed out after 46 s')
  })

  it('says how far apart assignments are', async () => {
    const [services, member] = await open({ 'group.consumer.assignment.interval.ms': 0 })
    await member.join(['orders'])
    const others = ['n', 'o'].map((memberId) => new PlayedMember(services, memberId))
    await others[0]!.join(['orders'])
    expect((await describedGroup(services)).groupState).toBe('Reconciling')
    await set(services, 'consumer.assignment.interval.ms', '15000')
    await others[1]!.join(['orders'])
    services.clock.advance(14_999)
    await member.beat()
    expect((await describedGroup(services)).groupState).toBe('Assigning')
    services.clock.advance(1)
    await member.beat()
    expect((await describedGroup(services)).groupState).toBe('Reconciling')
  })
})

describe('group.consumer.assignors', () => {
  it('says which there are, the first for who does not ask', async () => {
    const [services, member] = await open({ 'group.consumer.assignors': 'range' })
    await member.join(['orders'])
    expect((await describedGroup(services)).assignorName).toBe('range')
    expect(await member.refused({ serverAssignor: 'uniform' })).toBe('UNSUPPORTED_ASSIGNOR')
  })
})

describe('group.coordinator.rebalance.protocols', () => {
  const asked = { clientSoftwareName: 'a', clientSoftwareVersion: '1' }

  it('has the consumer protocol, which clients are told of as group.version 1', async () => {
    const [services] = await open()
    const { supportedFeatures, finalizedFeatures } = await services.ask(apiVersions, 4, asked)
    expect(supportedFeatures).toEqual([{ name: 'group.version', minVersion: 0, maxVersion: 1 }])
    expect(finalizedFeatures).toEqual([{ name: 'group.version', minVersionLevel: 1, maxVersionLevel: 1 }])
  })

  it('turns it off', async () => {
    const [services, member] = await open({ 'group.coordinator.rebalance.protocols': 'classic' })
    expect(await member.refused({ memberEpoch: 0, rebalanceTimeoutMs: 1, topicPartitions: [], subscribedTopicNames: [] })).toBe(
      'UNSUPPORTED_VERSION',
    )
    const { groups } = await services.ask(consumerGroupDescribe, 1, { groupIds: ['group'], includeAuthorizedOperations: false })
    expect(errorName(groups[0]!.errorCode)).toBe('UNSUPPORTED_VERSION')
    expect((await services.ask(apiVersions, 4, asked)).finalizedFeatures).toEqual([])
  })
})

describe('what happened to a group', () => {
  it('is kept with reasons', async () => {
    const [services, member] = await open()
    await member.join(['orders'])
    await member.beat({ memberEpoch: -1 })
    expect(services.groups.history.of('group').map(({ kind, memberId, generation }) => [kind, memberId, generation])).toEqual([
      ['joined', 'm', 1],
      ['rebalance', null, 2],
      ['assignment', null, 2],
      ['left', 'm', 2],
      ['rebalance', null, 3],
      ['empty', null, 3],
    ])
  })
})
