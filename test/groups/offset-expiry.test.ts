import { describe, expect, it } from 'vitest'
import type { CommittedOffset } from '../../src/groups/offsets/committed-offsets.ts'
import { isExpired } from '../../src/groups/offsets/offset-expiry.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'

const RETENTION_MS = 1000
type Owner = Parameters<typeof isExpired>[0]

const simple: Owner = { type: 'classic', protocolType: '', state: 'Empty', emptySinceMs: 5000, isSubscribedTo: () => false }
const rested: Owner = { ...simple, protocolType: 'consumer', emptySinceMs: 500 }
const readers: Owner = {
  type: 'classic',
  protocolType: 'consumer',
  state: 'Stable',
  emptySinceMs: undefined,
  isSubscribedTo: (topic) => topic === 'read',
}
const newReaders: Owner = { ...readers, type: 'consumer', state: 'Reconciling' }

function committed(commitTimestampMs: number, expireTimestampMs = -1): CommittedOffset {
  return { offset: 1, leaderEpoch: -1, metadata: '', commitTimestampMs, expireTimestampMs, topicId: ZERO_UUID }
}

describe('a committed offset', () => {
  it.each([
    ['of nobody who was ever a member is kept from the commit on', simple, 'a', committed(100), 1100],
    ['of a group without members is kept from when the last one left', rested, 'a', committed(100), 1500],
    ['that a group without members was given later is kept from then on', rested, 'a', committed(700), 1700],
    ['of a topic that no member reads any more is kept from the commit on', readers, 'a', committed(100), 1100],
    ['of a topic that no member reads any more, in the consumer protocol', newReaders, 'a', committed(100), 1100],
    ['is kept for as long as the committer said', simple, 'a', committed(100, 7000), 7000],
    ['is kept for as little as the committer said', rested, 'a', committed(100, 400), 400],
  ])('%s', (_, group, topic, offset, endMs) => {
    expect(isExpired(group, topic, offset, endMs - 1, RETENTION_MS)).toBe(false)
    expect(isExpired(group, topic, offset, endMs, RETENTION_MS)).toBe(true)
  })

  it.each([
    ['of a topic that a member reads', readers, 'read', committed(100)],
    ['of a topic that a member reads, in the consumer protocol', newReaders, 'read', committed(100)],
    ['of a topic that a member reads, whatever the committer said', readers, 'read', committed(100, 200)],
    ['of a group that rebalances', { ...readers, state: 'PreparingRebalance' } as const, 'a', committed(100)],
    ['of members that are no consumers', { ...readers, protocolType: 'connect' }, 'a', committed(100)],
  ])('%s is kept for ever', (_, group, topic, offset) => {
    expect(isExpired(group, topic, offset, Number.MAX_SAFE_INTEGER, RETENTION_MS)).toBe(false)
  })
})
