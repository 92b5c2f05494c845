import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DumpEntry, dumpFile } from '../../src/upkeep/dump.ts'
import { DATA_FOLDER, diskOf, type FolderFiles, makeVariedFolder } from '../support/varied-folder.ts'
import { batchesIn } from '../support/batch-builder.ts'

const folder = mkdtempSync(join(tmpdir(), 'ottla-dump-'))
let files: FolderFiles
beforeAll(async () => {
  files = await makeVariedFolder(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

async function dump(name: string, bytes = files.get(name)!, withRecords = true): Promise<DumpEntry[]> {
  const disk = await diskOf(new Map([[name, bytes]]))
  const entries: DumpEntry[] = []
  const emit = async (entry: DumpEntry): Promise<boolean> => {
    entries.push(entry)
    return true
  }
  expect(await dumpFile(join(DATA_FOLDER, name), { disk, withRecords, emit })).toBe(true)
  return entries
}

const ofKind = <K extends DumpEntry['kind']>(entries: readonly DumpEntry[], kind: K) =>
  entries.filter((entry): entry is Extract<DumpEntry, { kind: K }> => entry.kind === kind)

const LOG = 'moved-0/00000000000000000024.log'

describe('a dump', () => {
  it('reads every file that a broker leaves, without a complaint', async () => {
    for (const name of files.keys()) {
      if (name === '.ottla-cleanshutdown') continue
      expect({ name, damage: ofKind(await dump(name), 'damage') }).toEqual({ name, damage: [] })
    }
  })

  it('has every batch of a log, and every record', async () => {
    for (const [name, bytes] of files) {
      if (!name.endsWith('.log')) continue
      const entries = await dump(name)
      const batches = ofKind(entries, 'batch')
      expect(batches.map(({ baseOffset, lastOffset, recordCount }) => ({ baseOffset, lastOffset, recordCount }))).toEqual(batchesIn(bytes))
      expect(batches.every(({ isCrcValid }) => isCrcValid)).toBe(true)
      const offsets = batches.flatMap(({ baseOffset, recordCount }) =>
        Array.from({ length: recordCount }, (_, index) => baseOffset + index),
      )
      expect(ofKind(entries, 'record').map(({ offset }) => offset)).toEqual(offsets)
      expect(ofKind(await dump(name, bytes, false), 'record')).toEqual([])
    }
  })

  it('shows records as they were sent, whatever their codec', async () => {
    const [first, second, third] = ofKind(await dump(LOG), 'record')
    expect(first).toMatchObject({
      offset: 24,
      key: Buffer.from('moved-8'),
      value: Buffer.from('a'.repeat(20)),
      headers: [{ key: 'codec', value: Buffer.from('lz4') }],
    })
    expect(second).toMatchObject({ key: null, value: Buffer.from('bb'.repeat(20)) })
    expect(third).toMatchObject({ value: null, timestamp: first!.timestamp + 2 })
  })

  it('shows what stands beside the segments', async () => {
    const batch = ofKind(await dump(LOG), 'batch')[2]
    expect(await dump('moved-0/00000000000000000024.index')).toEqual([
      { kind: 'index-entry', offset: expect.any(Number), position: expect.any(Number) },
    ])
    expect(await dump('moved-0/00000000000000000024.timeindex')).toEqual([
      { kind: 'timeindex-entry', timestamp: expect.any(Number), offset: 35 },
    ])
    expect(batch).toMatchObject({ producerEpoch: 0, baseSequence: 9, lastSequence: 11, partitionLeaderEpoch: 0 })
    expect(await dump('moved-0/00000000000000000036.snapshot')).toMatchObject([
      { kind: 'producer', producerId: 1, producerEpoch: 0, lastSequence: 11 },
      { kind: 'producer', producerId: 2, producerEpoch: 0, lastSequence: 11 },
    ])
    expect(await dump('moved-0/leader-epoch-checkpoint')).toEqual([
      { kind: 'epoch', epoch: 0, startOffset: 16 },
      { kind: 'epoch', epoch: 1, startOffset: 36 },
    ])
    expect(await dump('moved-0/partition.metadata')).toEqual([{ kind: 'partition', topicId: expect.stringMatching(/^[\w-]{22}$/) }])
    expect(await dump('log-start-offset-checkpoint')).toEqual([{ kind: 'checkpoint', topic: 'moved', partition: 0, offset: 16 }])
    expect(await dump('meta.properties')).toContainEqual({ kind: 'property', name: 'node.id', value: '1' })
  })

  it('shows aborted transactions', async () => {
    const index = Buffer.alloc(34)
    index.writeBigInt64BE(7n, 2)
    index.writeBigInt64BE(100n, 10)
    index.writeBigInt64BE(110n, 18)
    index.writeBigInt64BE(105n, 26)
    expect(await dump('moved-0/00000000000000000024.txnindex', index)).toEqual([
      { kind: 'aborted-transaction', producerId: 7, firstOffset: 100, lastOffset: 110, lastStableOffset: 105 },
    ])
    expect(ofKind(await dump('moved-0/00000000000000000024.txnindex', index.subarray(1)), 'damage')).toMatchObject([{ position: 0 }])
  })

  it('goes on behind a batch whose records cannot be read, and says where it is', async () => {
    const whole = ofKind(await dump(LOG), 'batch')
    const bytes = Buffer.from(files.get(LOG)!)
    bytes[whole[1]!.position + 80]! ^= 1
    const entries = await dump(LOG, bytes)
    expect(ofKind(entries, 'batch').map(({ isCrcValid }) => isCrcValid)).toEqual([true, false, true, true])
    expect(ofKind(entries, 'record')).toHaveLength(9)
    expect(ofKind(entries, 'damage')).toEqual([
      { kind: 'damage', position: whole[1]!.position, message: 'the batch at offset 27: the checksum is wrong' },
    ])
  })

  it.each([
    ['a length that is too large', 8 + 2, 0x01],
    ['a length that is too large for the file', 8, 0x40],
    ['a length that is too small', 8 + 3, 0x40],
    ['no batch at all', 16, 0x01],
    ['an offset that is too small', 7, 0x1f],
    ['an offset that is too large', 4, 0x01],
  ])('finds the batches behind a header with %s', async (_, at, flip) => {
    const whole = ofKind(await dump(LOG), 'batch')
    const bytes = Buffer.from(files.get(LOG)!)
    bytes[whole[1]!.position + at]! ^= flip
    const entries = await dump(LOG, bytes)
    expect(ofKind(entries, 'batch').slice(-2)).toEqual(whole.slice(-2))
    expect(ofKind(entries, 'damage').length).toBeGreaterThan(0)
  })

  it('shows what comes before the place from which nothing can be made out', async () => {
    const bytes = files.get(LOG)!
    const torn = await dump(LOG, bytes.subarray(0, -1))
    expect(ofKind(torn, 'batch')).toHaveLength(3)
    expect(ofKind(torn, 'damage')).toMatchObject([{ position: ofKind(await dump(LOG), 'batch')[3]!.position }])
    const index = Buffer.concat([files.get('moved-0/00000000000000000024.index')!, Buffer.from('damage!!')])
    expect(await dump('moved-0/00000000000000000024.index', Buffer.concat([index, Buffer.alloc(3, 1)]))).toHaveLength(3)
  })

  it('stops when nobody reads any more', async () => {
    const disk = await diskOf(files)
    for (const [name, withRecords] of [
      [LOG, false],
      [LOG, true],
      ['meta.properties', false],
    ] as const) {
      let count = 0
      const emit = async (): Promise<boolean> => ++count < 3
      await dumpFile(join(DATA_FOLDER, name), { disk, withRecords, emit })
      expect(count).toBe(3)
    }
  })

  it('does not guess what another file is', async () => {
    const disk = await diskOf(new Map([['photo.jpg', Buffer.alloc(10)]]))
    expect(await dumpFile(join(DATA_FOLDER, 'photo.jpg'), { disk, withRecords: false, emit: async () => true })).toBe(false)
    await expect(
      dumpFile(join(DATA_FOLDER, 'meta.properties'), { disk, withRecords: false, emit: async () => true }),
    ).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
