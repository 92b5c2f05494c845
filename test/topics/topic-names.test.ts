import { describe, expect, it } from 'vitest'
import { isInternalTopic } from '../../src/topics/internal-topics.ts'
import { collisionKey, illegalTopicName } from '../../src/topics/topic-names.ts'

describe('topic names', () => {
  it.each(['a', 'orders', 'A.b_c-9', '__consumer_offsets', '...', 'x'.repeat(249)])('may be %s', (name) => {
    expect(illegalTopicName(name)).toBeUndefined()
  })

  it.each([
    ['', 'empty'],
    ['.', 'not allowed'],
    ['..', 'not allowed'],
    ['__cluster_metadata', 'own log'],
    ['x'.repeat(250), 'at most 249'],
    ['größe', 'only ASCII'],
    ['a b', 'only ASCII'],
    ['a/b', 'only ASCII'],
    ['a\n', 'only ASCII'],
  ])('may not be %j', (name, reason) => {
    expect(illegalTopicName(name)).toContain(reason)
  })

  it('collide when they differ in . and _ alone', () => {
    expect(collisionKey('a.b_c')).toBe(collisionKey('a_b.c'))
    expect(collisionKey('a-b')).not.toBe(collisionKey('a_b'))
  })

  it('are internal for the broker’s own topics', () => {
    expect(isInternalTopic('__consumer_offsets')).toBe(true)
    expect(isInternalTopic('orders')).toBe(false)
  })
})
