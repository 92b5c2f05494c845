// Batches that are wrong in one way each, and what becomes of the request.

import { gzipSync } from 'node:zlib'
import { crc32 } from '@node-rs/crc32'
import { produce } from '../../../src/wire/messages/produce.ts'
import { buildBatch, buildOldMessage, buildRecords, type BuiltBatch } from '../../support/batch-builder.ts'
import { producing } from '../broker.ts'
import type { Case } from './case.ts'

const ATTRIBUTES = { gzip: 1, snappy: 2, lz4: 3, zstd: 4, logAppendTime: 8, transactional: 16, control: 32, deleteHorizon: 64 }
const TWO = [{ value: 'a' }, { value: 'b' }]
const garbage = Buffer.from('this is not what any codec writes, and long enough')
const nanoseconds = 1_700_000_000_000_000_000n

const built: Readonly<Record<string, BuiltBatch>> = {
  'one good batch': {},
  'a batch without records': { records: [], lastOffsetDelta: 0 },
  'magic 3': { magic: 3 },
  'a wrong checksum': { crcError: 1 },
  'a stated length one too long': { lengthError: 1 },
  'a stated length one too short': { lengthError: -1 },
  'a negative stated length': { lengthError: -1000 },
  'a count one too high': { records: TWO, recordCount: 3, lastOffsetDelta: 2 },
  'a count one too low': { records: TWO, recordCount: 1, lastOffsetDelta: 0 },
  'a count that does not fit the last offset': { records: TWO, recordCount: 2, lastOffsetDelta: 5 },
  'a negative count': { recordCount: -1 },
  'a negative last offset': { lastOffsetDelta: -1 },
  'an absurd count': { recordCount: 0x7fff_ffff, lastOffsetDelta: 0x7fff_fffe },
  'a control batch': { attributes: ATTRIBUTES.control },
  'a transactional batch without transactional id': {
    attributes: ATTRIBUTES.transactional,
    producerId: 1,
    producerEpoch: 0,
    baseSequence: 0,
  },
  'a transactional batch without producer id': { attributes: ATTRIBUTES.transactional },
  'the timestamp type LogAppendTime': { attributes: ATTRIBUTES.logAppendTime },
  'a delete horizon': { attributes: ATTRIBUTES.deleteHorizon },
  'unknown attribute bits': { attributes: 0x100 },
  'codec 5': { attributes: 5 },
  'codec 7': { attributes: 7 },
  'timestamps in nanoseconds': { baseTimestamp: nanoseconds },
  'timestamps of 1970': { baseTimestamp: 0n },
  'negative timestamps': { baseTimestamp: -1n },
  'a largest timestamp that no record has': { maxTimestamp: 1_700_000_099_999n },
  'offsets that do not start at 0': { baseOffset: 42 },
  'a gap between records': { records: [{ value: 'a' }, { value: 'b', offsetDelta: 2 }], lastOffsetDelta: 2, recordCount: 2 },
  'records out of order': {
    records: [
      { value: 'a', offsetDelta: 1 },
      { value: 'b', offsetDelta: 0 },
    ],
  },
  'the same record offset twice': {
    records: [
      { value: 'a', offsetDelta: 0 },
      { value: 'b', offsetDelta: 0 },
    ],
  },
  'a record longer than stated': { records: [{ value: 'abc', lengthError: -1 }] },
  'a record shorter than stated': { records: [{ value: 'abc', lengthError: 1 }] },
  'a first record that is longer than stated': { records: [{ value: 'abc', lengthError: -1 }, { value: 'b' }] },
  'records of garbage': { payload: garbage },
  'garbage after the records': { payload: Buffer.concat([buildRecords([{ value: 'a' }]), garbage]) },
  'gzip of good records': { attributes: ATTRIBUTES.gzip, records: TWO, payload: gzipSync(buildRecords(TWO)) },
  'gzip of too few records': { attributes: ATTRIBUTES.gzip, records: TWO, payload: gzipSync(buildRecords(TWO.slice(1))) },
  'gzip of too many records': { attributes: ATTRIBUTES.gzip, records: TWO.slice(1), payload: gzipSync(buildRecords(TWO)) },
  'gzip that ends early': { attributes: ATTRIBUTES.gzip, records: TWO, payload: gzipSync(buildRecords(TWO)).subarray(0, -12) },
  'garbage as gzip': { attributes: ATTRIBUTES.gzip, payload: garbage },
  'garbage as snappy': { attributes: ATTRIBUTES.snappy, payload: garbage },
  'garbage as lz4': { attributes: ATTRIBUTES.lz4, payload: garbage },
  'garbage as zstd': { attributes: ATTRIBUTES.zstd, payload: garbage },
  'a producer id without epoch': { producerId: 1000 },
  'a producer id without sequence': { producerId: 1000, producerEpoch: 0 },
  'an epoch without producer id': { producerEpoch: 0, baseSequence: 0 },
  'a producer id below -1': { producerId: -2, producerEpoch: 0, baseSequence: 0 },
}

const buffers: Readonly<Record<string, Buffer | null>> = {
  'no records (null)': null,
  'no records (empty)': Buffer.alloc(0),
  'magic 0': buildOldMessage(0, crc32),
  'magic 1': buildOldMessage(1, crc32),
  'two batches': Buffer.concat([buildBatch(), buildBatch()]),
  'three bytes after the batch': Buffer.concat([buildBatch(), Buffer.of(1, 2, 3)]),
  'a batch that ends early': buildBatch().subarray(0, -1),
  'a header that ends early': buildBatch().subarray(0, 40),
  'sixteen bytes': buildBatch().subarray(0, 16),
}

const inNewTopic = (title: string, records: Buffer | null): Case => ({
  title: `Produce v9: ${title}`,
  ask: async (broker) => broker.ask(produce, 9, producing(await broker.newTopic(), 0, records)),
})

export const produceBatches: Case[] = [
  ...Object.entries(built).map(([title, batch]) => inNewTopic(title, buildBatch(batch))),
  ...Object.entries(buffers).map(([title, records]) => inNewTopic(title, records)),
]
