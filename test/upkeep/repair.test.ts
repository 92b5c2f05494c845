import fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METADATA_LOG } from '../../src/cli/offline/metadata.ts'
import type { Disk } from '../../src/disk/disk.ts'
import type { MemoryDisk } from '../../src/disk/memory-disk.ts'
import type { Finding } from '../../src/upkeep/finding.ts'
import { planRepair } from '../../src/upkeep/repair/repair.ts'
import { kindOfFolder, verify } from '../../src/upkeep/verify.ts'
import { walkBatches } from '../../src/upkeep/walk-batches.ts'
import { filesOf } from '../support/disk-files.ts'
import { DATA_FOLDER, diskOf, type FolderFiles, makeVariedFolder } from '../support/varied-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'ottla-repair-'))
let files: FolderFiles
beforeAll(async () => {
  files = await makeVariedFolder(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

const totals = () => ({ bytes: 0, batches: 0, records: 0 })

async function damageIn(disk: Disk): Promise<string[]> {
  const found: Finding[] = []
  await verify((await kindOfFolder(disk, DATA_FOLDER))!, {
    disk,
    metadata: METADATA_LOG,
    report: (finding) => found.push(finding),
    totals: totals(),
  })
  return found.filter(({ level }) => level === 'damage').map(({ file, message }) => `${file}: ${message}`)
}

async function repair(disk: Disk): Promise<string[]> {
  const { actions } = await planRepair((await kindOfFolder(disk, DATA_FOLDER))!, { disk, metadata: METADATA_LOG, totals: totals() })
  for (const action of actions) await action.apply()
  return actions.map(({ file, message }) => `${file}: ${message}`)
}

async function namedFilesOf(disk: MemoryDisk): Promise<Map<string, Buffer>> {
  return new Map([...(await filesOf(disk, DATA_FOLDER))].map(([path, bytes]) => [relative(DATA_FOLDER, path), bytes]))
}

/** What each batch holds, by partition and offset: bytes but for those that are filled in. Empty ones are left out. */
async function batchesIn(disk: MemoryDisk): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const [name, bytes] of await namedFilesOf(disk)) {
    if (!name.endsWith('.log')) continue
    const file = { read: async (into: Buffer, position: number) => bytes.copy(into, 0, position) }
    const visit = (view: Parameters<Parameters<typeof walkBatches>[0]['visit']>[0], position: number): boolean => {
      if (view.recordCount > 0 && view.isCrcValid)
        found.set(`${name.split('/')[0]} ${view.baseOffset}`, bytes.toString('base64', position + 16, position + view.sizeInBytes))
      return true
    }
    await walkBatches({ file, size: bytes.length, baseOffset: 0, visit, unreadable: () => undefined })
  }
  return found
}

const changed = (name: string, change: (bytes: Buffer) => Buffer | undefined): FolderFiles => {
  const bytes = change(Buffer.from(files.get(name)!))
  const others = [...files].filter(([other]) => other !== name)
  return new Map(bytes === undefined ? others : [...others, [name, bytes]])
}

const FIRST_LOG = 'orders-0/00000000000000000000.log'
const flipped =
  (position: number, mask = 0x10) =>
  (bytes: Buffer) => {
    bytes[position]! ^= mask
    return bytes
  }

interface Outcome {
  readonly damageLeft: readonly string[]
  /** Batches that were never there, or not so. */
  readonly invented: readonly string[]
  readonly lostCount: number
}

async function outcomeOf(damaged: FolderFiles): Promise<Outcome> {
  const disk = await diskOf(damaged)
  const before = await batchesIn(await diskOf(files))
  await repair(disk)
  const after = await batchesIn(disk)
  const invented = [...after].filter(([key, batch]) => before.get(key) !== batch).map(([key]) => key)
  return { damageLeft: await damageIn(disk), invented, lostCount: before.size - after.size }
}

describe('a repair', () => {
  it('does nothing to a folder that is sound', async () => {
    const disk = await diskOf(files)
    expect(await repair(disk)).toEqual([])
    expect(await namedFilesOf(disk)).toEqual(new Map(files))
  })

  it('puts an empty batch in place of one whose records are damaged, and keeps what it takes out', async () => {
    const disk = await diskOf(changed(FIRST_LOG, flipped(100)))
    expect(await repair(disk)).toMatchInlineSnapshot(`
      [
        ".ottla-cleanshutdown: it goes, if it is there, so that the next start looks at what was repaired",
        "orders-0/00000000000000000000.log: at byte 0, the checksum of the batch at offset 0 is wrong: 169 bytes, kept in 00000000000000000000.cut; an empty batch takes the place of offsets 0 to 2",
        "orders-0/leader-epoch-checkpoint: it and the indexes that are missing are made from the batches, where they differ",
      ]
    `)
    expect(await damageIn(disk)).toEqual([])
    const kept = (await disk.readFile(`${DATA_FOLDER}/orders-0/00000000000000000000.cut`))!
    expect(kept).toEqual(flipped(100)(Buffer.from(files.get(FIRST_LOG)!)).subarray(0, kept.length))
  })

  it.each([
    ['the base offset, upwards', 6],
    ['the base offset, far upwards', 2],
    ['the leader epoch', 14],
  ])('puts a batch back of which %s was damaged', async (_, at) => {
    const second = files.get(FIRST_LOG)!.readInt32BE(8) + 12
    expect(await outcomeOf(changed(FIRST_LOG, flipped(second + at)))).toEqual({ damageLeft: [], invented: [], lostCount: 0 })
  })

  it.each([
    [0, 1],
    [0, 128],
    [122, 1],
    [122, 128],
  ])('puts a batch below the start of the log back of which the leader epoch was damaged (at %i, %i)', async (position, mask) => {
    const damaged = changed('moved-0/00000000000000000012.log', flipped(position + 12, mask))
    expect(await outcomeOf(damaged)).toEqual({ damageLeft: [], invented: [], lostCount: 0 })
  })

  it('never overwrites a side file', async () => {
    const disk = await diskOf(changed(FIRST_LOG, flipped(100)))
    const older = await disk.open(`${DATA_FOLDER}/orders-0/00000000000000000000.cut`, 'create')
    await older.write([Buffer.from('older')], 0)
    await repair(disk)
    expect(String(await disk.readFile(`${DATA_FOLDER}/orders-0/00000000000000000000.cut`))).toBe('older')
    expect(await disk.list(`${DATA_FOLDER}/orders-0`)).toContain('00000000000000000000.1.cut')
  })

  it('leaves nothing damaged, loses at most the batch that was hit, and invents none, whatever byte is flipped', async () => {
    const names = [...files].filter(([name, { length }]) => length > 0 && name !== 'meta.properties').map(([name]) => name)
    const place = fc
      .constantFrom(...names)
      .chain((name) => fc.tuple(fc.constant(name), fc.nat(files.get(name)!.length - 1), fc.integer({ min: 1, max: 255 })))
    await fc.assert(
      fc.asyncProperty(place, async ([name, position, mask]) => {
        fc.pre(!name.startsWith('__cluster_metadata'))
        const { damageLeft, invented, lostCount } = await outcomeOf(changed(name, flipped(position, mask)))
        expect({ damageLeft, invented }).toEqual({ damageLeft: [], invented: [] })
        expect(lostCount).toBeLessThanOrEqual(name.endsWith('.log') ? 1 : 0)
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  it('leaves nothing damaged whatever file is gone, or cut anywhere', async () => {
    const names = [...files.keys()].filter((name) => name !== 'meta.properties' && !name.startsWith('__cluster_metadata'))
    const faults: string[] = []
    for (const name of names) {
      const { length } = files.get(name)!
      for (const size of [undefined, 0, 1, length >> 1, length - 1]) {
        const cut = (bytes: Buffer): Buffer | undefined => (size === undefined ? undefined : bytes.subarray(0, Math.max(0, size)))
        const { damageLeft, invented, lostCount } = await outcomeOf(changed(name, cut))
        const isLost = lostCount > 0 && !name.endsWith('.log')
        if (isLost || damageLeft.length + invented.length > 0) faults.push(`${name} cut to ${size}: ${damageLeft.join()} ${lostCount}`)
      }
    }
    expect(faults).toEqual([])
  }, 60_000)
})
