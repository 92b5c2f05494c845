// What can be done to a log, each as a command that does the same to an array of records and compares: for test/log/model.test.ts.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Disk } from '../../src/disk/disk.ts'
import type { LogSettings } from '../../src/log/log-settings.ts'
import { Refusal } from '../../src/wire/error-codes.ts'
import type { Codec } from '../../src/wire/records/codecs.ts'
import { FaultDisk } from './fault-disk.ts'
import type { ManualClock } from './manual-clock.ts'
import { readAll, readBatches } from './read-log.ts'
import { batchOf, openLog, settled, type TestLog, unloadAndOpen, startAppend } from './test-log.ts'

interface ModelRecord {
  readonly value: string
  readonly timestamp: number
}

export interface Model {
  /** By offset, those below the log start included. */
  records: ModelRecord[]
  /** Where each batch begins. */
  batchStarts: number[]
  logStartOffset: number
  leaderEpoch: number
  epochStarts: [epoch: number, offset: number][]
}

/** The log, and how it is taken away and opened again. */
export interface Real {
  disk: Disk
  readonly clock: ManualClock
  readonly settings: Partial<LogSettings>
  opened: TestLog
}

type Command = fc.AsyncCommand<Model, Real>

const firstAtOrAfter = (model: Model, timestampMs: number): number | undefined => {
  const index = model.records.findIndex(({ timestamp }, offset) => offset >= model.logStartOffset && timestamp >= timestampMs)
  return index < 0 ? undefined : index
}

class Append implements Command {
  readonly batches: readonly ModelRecord[][]
  readonly codec: Codec

  constructor(batches: readonly ModelRecord[][], codec: Codec) {
    this.batches = batches
    this.codec = codec
  }

  check = (): boolean => true

  async run(model: Model, { opened: { log } }: Real): Promise<void> {
    const dones: Promise<void>[] = []
    for (const records of this.batches) {
      const batch = await batchOf(
        records.map(({ value }) => value),
        { codec: this.codec, timestamps: records.map(({ timestamp }) => timestamp) },
      )
      const { baseOffset, done } = startAppend(log, batch)
      assert.equal(baseOffset, model.records.length)
      dones.push(done)
      if (model.epochStarts.at(-1)?.[0] !== model.leaderEpoch) {
        model.epochStarts = [...model.epochStarts.filter(([, offset]) => offset < baseOffset), [model.leaderEpoch, baseOffset]]
      }
      model.batchStarts.push(baseOffset)
      model.records.push(...records)
    }
    await Promise.all(dones)
    assert.equal(log.highWatermark, model.records.length)
  }

  toString = (): string => `append(${this.codec}: ${JSON.stringify(this.batches)})`
}

class ReadEverything implements Command {
  readonly maxBytes: number

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  check = (): boolean => true

  async run({ records, logStartOffset }: Model, { opened: { log } }: Real): Promise<void> {
    const seen = await readAll(log, log.logStartOffset, this.maxBytes)
    assert.deepEqual(
      seen.map(({ value, timestamp }) => ({ value, timestamp })),
      records.slice(logStartOffset),
    )
    assert.equal(
      seen.every(({ offset }, index) => offset === logStartOffset + index),
      true,
    )
  }

  toString = (): string => `read everything(${this.maxBytes})`
}

class ReadAt implements Command {
  readonly offset: number
  readonly maxBytes: number

  constructor(offset: number, maxBytes: number) {
    this.offset = offset
    this.maxBytes = maxBytes
  }

  check = (): boolean => true

  async run({ records, batchStarts, logStartOffset }: Model, { opened: { log } }: Real): Promise<void> {
    const offset = this.offset % (records.length + 2)
    if (offset < logStartOffset || offset > records.length) {
      const read = (async () => log.read(offset, this.maxBytes, { upTo: log.highWatermark, atLeastOneBatch: true }))()
      await assert.rejects(read, { error: 'OFFSET_OUT_OF_RANGE' })
      return
    }
    const views = await readBatches(log, offset, this.maxBytes)
    if (offset === records.length) return assert.deepEqual(views, [])
    assert.equal(
      views[0]!.baseOffset,
      batchStarts.findLast((start) => start <= offset),
    )
    const size = views.reduce((sum, view) => sum + view.sizeInBytes, 0)
    assert.equal(views.length === 1 || size <= this.maxBytes, true)
    const strict = await readBatches(log, offset, this.maxBytes, false)
    assert.equal(strict.length, views[0]!.sizeInBytes > this.maxBytes ? 0 : views.length)
  }

  toString = (): string => `read at(${this.offset}, ${this.maxBytes})`
}

class FindTimestamp implements Command {
  readonly timestamp: number

  constructor(timestamp: number) {
    this.timestamp = timestamp
  }

  check = (): boolean => true

  async run(model: Model, { opened: { log } }: Real): Promise<void> {
    assert.equal((await log.offsetForTimestamp(this.timestamp, log.highWatermark))?.offset, firstAtOrAfter(model, this.timestamp))
    const greatest = Math.max(-1, ...model.records.slice(model.logStartOffset).map(({ timestamp }) => timestamp))
    const expected = greatest < 0 ? undefined : { offset: firstAtOrAfter(model, greatest), timestamp: greatest }
    const found = await log.offsetOfMaxTimestamp(log.highWatermark)
    assert.deepEqual(found && { offset: found.offset, timestamp: found.timestamp }, expected)
  }

  toString = (): string => `find timestamp(${this.timestamp})`
}

class AskEpochs implements Command {
  check = (): boolean => true

  async run({ epochStarts, records, leaderEpoch }: Model, { opened: { log } }: Real): Promise<void> {
    for (let epoch = 0; epoch <= leaderEpoch; epoch++) {
      const next = epochStarts.find(([other]) => other > epoch)
      assert.equal(log.endOffsetForEpoch(epoch).endOffset, next?.[1] ?? records.length)
    }
    for (const [epoch, offset] of epochStarts) if (offset < records.length) assert.equal(log.epochAt(offset), epoch)
    assert.equal(log.epochAt(records.length), leaderEpoch)
    assert.deepEqual(log.endOffsetForEpoch(leaderEpoch + 1), { leaderEpoch: -1, endOffset: -1 })
  }

  toString = (): string => 'ask epochs'
}

class Truncate implements Command {
  readonly offset: number

  constructor(offset: number) {
    this.offset = offset
  }

  check = ({ records }: Readonly<Model>): boolean => records.length > 0

  async run(model: Model, { opened: { log } }: Real): Promise<void> {
    const asked = Math.max(this.offset % model.records.length, model.logStartOffset)
    const end = model.batchStarts.findLast((start) => start <= asked)!
    if (end < model.logStartOffset) return
    await log.truncateTo(asked)
    if (asked < model.records.length) {
      model.records = model.records.slice(0, end)
      model.batchStarts = model.batchStarts.filter((start) => start < end)
      model.epochStarts = model.epochStarts.filter(([, offset]) => offset < end)
    }
    assert.equal(log.logEndOffset, model.records.length)
  }

  toString = (): string => `truncate(${this.offset})`
}

class AdvanceLogStart implements Command {
  readonly offset: number

  constructor(offset: number) {
    this.offset = offset
  }

  check = (): boolean => true

  async run(model: Model, { opened: { log } }: Real): Promise<void> {
    const offset = this.offset % (model.records.length + 1)
    await log.advanceLogStartOffset(offset)
    model.logStartOffset = Math.max(model.logStartOffset, offset)
    assert.equal(log.logStartOffset, model.logStartOffset)
    await assert.rejects(log.advanceLogStartOffset(model.records.length + 1), Refusal)
    const held = model.epochStarts.findLast(([, start]) => start <= model.logStartOffset)
    if (held !== undefined)
      model.epochStarts = [[held[0], model.logStartOffset], ...model.epochStarts.filter(([, start]) => start > model.logStartOffset)]
  }

  toString = (): string => `advance log start(${this.offset})`
}

async function reopen(model: Model, real: Real): Promise<void> {
  model.leaderEpoch++
  model.epochStarts = model.epochStarts.filter(([, offset]) => offset < model.records.length) // one that holds no record is forgotten
  real.opened = await openLog(real.disk, { settings: real.settings, clock: real.clock, leaderEpoch: model.leaderEpoch })
  const { log } = real.opened
  assert.equal(log.offlineReason, undefined)
  assert.deepEqual([log.logStartOffset, log.logEndOffset], [model.logStartOffset, model.records.length])
}

class Restart implements Command {
  check = (): boolean => true

  async run(model: Model, real: Real): Promise<void> {
    await real.opened.close()
    await reopen(model, real)
  }

  toString = (): string => 'restart'
}

class Kill implements Command {
  check = (): boolean => true

  async run(model: Model, real: Real): Promise<void> {
    await settled()
    const before = await FaultDisk.onto(real.disk, '/data')
    real.disk = await before.afterPowerLoss(() => 'all', ['/'])
    await reopen(model, real)
  }

  toString = (): string => 'kill'
}

class Unload implements Command {
  check = (): boolean => true

  async run(model: Model, real: Real): Promise<void> {
    real.opened = await unloadAndOpen(real.opened, model.leaderEpoch)
    const { log } = real.opened
    assert.deepEqual([log.logStartOffset, log.logEndOffset, log.offlineReason], [model.logStartOffset, model.records.length, undefined])
  }

  toString = (): string => 'unload, and open again'
}

class PassTime implements Command {
  check = (): boolean => true

  async run(_: Model, { clock }: Real): Promise<void> {
    clock.advance(1000)
    await settled()
  }

  toString = (): string => 'pass time'
}

const record = fc.record({ value: fc.string({ maxLength: 60 }), timestamp: fc.integer({ min: 0, max: 300 }) }, { noNullPrototype: true })
const batches = fc.array(fc.array(record, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 })

export const logCommands = [
  fc.tuple(batches, fc.constantFrom<Codec>('none', 'none', 'gzip', 'lz4')).map(([list, codec]) => new Append(list, codec)),
  fc.tuple(batches, fc.constant<Codec>('none')).map(([list, codec]) => new Append(list, codec)),
  fc.constantFrom(1, 200, 1000, 100_000).map((maxBytes) => new ReadEverything(maxBytes)),
  fc.tuple(fc.nat(500), fc.constantFrom(1, 150, 400, 5000)).map(([offset, maxBytes]) => new ReadAt(offset, maxBytes)),
  fc.integer({ min: 0, max: 310 }).map((timestamp) => new FindTimestamp(timestamp)),
  fc.nat(500).map((offset) => new Truncate(offset)),
  fc.nat(500).map((offset) => new AdvanceLogStart(offset)),
  fc.constant(new AskEpochs()),
  fc.constant(new Restart()),
  fc.constant(new Unload()),
  fc.constant(new Kill()),
  fc.constant(new PassTime()),
]
