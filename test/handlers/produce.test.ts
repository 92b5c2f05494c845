import { describe, expect, it } from 'vitest'
import { CLOSE_CONNECTION, NO_RESPONSE, type RequestContext } from '../../src/handlers/handler.ts'
import { produce as produceHandler } from '../../src/handlers/produce.ts'
import type { AppendResult, RecordStore } from '../../src/topics/record-store.ts'
import { errorName, Refusal } from '../../src/wire/error-codes.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { batchOf, openServices } from '../support/test-services.ts'

const request = (
  topicData: { name?: string; topicId?: string; partitionData: { index: number; records: Buffer | null }[] }[],
  acks = -1,
) => ({
  transactionalId: null,
  acks,
  timeoutMs: 1000,
  topicData,
})

/** Whether a request's memory was released, when its batches ended so. */
async function isReleasedAfter(...results: (AppendResult | Refusal)[]): Promise<boolean> {
  const services = await openServices()
  await services.createTopic('a', 2)
  const records = { append: () => ({ results: Promise.resolve(results) }) } as unknown as RecordStore
  const partitionData = results.map((_, index) => ({ index, records: Buffer.alloc(0) }))
  let isReleased = false
  const memory = { releaseRequest: () => void (isReleased = true), whenAnswerLeft: () => undefined }
  const context = { apiVersion: 9, memory } as unknown as RequestContext
  const accepted = await produceHandler({ ...services, records }).accept(request([{ name: 'a', partitionData }]), context)
  await accepted.answer
  return isReleased
}

describe('Produce', () => {
  it.each([3, 7, 9, 12])('appends to several topics and partitions, and answers the base offsets, in version %i', async (version) => {
    const services = await openServices()
    await services.createTopic('a', 2)
    await services.createTopic('b')
    const batch = () => batchOf(['x', 'y'])
    const topics = async () => [
      {
        name: 'a',
        partitionData: [
          { index: 1, records: await batch() },
          { index: 0, records: await batch() },
        ],
      },
      { name: 'b', partitionData: [{ index: 0, records: await batch() }] },
    ]
    await services.ask(produce, version, request(await topics()))
    const { responses } = await services.ask(produce, version, request(await topics()))
    expect(
      responses.map(({ name, partitionResponses }) => [
        name,
        partitionResponses.map(({ index, errorCode, baseOffset }) => [index, errorCode, baseOffset]),
      ]),
    ).toEqual([
      [
        'a',
        [
          [1, 0, 2],
          [0, 0, 2],
        ],
      ],
      ['b', [[0, 0, 2]]],
    ])
  })

  it('names topics by id from version 13 on', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const { id } = services.catalog.byName('a')
    const { responses } = await services.ask(
      produce,
      13,
      request([{ topicId: id, partitionData: [{ index: 0, records: await batchOf(['x']) }] }]),
    )
    expect(responses).toMatchObject([{ topicId: id, partitionResponses: [{ errorCode: 0, baseOffset: 0 }] }])
    const unknown = await services.ask(
      produce,
      13,
      request([{ topicId: ZERO_UUID, partitionData: [{ index: 0, records: await batchOf(['x']) }] }]),
    )
    expect(errorName(unknown.responses[0]!.partitionResponses[0]!.errorCode)).toBe('UNKNOWN_TOPIC_ID')
  })

  it('refuses what is wrong, partition by partition, and appends the rest', async () => {
    const services = await openServices()
    await services.createTopic('a', 2)
    const broken = await batchOf(['x'])
    broken[broken.length - 1]! ^= 1
    const { responses } = await services.ask(
      produce,
      9,
      request([
        { name: 'missing', partitionData: [{ index: 0, records: await batchOf(['x']) }] },
        {
          name: 'a',
          partitionData: [
            { index: 0, records: broken },
            { index: 1, records: await batchOf(['x']) },
            { index: 2, records: await batchOf(['x']) },
          ],
        },
      ]),
    )
    expect(responses.map(({ partitionResponses }) => partitionResponses.map(({ errorCode }) => errorName(errorCode)))).toEqual([
      ['UNKNOWN_TOPIC_OR_PARTITION'],
      ['CORRUPT_MESSAGE', 'NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ])
    expect(responses[1]!.partitionResponses[0]!.errorMessage).toMatch(/checksum|CRC/i)
  })

  it('refuses acks that are not 0, 1 or -1 without appending', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const { responses } = await services.ask(
      produce,
      9,
      request([{ name: 'a', partitionData: [{ index: 0, records: await batchOf(['x']) }] }], 2),
    )
    expect(errorName(responses[0]!.partitionResponses[0]!.errorCode)).toBe('INVALID_REQUIRED_ACKS')
    expect(await services.records.bounds(services.catalog.byName('a').id, 0)).toMatchObject({ highWatermark: 0 })
  })

  it('does not answer acks=0, and closes the connection when it fails', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const fine = await services.accept(
      produce,
      9,
      request([{ name: 'a', partitionData: [{ index: 0, records: await batchOf(['x']) }] }], 0),
    )
    expect(await fine.answer).toBe(NO_RESPONSE)
    const failed = await services.accept(
      produce,
      9,
      request([{ name: 'b', partitionData: [{ index: 0, records: await batchOf(['x']) }] }], 0),
    )
    expect(await failed.answer).toBe(CLOSE_CONNECTION)
    expect(await services.records.bounds(services.catalog.byName('a').id, 0)).toMatchObject({ highWatermark: 1 })
  })

  it('lets the next request in before the answer, and keeps their order', async () => {
    const services = await openServices()
    await services.createTopic('a')
    const first = await services.accept(produce, 9, request([{ name: 'a', partitionData: [{ index: 0, records: await batchOf(['x']) }] }]))
    const second = await services.accept(produce, 9, request([{ name: 'a', partitionData: [{ index: 0, records: await batchOf(['y']) }] }]))
    expect(await second.answer).toMatchObject({ responses: [{ partitionResponses: [{ baseOffset: 1 }] }] })
    expect(await first.answer).toMatchObject({ responses: [{ partitionResponses: [{ baseOffset: 0 }] }] })
  })

  it('stamps the time of the append where the topic wants it, and says so', async () => {
    const services = await openServices()
    await services.createTopic('a', 1, { 'message.timestamp.type': 'LogAppendTime' })
    const { responses } = await services.ask(
      produce,
      9,
      request([{ name: 'a', partitionData: [{ index: 0, records: await batchOf(['x'], 1) }] }]),
    )
    expect(responses[0]!.partitionResponses[0]!.logAppendTimeMs).toBe(services.clock.now())
    const found = await services.records.offsetOfMaxTimestamp(services.catalog.byName('a').id, 0)
    expect(found).toMatchObject({ offset: 0, timestamp: services.clock.now() })
  })

  it('lets the memory of a request go once all of it is written, not while a part may still be', async () => {
    const written = { baseOffset: 0, logAppendTimeMs: -1, logStartOffset: 0 }
    expect(await isReleasedAfter(written, written)).toBe(true)
    expect(await isReleasedAfter(written, new Refusal('REQUEST_TIMED_OUT'))).toBe(false)
  })
})
