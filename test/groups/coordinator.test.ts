import { describe, expect, it } from 'vitest'
import { partitionFor } from '../../src/groups/coordinator.ts'

describe('the partition of a group', () => {
  it.each([
    ['test', 48], // Java: "test".hashCode() is 3556498
    ['', 0],
    ['console-consumer-12345', 6],
    ['größe-主题', 23],
    ['polygenelubricants', 0], // the smallest int: it has no absolute value,
  ])('of %j is %i, as Kafka has it', (groupId, index) => {
    expect(partitionFor(groupId, 50)).toBe(index)
  })
})
