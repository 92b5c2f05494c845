import { describe, expect, it } from 'vitest'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from '../../src/wire/consumer-protocol.ts'
import { Malformed } from '../../src/wire/reader.ts'

// What old clients send, and Kafka's Java client: versions 0 and 3.
const OLD_SUBSCRIPTION = '00000000000100066f726465727300000000'
const JAVA_SUBSCRIPTION = '00030000000100066f7264657273ffffffff00000000ffffffffffff'
const JAVA_ASSIGNMENT = '00030000000100066f7264657273000000020000000000000002ffffffff'

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

describe('what consumers tell each other', () => {
  it('is written as Kafka writes it', () => {
    expect(encodeSubscription({ topics: ['orders'], ownedPartitions: [] }).toString('hex')).toBe(JAVA_SUBSCRIPTION)
    expect(encodeAssignment({ assignedPartitions: [{ topic: 'orders', partitions: [0, 2] }] }).toString('hex')).toBe(JAVA_ASSIGNMENT)
  })

  it('is read in the version in which it was written', () => {
    const subscription = { topics: ['orders'], userData: null, ownedPartitions: [], generationId: -1, rackId: null }
    expect(decodeSubscription(bytes(JAVA_SUBSCRIPTION))).toEqual(subscription)
    expect(decodeSubscription(bytes(OLD_SUBSCRIPTION))).toEqual({ ...subscription, userData: Buffer.alloc(0) })
    expect(decodeAssignment(bytes(JAVA_ASSIGNMENT))).toEqual({
      assignedPartitions: [{ topic: 'orders', partitions: [0, 2] }],
      userData: null,
    })
  })

  it('is read as far as it is known when a later version adds something', () => {
    expect(decodeAssignment(bytes(JAVA_ASSIGNMENT.replace(/^0003/, '0009') + '1234')).assignedPartitions).toHaveLength(1)
  })

  it('is malformed when it ends too early', () => {
    expect(() => decodeAssignment(bytes(JAVA_ASSIGNMENT.slice(0, -10)))).toThrow(Malformed)
    expect(() => decodeSubscription(Buffer.alloc(1))).toThrow(Malformed)
  })
})
