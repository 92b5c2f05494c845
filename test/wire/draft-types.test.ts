// What the compiler accepts: checked by tsc, which reads the tests too. Every line marked @ts-expect-error must not compile.

import { describe, expectTypeOf, it } from 'vitest'
import { handler } from '../../src/handlers/handler.ts'
import type { requestCodec } from '../../src/wire/compile.ts'
import { listOffsets } from '../../src/wire/messages/list-offsets.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { array, int16, int32, int64, records, string, struct, uuid } from '../../src/wire/schema.ts'
import type { Draft, Infer } from '../../src/wire/schema.ts'

const message = struct({
  id: int32,
  name: string.nullable(),
  topicId: uuid.versions('3+'),
  epoch: int16.default(-1),
  rack: string.nullable('2+').default(null),
  leader: struct({ id: int32 }).tag(0),
  list: array(struct({ offset: int64, count: int32.default(0) })),
  batches: records.nullable(),
})

describe('what a decoder yields', () => {
  it('has every field, whatever the version', () => {
    expectTypeOf<Infer<typeof message>>().toEqualTypeOf<{
      id: number
      name: string | null
      topicId: string
      epoch: number
      rack: string | null
      leader: { id: number }
      list: { offset: number; count: number }[]
      batches: Buffer | null
    }>()
    expectTypeOf<ReturnType<ReturnType<typeof requestCodec<typeof listOffsets>>['decode']>>().toEqualTypeOf<
      Infer<typeof listOffsets.request>
    >()
  })
})

describe('a draft', () => {
  it('may leave out what has a default, is tagged, or is not in every version', () => {
    expectTypeOf<Draft<typeof message>>().toEqualTypeOf<{
      readonly id: number
      readonly name: string | null
      readonly topicId?: string
      readonly epoch?: number
      readonly rack?: string | null
      readonly leader?: { readonly id: number }
      readonly list: readonly { readonly offset: number; readonly count?: number }[]
      readonly batches: Buffer | readonly Buffer[] | null
    }>()
  })

  it('is anything that was decoded', () => {
    expectTypeOf<Infer<typeof message>>().toExtend<Draft<typeof message>>()
    expectTypeOf<Infer<typeof produce.response>>().toExtend<Draft<typeof produce.response>>()
  })

  it('has a null only where the schema has one', () => {
    expectTypeOf<null>().not.toExtend<Draft<typeof message>['id']>()
    expectTypeOf<undefined>().not.toExtend<Draft<typeof message>['name']>()
  })
})

describe('a handler', () => {
  const refuse = () => ({ topics: [] })

  it('answers a whole response', () => {
    const partitions = [{ partitionIndex: 0, errorCode: 0, timestamp: -1, offset: 5 }]
    handler(listOffsets, { handle: () => ({ topics: [{ name: 'a', partitions }] }), refuse })
    handler(listOffsets, { handle: async () => ({ topics: [] }), refuse })
    expectTypeOf(handler<typeof listOffsets>)
      .parameter(0)
      .toEqualTypeOf<typeof listOffsets>()
  })

  it('cannot forget a field', () => {
    const handle = () => ({ topics: [{ name: 'a', partitions: [{ partitionIndex: 0, offset: 5 }] }] })
    // @ts-expect-error the partition has no errorCode
    handler(listOffsets, { handle, refuse })
    // @ts-expect-error nor here, where the answer is a promise
    handler(listOffsets, { handle: async () => handle(), refuse })
    // @ts-expect-error there are no topics
    handler(listOffsets, { handle: () => ({}), refuse })
    expectTypeOf(handle).not.toExtend<() => Draft<typeof listOffsets.response>>()
  })
})
