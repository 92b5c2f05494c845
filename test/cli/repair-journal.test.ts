import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { METADATA_LOG } from '../../src/cli/offline/metadata.ts'
import { JournalReader } from '../../src/log/journal/journal-reader.ts'
import { startBroker } from '../../src/start-broker.ts'
import { planRepair } from '../../src/upkeep/repair/repair.ts'
import { kindOfFolder } from '../../src/upkeep/verify.ts'
import { createTopics } from '../../src/wire/messages/create-topics.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { buildBatch } from '../support/batch-builder.ts'
import { FaultDisk } from '../support/fault-disk.ts'
import { DATA_FOLDER, diskOf, type FolderFiles, readFolder } from '../support/varied-folder.ts'
import { WireConnection } from '../support/wire-connection.ts'
import { WireReader } from '../support/wire-reader.ts'
import { temporaryFolder } from './ottla-for-commands.ts'
import { runCommand } from './played-terminal.ts'

const VALUES = ['0', '1', '2', '3', '4', '5', '6', '7']
const OF_A_RUN = /^\.(lock|flock)/
let files: FolderFiles
let data: string

beforeAll(async () => {
  const folder = temporaryFolder()
  const broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir: folder })
  const connection = await WireConnection.connect(broker.bootstrapServers)
  const topic = { name: 'orders', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
  await connection.request(createTopics, 7, { topics: [topic] })
  for (const [index, value] of VALUES.entries()) {
    const partitionData = [{ index: index % 2, records: buildBatch({ records: [{ value }] }) }]
    await connection.request(produce, 9, { acks: -1, timeoutMs: 5000, topicData: [{ name: 'orders', partitionData }] })
  }
  const running = [...readFolder(folder)].filter(([name]) => !OF_A_RUN.test(name))
  // as a power loss may leave it: nothing but the journal has any of the records
  files = new Map(running.map(([name, bytes]) => [name, /^orders-\d\/.*\.log$/.test(name) ? Buffer.alloc(0) : bytes]))
  connection.close()
  await broker.close()
  rmSync(folder, { recursive: true })
})

beforeEach(() => void (data = join(temporaryFolder(), 'data')))
afterEach(() => rmSync(dirname(data), { recursive: true }))

const JOURNAL = 'journal/00000001.journal'

/** With a byte of the n-th entry changed. */
function damaged(index: number, byte: number): FolderFiles {
  const bytes = Buffer.from(files.get(JOURNAL)!)
  const mark = bytes.subarray(16, 20)
  let position = 20
  for (let count = 0; count <= index; count++) position = bytes.indexOf(mark, position + 1)
  bytes[position - 4 + byte]! ^= 1
  return new Map([...files, [JOURNAL, bytes]])
}

function write(folder: FolderFiles): void {
  for (const [name, bytes] of folder) {
    mkdirSync(dirname(join(data, name)), { recursive: true })
    writeFileSync(join(data, name), bytes)
  }
}

async function served(): Promise<(string | null)[][]> {
  const broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir: data })
  const reader = await WireReader.connect(broker.bootstrapServers)
  try {
    const values: (string | null)[][] = []
    for (const partition of [0, 1]) values.push((await reader.readAll('orders', partition, 0)).map(({ value }) => value))
    return values
  } finally {
    reader.close()
    await broker.close()
  }
}

describe('a journal of which a part cannot be read', () => {
  it('keeps the broker from starting, with a sentence that says what to do, and nothing is changed', async () => {
    write(damaged(2, 30))
    const before = readFolder(data)
    const message = `entries 3 to 3 of the journal, which were acknowledged, cannot be read. Nothing was changed. ottla verify ${data} tells more`
    const { code, said } = await runCommand(['start', '--data', data, '--port', '0'])
    expect(code).toBe(1)
    expect(said).toMatch(new RegExp(`^error: ${message}; ottla repair ${data} keeps .*\\.\\n$`))
    expect([...readFolder(data)].filter(([name]) => !OF_A_RUN.test(name))).toEqual([...before].filter(([name]) => !OF_A_RUN.test(name)))
    expect(await runCommand(['verify', data])).toMatchObject({
      code: 1,
      printed: expect.stringContaining('damage  journal: entries 3 to 3, which were acknowledged, cannot be read\n'),
    })
  })

  it('is repaired: the rest of it is replayed, and what cannot be read is told and kept', async () => {
    write(damaged(2, 30))
    const planned = await runCommand(['repair', data])
    expect(planned.printed).toContain(
      'would do  journal: entries 3 to 3 are lost; an empty batch takes the place of offsets 1 to 1 of orders-0',
    )
    const { code, printed } = await runCommand(['repair', data, '--execute'])
    expect(printed).toContain('the next start replays the other 7 entries; the journal as it was is kept in journal.damaged-1\n')
    expect(code).toBe(0)
    expect(readFolder(data).get('journal.damaged-1/00000001.journal')).toEqual(damaged(2, 30).get(JOURNAL))
    expect(await served()).toEqual([
      ['0', '4', '6'],
      ['1', '3', '5', '7'],
    ])
    expect(await runCommand(['verify', data])).toMatchObject({ code: 0 })
    expect((await runCommand(['repair', data])).printed).toBe('nothing is damaged\n')
  })

  it('is repaired when the entries of a log are lost that the journal has nothing of before', async () => {
    write(damaged(0, 30))
    expect(await runCommand(['repair', data, '--execute'])).toMatchObject({ code: 0 })
    expect(await served()).toEqual([
      ['2', '4', '6'],
      ['1', '3', '5', '7'],
    ])
  })

  it('is repaired by a repair that is begun again, wherever the power failed', async () => {
    for (let step = 0; ; step++) {
      const disk = await FaultDisk.onto(await diskOf(damaged(2, 30)), DATA_FOLDER, { step, kind: 'stop' })
      const repair = async (on: typeof disk | Awaited<ReturnType<typeof diskOf>>): Promise<true> => {
        const totals = { bytes: 0, batches: 0, records: 0 }
        const { actions } = await planRepair((await kindOfFolder(on, DATA_FOLDER))!, { disk: on, metadata: METADATA_LOG, totals })
        for (const action of actions) await action.apply()
        return true
      }
      const isOver = await Promise.race([repair(disk), disk.stopped.then(() => false)])
      const after = await disk.afterPowerLoss(() => 'nothing', ['/', DATA_FOLDER])
      await repair(after)
      const found: string[] = []
      await (await JournalReader.open(after, join(DATA_FOLDER, 'journal')))!.read({
        entry: ({ partition, baseOffset }) => found.push(`${partition}:${baseOffset}`),
        lost: () => found.push('lost'),
      })
      expect(found, `step ${step}`).not.toContain('lost')
      expect(found.slice(-8), `step ${step}`).toEqual(['0:0', '1:0', '1:1', '0:1', '0:2', '1:2', '0:3', '1:3'])
      if (isOver) break
    }
  })
})

describe('a log that the journal could not be appended to', () => {
  it('is offline until a repair has put the records beside it in their place', async () => {
    write(damaged(2, 100)) // in the batch
    expect((await served().catch((error: unknown) => String(error))).toString()).toContain('KAFKA_STORAGE_ERROR')
    await expect(served(), 'after another start').rejects.toThrow('KAFKA_STORAGE_ERROR')
    const file = 'orders-0/00000000000000000002.unreplayed'
    expect((await runCommand(['verify', data])).printed).toContain(`damage  ${file}: offsets 1 to 1, which the journal had, are missing\n`)
    const { code, printed } = await runCommand(['repair', data, '--execute'])
    expect(printed).toContain(`the next start appends what is in ${file}, behind an empty batch`)
    expect(code).toBe(0)
    expect(await served()).toEqual([
      ['0', '4', '6'],
      ['1', '3', '5', '7'],
    ])
    expect(readFolder(data).has(`${file}.cut`)).toBe(true)
  })
  it('is offline until a repair, also when it lacks its last record', async () => {
    write(damaged(6, 100)) // in the batch
    await expect(served()).rejects.toThrow('KAFKA_STORAGE_ERROR')
    await expect(served(), 'after another start').rejects.toThrow('KAFKA_STORAGE_ERROR')
    const file = 'orders-0/00000000000000000004.unreplayed'
    expect((await runCommand(['verify', data])).printed).toContain(`damage  ${file}: offsets 3 to 3, which the journal had, are missing\n`)
    expect(await runCommand(['repair', data, '--execute'])).toMatchObject({ code: 0 })
    expect(await served()).toEqual([
      ['0', '2', '4'],
      ['1', '3', '5', '7'],
    ])
    const offsets = (await runCommand(['dump', join(data, 'orders-0/00000000000000000000.log')])).printed.match(/(?<=offsets )\d+-\d+/g)
    expect(offsets).toEqual(['0-0', '1-1', '2-2', '3-3'])
    expect(await runCommand(['verify', data])).toMatchObject({ code: 0 })
  })
})
