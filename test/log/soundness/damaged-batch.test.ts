import { beforeEach, describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../../src/disk/memory-disk.ts'
import type { LogSettings } from '../../../src/log/log-settings.ts'
import { asRefusal } from '../../../src/wire/attempt.ts'
import { BatchView } from '../../../src/wire/records/batch.ts'
import { readAll, readBatches } from '../../support/read-log.ts'
import { append, FOLDER, openLog, type TestLog } from '../../support/test-log.ts'

const SETTINGS = { segmentBytes: 4096, indexIntervalBytes: 400 }
const RECORDS = 3 // a batch
const FIRST = `${FOLDER}/00000000000000000000.log`

let disk: MemoryDisk
let bytes: Buffer
let batches: readonly BatchView[]

/** A log of several segments, that was written by an earlier run. */
beforeEach(async () => {
  disk = new MemoryDisk()
  const opened = await openLog(disk, { settings: SETTINGS })
  for (let batch = 0; batch < 60; batch++) await append(opened.log, valuesOf(batch * RECORDS))
  await opened.close()
  bytes = (await disk.readFile(FIRST))!
  batches = batchesIn(bytes)
})

const valuesOf = (offset: number): string[] => Array.from({ length: RECORDS }, (_, index) => `${offset + index} ${'v'.repeat(30)}`)

function batchesIn(file: Buffer): BatchView[] {
  const views: BatchView[] = []
  for (let position = 0; position < file.length; position += views.at(-1)!.sizeInBytes) views.push(new BatchView(file, position))
  return views
}

async function reopenWith(change: (batch: BatchView) => void, settings: Partial<LogSettings> = {}, index = 5): Promise<TestLog> {
  change(batches[index]!)
  await (await disk.open(FIRST, 'existing')).write([bytes], 0)
  return openLog(disk, { settings: { ...SETTINGS, ...settings } })
}

const flip = (at: number) => (batch: BatchView) => void (batch.buffer[batch.position + at]! ^= 0x10)

/** What a reader gets who asks for each offset in turn. */
async function servedOffsets({ log }: TestLog): Promise<{ served: number[]; refused: number[] }> {
  const [served, refused]: [number[], number[]] = [[], []]
  for (let offset = 0; offset < log.highWatermark; offset++) {
    const views = await readBatches(log, offset, 1).catch(asRefusal)
    expect(Array.isArray(views) ? isRight(views[0]!, offset) : views.error).toBe(Array.isArray(views) ? true : 'CORRUPT_MESSAGE')
    ;(Array.isArray(views) ? served : refused).push(offset)
  }
  return { served, refused }
}

const isRight = (view: BatchView, offset: number): boolean => view.isCrcValid && view.baseOffset <= offset && offset <= view.lastOffset

const DAMAGED = [15, 16, 17] // batch 5

describe.each([
  ['a record', flip(70)],
  ['the batch length, upwards', flip(10)],
  ['the batch length, far upwards', flip(8)],
  ['the batch length, to less than a header', (batch: BatchView) => batch.buffer.writeInt32BE(20, batch.position + 8)],
  ['the magic', flip(16)],
  ['the checksum', flip(18)],
  ['the last offset delta', flip(25)],
  ['the base offset, upwards', flip(6)],
  ['the base offset, far upwards', flip(0)],
  ['the base offset, downwards', (batch: BatchView) => (batch.baseOffset -= 2)],
  ['the leader epoch, upwards', flip(13)],
  ['the leader epoch, below 0', (batch: BatchView) => (batch.partitionLeaderEpoch = -0x80000000)],
])('a batch of an earlier run with damage in %s', (_, change) => {
  it.each([true, false])('is refused, and no other one (gaps allowed: %s)', async (mayHaveGaps) => {
    const opened = await reopenWith(change, { mayHaveGaps })
    expect((await servedOffsets(opened)).refused).toEqual(DAMAGED)
  })

  it('is told once, and counted, however often it is read', async () => {
    const opened = await reopenWith(change)
    await servedOffsets(opened)
    await servedOffsets(opened)
    const { damagedParts, damagedBytes, damagedOffsets } = opened.services.counters
    expect([damagedParts.value, damagedBytes.value, damagedOffsets.value]).toEqual([1, batches[4]!.sizeInBytes, 3])
    expect(opened.lines.map(({ level, fields }) => [level, fields['fromOffset'], fields['lastOffset']])).toEqual([['error', 15, 17]])
  })

  it('ends what a read from before it answers', async () => {
    const { log } = await reopenWith(change)
    expect((await readBatches(log, 3)).map(({ baseOffset }) => baseOffset)).toEqual([3, 6, 9, 12])
  })
})

describe('a log with damage', () => {
  it.each([0, 1, 8, 9])('is read around batch %s, wherever the index leads to', async (index) => {
    const opened = await reopenWith(flip(70), {}, index)
    const { refused } = await servedOffsets(opened)
    expect(refused).toEqual([0, 1, 2].map((delta) => index * RECORDS + delta))
    expect(await readAll(opened.log, (index + 1) * RECORDS)).toHaveLength(opened.log.highWatermark - (index + 1) * RECORDS)
  })

  it('is read around several damaged batches', async () => {
    const opened = await reopenWith(() => [2, 3, 7].map((index) => flip(70)(batches[index]!)))
    expect((await servedOffsets(opened)).refused).toEqual([6, 7, 8, 9, 10, 11, 21, 22, 23])
  })

  it('refuses the offsets of a segment whose file is gone, and none but those', async () => {
    const names = (await disk.list(FOLDER))!.filter((name) => name.endsWith('.log')).toSorted()
    const [from, to] = [Number.parseInt(names[1]!, 10), Number.parseInt(names[2]!, 10)]
    await disk.unlink(`${FOLDER}/${names[1]}`)
    const { refused, served } = await servedOffsets(await openLog(disk, { settings: SETTINGS }))
    expect(refused).toEqual(Array.from({ length: to - from }, (_, index) => from + index))
    expect(served).toContain(to)
  })

  it('refuses the offsets that a segment lost its end of', async () => {
    await (await disk.open(FIRST, 'existing')).truncate(batches.at(-2)!.position)
    const { refused } = await servedOffsets(await openLog(disk, { settings: SETTINGS }))
    expect(refused).toEqual([0, 1, 2, 3, 4, 5].map((delta) => batches.at(-2)!.baseOffset + delta))
  })

  it('passes over offsets that compaction may have left out', async () => {
    const [before, after] = [bytes.subarray(0, batches[5]!.position), bytes.subarray(batches[6]!.position)]
    const file = await disk.open(FIRST, 'existing')
    await file.truncate(0)
    await file.write([before, after], 0)
    const offsets = async (settings: Partial<LogSettings>): Promise<unknown> => {
      const opened = await openLog(disk, { settings: { ...SETTINGS, ...settings } })
      return readBatches(opened.log, 16, 1).then(
        (views) => views[0]!.baseOffset,
        (error) => asRefusal(error).error,
      )
    }
    expect(await offsets({ mayHaveGaps: true })).toBe(18)
    expect(await offsets({ mayHaveGaps: false })).toBe('CORRUPT_MESSAGE')
  })

  it('is not searched for a time in the damaged batch', async () => {
    const { log, lines } = await reopenWith(flip(70))
    await expect(log.offsetForTimestamp(1_000_001, log.highWatermark)).resolves.toBeUndefined()
    await expect(log.offsetForTimestamp(1_000_000, log.highWatermark)).resolves.toMatchObject({ offset: 0 })
    expect(lines).toEqual([])
  })

  it('refuses a look-up by time that comes to the damaged batch', async () => {
    const { log, lines } = await reopenWith(flip(70), {}, 0)
    await expect(log.offsetForTimestamp(1_000_000, log.highWatermark)).rejects.toMatchObject({ error: 'CORRUPT_MESSAGE' })
    expect(lines).toHaveLength(1)
  })
})
