import { describe, expect, it } from 'vitest'
import { errorName } from '../../src/wire/error-codes.ts'
import { apiVersions } from '../../src/wire/messages/api-versions.ts'
import { initProducerId } from '../../src/wire/messages/init-producer-id.ts'
import { offsetForLeaderEpoch } from '../../src/wire/messages/offset-for-leader-epoch.ts'
import { batchOf, openServices } from '../support/test-services.ts'

describe('InitProducerId', () => {
  it.each([0, 2, 5])('gives each producer an id of its own with epoch 0, in version %i', async (version) => {
    const services = await openServices()
    const ask = () => services.ask(initProducerId, version, { transactionalId: null, transactionTimeoutMs: 60_000 })
    const answers = await Promise.all([ask(), ask(), ask()])
    expect(new Set(answers.map(({ producerId }) => producerId)).size).toBe(3)
    expect(answers.map(({ errorCode, producerEpoch }) => [errorCode, producerEpoch])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ])
  })

  it.each([
    ['INVALID_REQUEST', ''],
    ['UNSUPPORTED_VERSION', 'payments'],
  ])('refuses with %s the transactional id "%s"', async (error, transactionalId) => {
    const services = await openServices()
    const { errorCode, producerId } = await services.ask(initProducerId, 5, { transactionalId, transactionTimeoutMs: 60_000 })
    expect([errorName(errorCode), producerId]).toEqual([error, -1])
  })
})

describe('OffsetForLeaderEpoch', () => {
  const ask = async (asked: { partition?: number; currentLeaderEpoch?: number; leaderEpoch?: number }, topic = 'a') => {
    const services = await openServices()
    await services.createTopic('a')
    const topicId = services.catalog.byName('a').id
    await (
      await services.records.append({
        transactionalId: null,
        allowsZstd: true,
        timeoutMs: 1000,
        appends: [{ topicId, partitionIndex: 0, records: await batchOf(['x', 'y']) }],
      })
    ).results
    const { topics } = await services.ask(offsetForLeaderEpoch, 4, {
      topics: [{ topic, partitions: [{ partition: 0, leaderEpoch: 5, ...asked }] }],
    })
    return topics[0]!.partitions[0]!
  }

  it('answers the log end for the current epoch', async () => {
    expect(await ask({})).toMatchObject({ errorCode: 0, leaderEpoch: 5, endOffset: 2 })
  })

  it('answers the log’s beginning for an epoch from before its first, and nothing for one that is yet to come', async () => {
    expect(await ask({ leaderEpoch: 4 })).toMatchObject({ errorCode: 0, leaderEpoch: 4, endOffset: 0 })
    expect(await ask({ leaderEpoch: 6 })).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1 })
  })

  it.each([
    ['UNKNOWN_LEADER_EPOCH', { currentLeaderEpoch: 6 }, 'a'],
    ['FENCED_LEADER_EPOCH', { currentLeaderEpoch: 4 }, 'a'],
    ['UNKNOWN_TOPIC_OR_PARTITION', { partition: 1 }, 'a'],
    ['UNKNOWN_TOPIC_OR_PARTITION', {}, 'missing'],
  ])('refuses with %s: %j', async (error, asked, topic) => {
    expect(errorName((await ask(asked, topic)).errorCode)).toBe(error)
  })
})

describe('ApiVersions', () => {
  it.each([0, 1, 2, 3, 4])('lists exactly what is served, Produce from version 0, in version %i', async (version) => {
    const services = await openServices()
    const { errorCode, apiKeys } = await services.ask(apiVersions, version, { clientSoftwareName: 'test', clientSoftwareVersion: '1.0' })
    expect(errorCode).toBe(0)
    expect(apiKeys).toEqual(
      services.served.map(({ api, minVersion, maxVersion }) => ({
        apiKey: api.key,
        minVersion: api.key === 0 ? 0 : minVersion,
        maxVersion,
      })),
    )
    expect(apiKeys.length).toBeGreaterThan(8)
  })

  it('refuses a client software name or version that is none', async () => {
    const services = await openServices()
    for (const [clientSoftwareName, clientSoftwareVersion] of [
      ['', '1'],
      ['a b', '1'],
      ['a', '-1'],
    ] as const)
      expect(errorName((await services.ask(apiVersions, 3, { clientSoftwareName, clientSoftwareVersion })).errorCode)).toBe(
        'INVALID_REQUEST',
      )
  })
})
