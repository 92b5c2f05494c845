import { describe, expect, it } from 'vitest'
import { heartbeat } from '../../src/wire/messages/heartbeat.ts'
import { joinGroup } from '../../src/wire/messages/join-group.ts'
import { offsetCommit } from '../../src/wire/messages/offset-commit.ts'
import { offsetDelete } from '../../src/wire/messages/offset-delete.ts'
import { openServices, type TestServices } from '../support/test-services.ts'

const commit = (services: TestServices, groupId: string, partitions: readonly number[]) =>
  services.ask(offsetCommit, 9, {
    groupId,
    memberId: '',
    topics: [
      {
        name: 'orders',
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, committedOffset: 1, committedMetadata: null })),
      },
    ],
  })

async function join(services: TestServices, groupId: string): Promise<void> {
  const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }]
  const request = { groupId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', protocolType: 'other', protocols }
  const answering = services.ask(joinGroup, 3, request)
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    services.clock.advance(500) // the delay before the first generation
  }
  await answering
}

describe('what groups count', () => {
  it('is offsets committed since the start, and those that are there now', async () => {
    const services = await openServices()
    await services.createTopic('orders', 3)
    await commit(services, 'billing', [0, 1])
    await commit(services, 'billing', [1, 2])
    await commit(services, 'shipping', [0])
    await services.ask(offsetDelete, 0, { groupId: 'billing', topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }] })
    expect(services.groups.counters.commits.value).toBe(5)
    expect(services.groups.census()).toEqual({
      groups: [{ labels: { state: 'Empty', type: 'classic' }, value: 2 }],
      memberCount: 0,
      committedCount: 3,
    })
  })

  it('is groups by their state, their members, and what happened to them', async () => {
    const services = await openServices()
    await services.createTopic('orders', 3)
    await commit(services, 'billing', [0])
    await join(services, 'shipping')
    expect(services.groups.census()).toMatchObject({
      groups: [
        { labels: { state: 'Empty', type: 'classic' }, value: 1 },
        { labels: { state: 'CompletingRebalance', type: 'classic' }, value: 1 },
      ],
      memberCount: 1,
    })
    const events = Object.fromEntries(services.groups.counters.events.samples().map(({ labels, value }) => [labels['event'], value]))
    expect(events).toMatchObject({ joined: 1, rebalance: 1 })
    await services.ask(heartbeat, 0, { groupId: 'shipping', generationId: 1, memberId: 'nobody' })
    services.clock.advance(60_000)
    expect(services.groups.census().memberCount).toBe(0)
  })
})
