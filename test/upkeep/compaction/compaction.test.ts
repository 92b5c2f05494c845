import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import { CODECS } from '../../../src/wire/records/codecs.ts'
import { type CompactedLog, type KeyedRecord, lastOfEachKey, openCompactedLog, readKeyed } from '../../support/compacted-log.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { append, FOLDER, settled } from '../../support/test-log.ts'

const DAY_MS = 86_400_000

async function newLog(settings: Parameters<typeof openCompactedLog>[2] = {}): Promise<CompactedLog & { disk: MemoryDisk }> {
  const disk = new MemoryDisk()
  return Object.assign(await openCompactedLog(disk, new ManualClock(), settings), { disk })
}

const value = (key: string, text: string | null): KeyedRecord => ({ key, value: text })
const offsetsIn = async (log: CompactedLog): Promise<number[]> => (await recordsOf(log.log)).map(({ offset }) => offset)
const filesOf = async (disk: MemoryDisk, ending: string): Promise<string[]> =>
  ((await disk.list(FOLDER)) ?? []).filter((name) => name.endsWith(ending)).toSorted()

async function recordsOf(log: CompactedLog['log']): Promise<Awaited<ReturnType<typeof readKeyed>>['records']> {
  return (await readKeyed(log)).records
}

/** The same folder opened anew, so that everything is read from its files. */
async function reopened(log: CompactedLog & { disk: MemoryDisk }): Promise<CompactedLog & { disk: MemoryDisk }> {
  await log.close()
  return Object.assign(await openCompactedLog(log.disk, log.clock, { leaderEpoch: 1 }), { disk: log.disk })
}

describe('compaction', () => {
  it('keeps the last record of each key, at its offset', async () => {
    let log = await newLog()
    await log.append([value('a', '1'), value('b', '1'), value('a', '2')])
    await log.append([value('c', '1'), value('a', '3'), value('b', '2')])
    await log.compact()
    log = await reopened(log)
    expect((await recordsOf(log.log)).map(({ offset, key, value }) => [offset, key, value])).toEqual([
      [3, 'c', '1'],
      [4, 'a', '3'],
      [5, 'b', '2'],
    ])
  })

  it('leaves the active segment alone', async () => {
    let log = await newLog()
    await log.append([value('a', '1'), value('a', '2')])
    await log.compact()
    await log.append([value('a', '3'), value('a', '4')])
    await log.compact({}, {}, 'stays open')
    log = await reopened(log)
    expect(await offsetsIn(log)).toEqual([1, 2, 3])
  })

  it.each(CODECS)('rewrites only what it must, each batch in its own codec: %s', async (codec) => {
    let log = await newLog()
    const untouched = [value('x', 'y'.repeat(50)), value('z', 'y'.repeat(50))]
    await log.append(untouched, { codec })
    await log.append([value('a', '1'), value('b', '1'), value('c', '1')], { codec })
    await log.append([value('b', '2')], { codec })
    const before = (await readKeyed(log.log)).batches[0]!
    const bytesBefore = Buffer.from(before.buffer.subarray(before.position, before.position + before.sizeInBytes))
    await log.compact()
    log = await reopened(log)
    const { batches, records } = await readKeyed(log.log)
    expect(batches.map((view) => [view.codec, view.baseOffset, view.lastOffset, view.recordCount])).toEqual([
      [codec, 0, 1, 2],
      [codec, 2, 4, 2],
      [codec, 5, 5, 1],
    ])
    expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 4, 5])
    const [first] = batches
    expect(first!.buffer.subarray(first!.position, first!.position + first!.sizeInBytes).equals(bytesBefore)).toBe(true)
  })

  it('merges small segments, and removes the files of the old ones after a while', async () => {
    const log = await newLog({ segmentBytes: 800 })
    for (let count = 0; count < 12; count++) await log.append([value('same', 'x'.repeat(200)), value(`own ${count}`, 'x'.repeat(20))])
    await log.compact()
    await log.append([value('same', 'at last')])
    const before = (await filesOf(log.disk, '.log')).length
    await log.compact()
    expect((await filesOf(log.disk, '.log')).length).toBeLessThan(before - 1)
    expect(await filesOf(log.disk, '.deleted')).not.toEqual([])
    log.clock.advance(60_000)
    await settled()
    expect(await filesOf(log.disk, '.deleted')).toEqual([])
    expect(lastOfEachKey(await recordsOf((await reopened(log)).log))).toHaveLength(13)
  })

  it('is done with a log that it has compacted until there is more', async () => {
    const log = await newLog()
    await log.append([value('a', '1'), value('a', '2')])
    await log.compact()
    await log.compact()
    expect(log.counters.compactionRuns.value).toBe(1)
    await log.append([value('a', '3')])
    await log.compact()
    expect(log.counters.compactionRuns.value).toBe(2)
  })

  it('takes several passes when the keys do not fit the map', async () => {
    let log = await newLog({ segmentBytes: 2000 })
    const expected = new Map<string, string>()
    for (let count = 0; count < 60; count++) {
      const records = Array.from({ length: 10 }, (_, index) => value(`key ${(count * 7 + index * 13) % 100}`, `${count}.${index}`))
      for (const record of records) expected.set(record.key, record.value!)
      await log.append(records)
    }
    await log.compact({}, { dedupeBufferSize: 24 * 20 })
    expect(log.counters.compactionRuns.value).toBeGreaterThan(5)
    log = await reopened(log)
    const records = await recordsOf(log.log)
    expect(records).toHaveLength(100)
    expect(new Map(records.map((record) => [record.key, record.value]))).toEqual(expected)
  })

  it('drops records without a key, which were there before the topic was compacted', async () => {
    let log = await newLog()
    await log.append([value('a', '1')])
    await append(log.log, ['no key'])
    await log.append([value('b', '1')])
    await log.compact()
    log = await reopened(log)
    expect(await offsetsIn(log)).toEqual([0, 2])
  })
})

describe('what compaction waits for', () => {
  it('a dirty share above min.cleanable.dirty.ratio', async () => {
    const log = await newLog()
    for (let count = 0; count < 9; count++) await log.append([value(`${count}`, 'x'.repeat(100))])
    await log.compact()
    await log.append([value('0', 'x'.repeat(100))])
    await log.compact({ minCleanableRatio: 0.5 })
    expect(log.counters.compactionRuns.value).toBe(1)
    await log.compact({ minCleanableRatio: 0.05 })
    expect(log.counters.compactionRuns.value).toBe(2)
  })

  it('min.compaction.lag.ms', async () => {
    const log = await newLog()
    await log.append([value('a', '1'), value('a', '2')])
    await log.compact({ minCompactionLagMs: 1000 })
    expect(log.counters.compactionRuns.value).toBe(0)
    log.clock.advance(1000)
    await log.compact({ minCompactionLagMs: 1000 })
    expect(log.counters.compactionRuns.value).toBe(1)
  })

  it('the recovery point: past what is on disk of that, a gap would be taken for a loss', async () => {
    const log = await newLog()
    await log.append([value('a', '1'), value('a', '2')])
    await log.log.exchange.roll()
    await settled()
    await log.compact({}, {}, 'as it is')
    expect(log.counters.compactionRuns.value).toBe(0)
    await log.compact({}, {}, 'stays open')
    expect(log.counters.compactionRuns.value).toBe(1)
  })

  it('not for the dirty share, nor for the active segment to fill, past max.compaction.lag.ms', async () => {
    let log = await newLog()
    await log.append([value('a', '1'), value('a', '2')])
    const policy = { minCleanableRatio: 1, maxCompactionLagMs: DAY_MS }
    await log.compact(policy, {}, 'stays open')
    expect(log.counters.compactionRuns.value).toBe(0)
    log.clock.advance(DAY_MS + 1)
    await log.compact(policy, {}, 'stays open') // closes the segment
    await log.compact(policy, {}, 'stays open') // once the recovery point is past it
    log = await reopened(log)
    expect(await offsetsIn(log)).toEqual([1])
  })
})

describe('a tombstone', () => {
  it('takes the older records of its key with it, and stays until delete.retention.ms have passed', async () => {
    let log = await newLog()
    await log.append([value('a', '1'), value('b', '1')])
    await log.append([value('a', null), value('c', '1')])
    await log.compact({ deleteRetentionMs: 1000 })
    log = await reopened(log)
    const { records, batches } = await readKeyed(log.log)
    expect(records.map(({ key, value }) => [key, value])).toEqual([
      ['b', '1'],
      ['a', null],
      ['c', '1'],
    ])
    expect(batches.map(({ deleteHorizonMs }) => deleteHorizonMs)).toEqual([undefined, log.clock.now() + 1000])
    await log.append([value('d', '1')])
    await log.compact({ deleteRetentionMs: 1000 })
    expect(await offsetsIn((log = await reopened(log)))).toEqual([1, 2, 3, 4])
    log.clock.advance(1000)
    await log.append([value('e', '1')])
    await log.compact({ deleteRetentionMs: 1000 })
    expect(await offsetsIn(await reopened(log))).toEqual([1, 3, 4, 5])
  })

  it.each(CODECS)('keeps its timestamp, and those of its batch, when it gets its delete horizon: %s', async (codec) => {
    let log = await newLog()
    const timestamp = log.clock.now() - 5000
    await log.append(
      [
        { ...value('a', null), timestamp },
        { ...value('b', 'x'), timestamp: timestamp + 7 },
      ],
      { codec },
    )
    await log.compact({ deleteRetentionMs: Number.MAX_SAFE_INTEGER })
    log = await reopened(log)
    const { records, batches } = await readKeyed(log.log)
    expect(records.map((record) => record.timestamp)).toEqual([timestamp, timestamp + 7])
    expect(batches[0]!.maxTimestamp).toBe(timestamp + 7)
    expect(batches[0]!.deleteHorizonMs).toBeGreaterThan(log.clock.now())
  })
})

describe('batches that stay', () => {
  it('the last of a producer, empty, so that its sequence goes on after a restart', async () => {
    let log = await newLog()
    const producer = { producerId: 7, producerEpoch: 0 }
    await log.append([value('a', '1'), value('b', '1')], { ...producer, baseSequence: 0 })
    await log.append([value('a', '2'), value('b', '2')])
    await log.compact()
    for (const name of await filesOf(log.disk, '.snapshot')) await log.disk.unlink(`${FOLDER}/${name}`)
    log = await reopened(log)
    const { batches } = await readKeyed(log.log)
    expect(batches.map((view) => [view.baseOffset, view.lastOffset, view.recordCount, view.producerId])).toEqual([
      [0, 1, 0, 7],
      [2, 3, 2, -1],
    ])
    await expect(log.append([value('x', '1')], { ...producer, baseSequence: 5 })).rejects.toMatchObject({
      error: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    })
    expect(await log.append([value('x', '1')], { ...producer, baseSequence: 2 })).toBe(4)
  })

  it('the last of what is compacted together, empty, so that a reader at its offsets gets on', async () => {
    let log = await newLog({ segmentBytes: 100 }) // a batch each
    for (const [key, text] of [
      ['a', '1'],
      ['b', '1'],
      ['b', '2'],
    ] as const)
      await log.append([value(key, text)])
    await log.compact()
    log = await reopened(log)
    const { batches, records } = await readKeyed(log.log, 1)
    expect(records.map(({ offset }) => offset)).toEqual([2])
    expect(batches.map(({ baseOffset, recordCount }) => [baseOffset, recordCount])).toEqual([
      [1, 0],
      [2, 1],
    ])
  })

  it('those of transactions, and their markers, as they are', async () => {
    let log = await newLog()
    const producer = { producerId: 9, producerEpoch: 0, isTransactional: true }
    await log.append([value('a', '1')])
    await log.append([value('a', '2')], { ...producer, baseSequence: 0 })
    await log.append([value('marker', null)], { isTransactional: true, isControl: true })
    await log.append([value('b', '1')])
    await log.compact()
    log = await reopened(log)
    expect(await offsetsIn(log)).toEqual([0, 1, 2, 3])
  })
})

describe('a log that is compacted', () => {
  it('serves the same to who was reading it', async () => {
    const log = await newLog({ segmentBytes: 2000 })
    for (let count = 0; count < 40; count++) await log.append([value(`${count % 5}`, `${count}`), value(`${count % 7}`, 'x'.repeat(60))])
    const fresh = await reopened(log)
    const expected = new Map(lastOfEachKey(await recordsOf(fresh.log)).map((record) => [record.key, record.offset]))
    const readings = Array.from({ length: 20 }, async (_, turn) => {
      for (let count = 0; count < turn * 3; count++) await Promise.resolve()
      return recordsOf(fresh.log)
    })
    await fresh.compact()
    for (const records of await Promise.all(readings))
      expect(new Map(records.map((record) => [record.key, record.offset]))).toEqual(expected)
  })

  it('finds records by time, and the latest of all', async () => {
    let log = await newLog({ indexIntervalBytes: 0 })
    const now = log.clock.now()
    for (let count = 0; count < 20; count++) await log.append([{ key: `${count % 3}`, value: 'x', timestamp: now + count * 10 }])
    await log.append([{ key: '2', value: 'y', timestamp: now + 5 }])
    await log.compact()
    log = await reopened(log)
    expect(await offsetsIn(log)).toEqual([18, 19, 20])
    expect(await log.log.offsetForTimestamp(now, 21)).toMatchObject({ offset: 18, timestamp: now + 180 })
    expect(await log.log.offsetOfMaxTimestamp(21)).toMatchObject({ offset: 19 })
  })

  it('may lose its oldest segments while it is compacted', async () => {
    const log = await newLog({ fileDeleteDelayMs: 0 })
    const errors: string[] = []
    log.services.diagnostics.error = (message) => void errors.push(message)
    for (let count = 0; count < 20; count++) {
      await log.append([value(`${count % 3}`, 'x'.repeat(100))])
      await log.log.exchange.roll() // all of them one group
    }
    const { exchange } = log.log
    const begin = exchange.begin.bind(exchange)
    let [hasBegun, isTaken] = [false, false]
    exchange.begin = (baseOffset) => {
      hasBegun = true
      return begin(baseOffset)
    }
    log.whileCompacting = async () => {
      if (isTaken || !hasBegun) return
      isTaken = true
      await log.log.advanceLogStartOffset(19)
      log.clock.advance(0)
      await settled()
    }
    await log.compact({}, {}, 'stays open')
    expect(isTaken).toBe(true)
    await log.compact()
    expect(errors).toEqual([])
    expect(await offsetsIn(await reopened(log))).toEqual([19])
  })

  it('is left as it was when a batch is damaged, and said so once', async () => {
    const log = await newLog()
    const errors: string[] = []
    log.services.diagnostics.error = (message) => void errors.push(message)
    await log.append([value('a', '1'), value('a', '2')])
    await log.log.exchange.roll()
    await settled()
    const path = `${FOLDER}/00000000000000000000.log`
    const file = await log.disk.open(path, 'existing')
    await file.write([Buffer.of(0xff)], 68) // a value, which only the checksum covers
    const before = await log.disk.readFile(path)
    await log.compact()
    await log.compact()
    expect(errors).toHaveLength(1)
    expect(await log.disk.readFile(path)).toEqual(before)
    expect(await filesOf(log.disk, '.cleaned')).toEqual([])
  })
})
