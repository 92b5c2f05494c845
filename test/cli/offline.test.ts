import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startBroker } from '../../src/start-broker.ts'
import { makeVariedFolder, readFolder } from '../support/varied-folder.ts'
import { temporaryFolder } from './ottla-for-commands.ts'
import { PlayedTerminal, runCommand } from './played-terminal.ts'
import { run } from '../../src/cli/program.ts'

const original = temporaryFolder()
let parent: string
let data: string
beforeAll(async () => void (await makeVariedFolder(join(original, 'data'))))
afterAll(() => rmSync(original, { recursive: true }))
beforeEach(() => {
  parent = temporaryFolder()
  data = join(parent, 'data')
  cpSync(join(original, 'data'), data, { recursive: true })
})
afterEach(() => rmSync(parent, { recursive: true }))

const LOG = 'orders-0/00000000000000000018.log'

function damage(name: string, position: number): void {
  const path = join(data, name)
  const bytes = readFileSync(path)
  bytes[position]! ^= 1
  writeFileSync(path, bytes)
}

const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('ottla verify', () => {
  it('says that a folder is sound', async () => {
    const { code, printed, said } = await runCommand(['verify', data])
    expect({ code, said }).toEqual({ code: 0, said: '' })
    expect(printed).toMatch(/^checked \d+ records, [\d.]+ kB, \d+ batches \([\d.]+ [kM]?B?[^)]*\/s\): sound\n$/)
  })

  it('says what is damaged, and where', async () => {
    damage(LOG, 70)
    const { code, printed, said } = await runCommand(['verify', data])
    expect(code).toBe(1)
    expect(printed).toContain(`damage  ${LOG} at byte 0: the batch at offset 18: the checksum is wrong\n`)
    expect(printed).toMatch(/: damaged\n$/)
    expect(said).toBe(`error: 1 piece of damage in ${data}. Nothing was changed; keep a copy before you do.\n`)
  })

  it('is content with what does no harm, and names it', async () => {
    writeFileSync(join(data, 'notes.txt'), 'mine')
    expect(await runCommand(['verify', data])).toMatchObject({
      code: 0,
      printed: expect.stringContaining('note    notes.txt: not a file of a data folder\n'),
    })
  })

  it('tells programs in JSON', async () => {
    damage(LOG, 70)
    const { code, printed } = await runCommand(['verify', data, '--json'])
    expect(code).toBe(1)
    const [finding, summary] = jsonLines(printed)
    expect(finding).toMatchObject({ kind: 'finding', level: 'damage', file: LOG, position: 0, offset: 18 })
    expect(summary).toMatchObject({ kind: 'summary', damage: 1, notes: 0, batches: expect.any(Number), elapsedMs: expect.any(Number) })
  })

  it('changes nothing', async () => {
    damage(LOG, 70)
    damage('orders-0/00000000000000000018.timeindex', 3)
    const before = readFolder(data)
    await runCommand(['verify', data])
    await runCommand(['dump', data, '--records'])
    expect(readFolder(data)).toEqual(before)
  })

  it('checks one partition', async () => {
    damage(LOG, 70)
    expect(await runCommand(['verify', join(data, 'orders-1')])).toMatchObject({
      code: 0,
      printed: expect.stringContaining('checked 18 records'),
    })
    expect((await runCommand(['verify', join(data, 'orders-0')])).code).toBe(1)
  })

  it('does not look at a folder while a broker writes there', async () => {
    const broker = await startBroker({ port: 0, dataDir: data })
    for (const folder of [data, join(data, 'orders-0')]) {
      expect(await runCommand(['verify', folder])).toMatchObject({
        code: 2,
        said: expect.stringMatching(/^error: a broker, process \d+, runs on .*Stop it, or check a copy/),
      })
    }
    await broker.close()
    expect((await runCommand(['verify', data])).code).toBe(0)
  })

  it('says so when there is nothing to check', async () => {
    mkdirSync(join(parent, 'photos'))
    expect(await runCommand(['verify', join(parent, 'photos')])).toMatchObject({
      code: 2,
      said: expect.stringContaining('is neither a data folder of Ottla nor'),
    })
    expect(await runCommand(['verify', join(parent, 'missing')])).toMatchObject({ code: 1, said: expect.stringContaining('missing') })
    expect((await runCommand(['verify'])).code).toBe(2)
  })

  it('leaves no progress behind on a terminal', async () => {
    const terminal = new PlayedTerminal()
    terminal.errors.isTTY = true
    expect(await run(['verify', data], terminal)).toBe(0)
    await new Promise((resolve) => setImmediate(resolve))
    expect(terminal.said.endsWith('\r\u001b[K')).toBe(true)
  })
})

describe('ottla dump', () => {
  it('prints the batches of a log, a line each', async () => {
    const { code, printed } = await runCommand(['dump', join(data, LOG)])
    expect(code).toBe(0)
    expect(printed).toMatch(
      /^ {2}at 0 {2}offsets 18-20 {2}3 records {2}\d+ bytes {2}\w+ {2}CreateTime 2026-01-31T00:00:02\.\d{3}Z {2}leader epoch 0 {2}crc \d+\n/,
    )
    expect(printed.trimEnd().split('\n')).toHaveLength(3)
  })

  it('prints the records too', async () => {
    const { printed } = await runCommand(['dump', join(data, LOG), '--records'])
    expect(printed).toMatch(/\n {4}offset 18 {2}2026-01-31T\S+Z {2}key "orders-8" {2}value "a{20}" {2}header codec "lz4"\n/)
    expect(printed).toContain('key null  value "bb')
  })

  it('prints every file of a folder, with its name', async () => {
    const { code, printed } = await runCommand(['dump', data])
    expect(code).toBe(0)
    for (const name of readFolder(data).keys()) expect(printed).toContain(`${name}\n`)
    expect(printed).toContain('meta.properties\n  version = 1\n')
    expect(printed).toMatch(/^recovery-point-offset-checkpoint\n( {2}.*\n)* {2}__cluster_metadata partition 0 {2}offset \d+$/m) // in any order
    expect(printed).toContain('orders-0/leader-epoch-checkpoint\n  leader epoch 0  from offset 0\n')
  })

  it('prints JSON lines', async () => {
    const entries = jsonLines((await runCommand(['dump', join(data, 'moved-0'), '--records', '--json'])).printed)
    expect(new Set(entries.map(({ kind }) => kind))).toEqual(
      new Set(['batch', 'record', 'index-entry', 'timeindex-entry', 'producer', 'epoch', 'partition']),
    )
    expect(entries.find(({ kind }) => kind === 'record')).toMatchObject({
      file: expect.stringContaining('moved-0'),
      offset: 12,
      key: 'moved-4',
      headers: [{ key: 'codec', value: 'zstd' }],
    })
  })

  it('says what the records of the metadata log mean', async () => {
    const log = join(data, '__cluster_metadata-0', '00000000000000000000.log')
    expect((await runCommand(['dump', log, '--records'])).printed).toContain('"name":"orders","partitionCount":2,')
    const records = jsonLines((await runCommand(['dump', log, '--records', '--json'])).printed).filter(({ kind }) => kind === 'record')
    expect(records.map(({ metadata }) => (metadata as { type: string }).type)).toContain('topic-deleted')
  })

  it('says what is damaged where it comes to it', async () => {
    damage(LOG, 70)
    const { code, printed, said } = await runCommand(['dump', join(data, LOG), join(data, 'meta.properties')])
    expect(code).toBe(1)
    expect(printed).toMatch(
      /crc \d+ is wrong\n {2}DAMAGE at byte 0: the batch at offset 18: the checksum is wrong\n {2}at \d+ {2}offsets 21-23/,
    )
    expect(printed).toContain('  node.id = 1\n')
    expect(said).toBe('error: 1 file could not be read as a whole\n')
  })

  it('does not print what it does not know', async () => {
    writeFileSync(join(parent, 'photo.jpg'), 'x')
    expect(await runCommand(['dump', join(parent, 'photo.jpg')])).toMatchObject({
      code: 2,
      said: expect.stringContaining('is not a file of a data folder'),
    })
    expect(await runCommand(['dump', join(parent, 'missing.log')])).toMatchObject({
      code: 1,
      said: expect.stringContaining('there is no file'),
    })
    expect(existsSync(join(parent, 'missing.log'))).toBe(false)
  })
})

describe('ottla repair', () => {
  const consume = async (): Promise<{ readonly code: number }> => {
    const broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir: data })
    const from = ['--partition', '0', '--from', '18', '--max', '3', '--bootstrap', broker.bootstrapServers]
    const outcome = await runCommand(['consume', 'orders', ...from])
    await broker.close()
    return outcome
  }

  it('says what it would do, and does nothing', async () => {
    damage(LOG, 70)
    const before = readFolder(data)
    const { code, printed, said } = await runCommand(['repair', data])
    expect(code).toBe(1)
    expect(printed).toContain(`would do  ${LOG}: at byte 0, the checksum of the batch at offset 18 is wrong`)
    expect(said).toContain('Nothing was changed: to do what is listed, add --execute')
    expect(readFolder(data)).toEqual(before)
  })

  it('leaves a folder that is sound, and that the broker serves', async () => {
    damage(LOG, 70)
    const { code, printed } = await runCommand(['repair', data, '--execute'])
    expect([code, printed]).toEqual([0, expect.stringContaining('repaired 1 piece of damage\n')])
    expect((await runCommand(['verify', data])).code).toBe(0)
    expect(existsSync(join(data, 'orders-0', '00000000000000000018.cut'))).toBe(true)
    expect((await consume()).code).toBe(0)
  })

  it('has nothing to do in a folder that is sound', async () => {
    const before = readFolder(data)
    expect(await runCommand(['repair', data, '--execute'])).toMatchObject({ code: 0, printed: 'nothing is damaged\n' })
    expect(readFolder(data)).toEqual(before)
  })

  it('tells programs what it did', async () => {
    damage(LOG, 70)
    const { printed } = await runCommand(['repair', join(data, 'orders-0'), '--execute', '--json'])
    expect(jsonLines(printed).map(({ kind, file }) => [kind, file])).toContainEqual(['done', LOG])
    expect(jsonLines(printed).at(-1)).toMatchObject({ kind: 'summary', isExecuted: true, damage: 1, left: 0 })
  })

  it('does not touch a folder on which a broker runs', async () => {
    const broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir: data })
    expect(await runCommand(['repair', data, '--execute'])).toMatchObject({ code: 1, said: expect.stringContaining('in use') })
    await broker.close()
  })
})
