import fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METADATA_LOG } from '../../src/cli/offline/metadata.ts'
import type { Finding } from '../../src/upkeep/finding.ts'
import { kindOfFolder, verify } from '../../src/upkeep/verify.ts'
import { BatchView } from '../../src/wire/records/batch.ts'
import { DATA_FOLDER, diskOf, type FolderFiles, makeVariedFolder } from '../support/varied-folder.ts'
import { checkpointText, parseCheckpoint } from '../../src/log/checkpoints.ts'

const folder = mkdtempSync(join(tmpdir(), 'ottla-verify-'))
let files: FolderFiles
beforeAll(async () => {
  files = await makeVariedFolder(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

async function check(changed: FolderFiles, path = DATA_FOLDER, metadata = METADATA_LOG) {
  const disk = await diskOf(changed)
  const findings: Finding[] = []
  const totals = { bytes: 0, batches: 0, records: 0 }
  const kind = await kindOfFolder(disk, path)
  if (kind === undefined) throw new Error(`${path} is no folder that can be checked`)
  await verify(kind, { disk, metadata, report: (finding) => findings.push(finding), totals })
  return { findings, totals }
}

const withFile = (name: string, bytes: Buffer): FolderFiles => new Map([...files, [name, bytes]])
const without = (...names: string[]): FolderFiles => new Map([...files].filter(([name]) => !names.includes(name)))
const changed = (name: string, change: (bytes: Buffer) => void): FolderFiles => {
  const bytes = Buffer.from(files.get(name)!)
  change(bytes)
  return withFile(name, bytes)
}
const found = async (folderFiles: FolderFiles, path?: string): Promise<string[]> =>
  (await check(folderFiles, path)).findings.map(({ level, file, message }) => `${level} ${file}: ${message}`)

const FIRST_LOG = 'orders-0/00000000000000000000.log'
const LAST_LOG = 'orders-0/00000000000000000045.log'
const RECOVERY_POINTS = 'recovery-point-offset-checkpoint'
const LOG_START_OFFSETS = 'log-start-offset-checkpoint'

describe('a data folder after a clean stop', () => {
  it('is sound, and was looked at as a whole', async () => {
    const { findings, totals } = await check(files)
    expect(findings).toEqual([])
    const logs = [...files].filter(([name]) => name.endsWith('.log')).map(([, bytes]) => bytes)
    expect(totals.batches).toBeGreaterThan(30)
    expect(totals.records).toBeGreaterThan(totals.batches)
    expect(totals.bytes).toBeGreaterThan(logs.reduce((sum, { length }) => sum + length, 0))
  })

  /** What nothing else in the folder could tell: the names that were given to cluster and broker. */
  function isHarmless(name: string, damaged: Buffer): boolean {
    return (
      name === 'meta.properties' && /^version=1\ncluster\.id=[\w-]{22}\nnode\.id=\d+\nottla\.layout\.version=1\n$/.test(String(damaged))
    )
  }

  /** With a byte changed: what is told of it, `harmless` where that is right. */
  async function shown(name: string, position: number, flip: number): Promise<string[]> {
    const damaged = Buffer.from(files.get(name)!)
    damaged[position]! ^= flip
    return isHarmless(name, damaged) ? ['harmless'] : found(withFile(name, damaged))
  }

  it('shows any one byte that is damaged, wherever it is', async () => {
    const names = [...files].filter(([, { length }]) => length > 0).map(([name]) => name)
    const place = fc
      .constantFrom(...names)
      .chain((name) => fc.tuple(fc.constant(name), fc.nat(files.get(name)!.length - 1), fc.integer({ min: 1, max: 255 })))
    await fc.assert(
      fc.asyncProperty(place, async (at) => {
        expect(await shown(...at)).not.toEqual([])
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  it('shows a damaged byte at every place of the small files, and of a batch’s header', async () => {
    const names = [
      'orders-0/leader-epoch-checkpoint',
      'moved-0/leader-epoch-checkpoint',
      'moved-0/partition.metadata',
      RECOVERY_POINTS,
      'log-start-offset-checkpoint',
      '.ottla-cleanshutdown',
      'moved-0/00000000000000000024.index',
      'moved-0/00000000000000000024.timeindex',
      LAST_LOG,
    ]
    const missed: string[] = []
    for (const name of names) {
      for (let position = 0; position < (name === LAST_LOG ? 61 : files.get(name)!.length); position++) {
        if ((await shown(name, position, 1)).length === 0) missed.push(`${name} at byte ${position}`)
      }
    }
    expect(missed).toEqual([])
  }, 60_000)

  it('shows a file that was cut short or has grown', async () => {
    const missed: string[] = []
    for (const [name, bytes] of files) {
      if (!/\.(log|timeindex|snapshot)$/.test(name)) continue
      const changes = [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from('x')])]
      for (const change of changes) if ((await found(withFile(name, change))).length === 0) missed.push(`${name} of ${change.length} bytes`)
    }
    expect(missed).toEqual([])
  }, 60_000)
})

describe('damage', () => {
  it('is told with file, byte and offset, and does not hide what lies behind it', async () => {
    const second = new BatchView(files.get('moved-0/00000000000000000024.log')!).sizeInBytes
    const twice = changed('moved-0/00000000000000000024.log', (bytes) => {
      bytes[second + 70]! ^= 1
      bytes[bytes.length - 1]! ^= 1
    })
    const { findings } = await check(twice)
    expect(findings).toMatchObject([
      {
        level: 'damage',
        file: 'moved-0/00000000000000000024.log',
        position: second,
        offset: 27,
        message: 'the batch at offset 27: the checksum is wrong',
      },
      { level: 'damage', offset: 33 },
    ])
  })

  it('is found in records whose checksum is right', async () => {
    const more = changed(FIRST_LOG, (bytes) => {
      const view = new BatchView(bytes)
      bytes.writeInt32BE(view.recordCount + 1, 57)
      view.seal(view.attributes, view.maxTimestamp)
    })
    expect(await found(more)).toEqual([
      expect.stringMatching(/^damage orders-0\/0{20}\.log: the batch at offset 0: its records are malformed/),
    ])
    const later = changed(FIRST_LOG, (bytes) => new BatchView(bytes).seal(0, new BatchView(bytes).maxTimestamp - 1))
    expect((await found(later))[0]).toContain('to be the greatest')
  })

  it('is found in the records of compressed batches', async () => {
    const [name] = [...files].find(
      ([file, bytes]) => file.startsWith('moved-0') && file.endsWith('.log') && new BatchView(bytes).codec !== 'none',
    )!
    const garbage = changed(name, (bytes) => {
      const view = new BatchView(bytes)
      view.packedRecords.fill(0xff)
      view.seal(view.attributes, view.maxTimestamp)
    })
    expect(await found(garbage)).toEqual([expect.stringContaining('the records cannot be decompressed')])
  })

  it('is a segment that is missing, at the start, between others, or at the end', async () => {
    expect(await found(without(FIRST_LOG))).not.toEqual([])
    expect((await found(without('orders-0/00000000000000000018.log'))).join()).toContain('offsets 18 to 26, before it, are missing')
    expect((await found(without(LAST_LOG))).join()).toContain('the log ends at offset 45, but was synced up to 54')
    expect((await found(new Map([...files].filter(([name]) => !name.startsWith('orders-1/'))))).join()).toContain(
      'it names orders-1 (offset 18), which is not there',
    )
  })

  it('is not what a compaction has left out, now or before the topic was altered', async () => {
    let orders: string | undefined
    const decode: typeof METADATA_LOG.decode = (key, value) => {
      const change = METADATA_LOG.decode(key, value)
      if (change?.topic?.name === 'orders') orders = change.topicId
      if (change?.topic !== undefined) return { ...change, topic: { ...change.topic, mayHaveGaps: true } }
      return (
        change ?? (orders === undefined ? undefined : { topicId: orders, topic: { name: 'orders', partitionCount: 2, mayHaveGaps: false } })
      )
    }
    const { findings } = await check(without('orders-0/00000000000000000018.log'), DATA_FOLDER, { ...METADATA_LOG, decode })
    expect(findings.filter(({ level }) => level === 'damage')).toEqual([])
  })

  it('is a segment that holds offsets of the one before it', async () => {
    const overlapping = withFile('orders-0/00000000000000000017.log', files.get('orders-0/00000000000000000018.log')!)
    expect((await found(overlapping)).join()).toContain('begins at offset 17, which the segment before it holds too')
  })

  it('is an index that is missing, though nothing is lost by it', async () => {
    expect(await found(without('orders-0/00000000000000000018.timeindex'))).toEqual([
      'damage orders-0/00000000000000000018.timeindex: the file is missing. Nothing is lost: remove the file, and the broker makes it again from the batches',
    ])
  })

  it('is a folder that holds the log of another topic', async () => {
    const swapped = withFile('orders-0/partition.metadata', files.get('moved-0/partition.metadata')!)
    expect(await found(swapped)).toEqual([
      expect.stringMatching(/^damage orders-0\/partition\.metadata: the folder belongs to topic id \S+, the topic/),
    ])
  })

  it('is a metadata log that is missing, or holds what no one understands', async () => {
    const metadataFiles = [...files.keys()].filter((name) => name.startsWith('__cluster_metadata'))
    expect((await found(without(...metadataFiles))).join()).toContain('the log of what exists is missing')
    const unknown = changed('__cluster_metadata-0/00000000000000000000.log', (bytes) => {
      const view = new BatchView(bytes)
      bytes[61 + 6] = 0x7f // the type of the first record
      view.seal(view.attributes, view.maxTimestamp)
    })
    expect((await found(unknown)).join()).toMatch(/damage __cluster_metadata-0: the record at offset 0: metadata record type \d+ /)
  })
})

/** That of `orders-0`, in the place of the true one. */
function withRecoveryPoint(offset: number): Buffer {
  const entries = parseCheckpoint(String(files.get(RECOVERY_POINTS)!))!.set('orders 0', offset)
  return Buffer.from(checkpointText([...entries].map(([key, value]) => `${key} ${value}\n`)))
}

describe('a data folder after a crash', () => {
  const crashed = (folderFiles: FolderFiles): FolderFiles => {
    const recoveryPoints = withRecoveryPoint(48)
    return new Map(
      [...folderFiles, [RECOVERY_POINTS, recoveryPoints]].filter(([name]) => name !== '.ottla-cleanshutdown') as [string, Buffer][],
    )
  }

  it('is sound when nothing is torn', async () => {
    expect(await found(crashed(files))).toEqual([])
  })

  it('has notes of what the next start will cut off', async () => {
    const torn = crashed(withFile(LAST_LOG, files.get(LAST_LOG)!.subarray(0, -5)))
    const { findings } = await check(torn)
    expect(findings.length).toBeGreaterThan(0)
    expect(findings.every(({ level }) => level === 'note')).toBe(true)
  })

  it('is damaged when something is missing that was synced', async () => {
    expect((await found(crashed(withFile(LAST_LOG, files.get(LAST_LOG)!.subarray(0, 30))))).join()).toContain('damage')
  })

  it('need not have the indexes of what was not synced', async () => {
    const names = ['index', 'timeindex', 'snapshot'].map((kind) => `orders-0/00000000000000000045.${kind}`)
    expect(await found(crashed(without(...names)))).toEqual([])
  })

  it('may begin behind its recovery point, where nothing is known of its epochs', async () => {
    const checkpoint = (offset: number): Buffer => Buffer.from(`0\n1\norders 0 ${offset}\n`)
    for (const recoveryPoint of [44, 45]) {
      const checkpoints = [RECOVERY_POINTS, LOG_START_OFFSETS].map(
        (name, index) => [name, checkpoint([recoveryPoint, 45][index]!)] as const,
      )
      const begun = new Map([...without('.ottla-cleanshutdown'), ...checkpoints])
      expect((await found(begun)).filter((line) => line.startsWith('damage'))).toEqual([])
    }
  })

  it('need not have the indexes of a segment that ends at the recovery point: the crash may have come before they were written', async () => {
    const names = ['index', 'timeindex'].map((kind) => `orders-0/00000000000000000036.${kind}`)
    const upTo = (offset: number): FolderFiles =>
      new Map([...without('.ottla-cleanshutdown', ...names), [RECOVERY_POINTS, withRecoveryPoint(offset)]])
    expect(await found(upTo(45))).toEqual([])
    expect((await found(upTo(46))).map((line) => line.split(':')[0])).toEqual(names.map((name) => `damage ${name}`))
  })
})

describe('files that are no part of the data', () => {
  it('are listed, and are no damage', async () => {
    const strange: [string, Buffer][] = [
      ['notes.txt', Buffer.from('mine')],
      ['orders-0/notes.txt', Buffer.from('mine')],
      ['orders-0/00000000000000000054.cut', Buffer.from('torn')],
      ['strange-0/00000000000000000000.log', Buffer.alloc(0)],
      ['strange-0/partition.metadata', files.get('moved-0/partition.metadata')!],
      [`gone-0.${'a'.repeat(32)}-delete/00000000000000000000.log`, Buffer.alloc(0)],
      ['.lock.1', Buffer.from('{}')],
      ['.lock-0badcafe.sock', Buffer.alloc(0)],
    ]
    const { findings } = await check(new Map([...files, ...strange]))
    expect(findings.map(({ level, file }) => `${level} ${file}`).toSorted()).toEqual([
      `note gone-0.${'a'.repeat(32)}-delete`,
      'note notes.txt',
      'note orders-0/00000000000000000054.cut',
      'note orders-0/notes.txt',
      'note strange-0',
    ])
  })
})

describe('one partition', () => {
  it('is checked alone, against what its data folder knows', async () => {
    const damaged = changed(LAST_LOG, (bytes) => void (bytes[100]! ^= 1))
    expect(await found(damaged, join(DATA_FOLDER, 'orders-1'))).toEqual([])
    expect((await found(damaged, join(DATA_FOLDER, 'orders-0'))).join()).toContain('checksum')
    expect((await found(withFile(LAST_LOG, Buffer.alloc(0)), join(DATA_FOLDER, 'orders-0'))).join()).toContain('was synced up to 54')
    const { totals } = await check(files, join(DATA_FOLDER, 'orders-1'))
    expect(totals).toMatchObject({ batches: 6, records: 18 })
  })

  it.each(['orders-0', 'moved-0'])('is checked away from its data folder: %s', async (name) => {
    const alone: FolderFiles = new Map([...files].filter(([file]) => file.startsWith(name)))
    expect(await found(alone, join(DATA_FOLDER, name))).toEqual([])
    const [log, bytes] = [...alone].find(([file]) => file.endsWith('.log'))!
    expect(await found(new Map([...alone, [log, bytes.subarray(0, -1)]]), join(DATA_FOLDER, name))).not.toEqual([])
  })

  it('is not just any folder', async () => {
    const disk = await diskOf(new Map([['photos/a.jpg', Buffer.alloc(1)]]))
    expect(await kindOfFolder(disk, join(DATA_FOLDER, 'photos'))).toBeUndefined()
    await expect(kindOfFolder(disk, join(DATA_FOLDER, 'missing'))).rejects.toThrow('there is no folder')
  })
})
