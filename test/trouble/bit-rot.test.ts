// A byte of a record on disk is another than was written: what clients, the log, the status, `ottla verify` and `ottla repair` make of it, and what is left.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { BatchView } from '../../src/wire/records/batch.ts'
import { type OttlaProcess, ottlaCommand, startOttla, temporaryFolder, withoutOurs } from '../support/broker-process.ts'
import { WireReader } from '../support/wire-reader.ts'
import { Ledger } from './ledger.ts'

const SEGMENT = 'kept-0/00000000000000000000.log'
const DAMAGED_OFFSET = 7
const SENT = 20

let broker: OttlaProcess | undefined
afterEach(() => broker?.kill())

const ottla = (...flags: string[]) =>
  spawnSync(process.execPath, [ottlaCommand, ...flags], { encoding: 'utf8', env: withoutOurs(process.env) })

/** Stops the broker, and changes a byte of the record at the offset. Where its batch begins. */
async function rot(stopped: OttlaProcess): Promise<number> {
  await stopped.stop()
  const path = join(stopped.dataFolder, SEGMENT)
  const bytes = readFileSync(path)
  let position = 0
  for (let offset = 0; offset < DAMAGED_OFFSET; offset++) position += new BatchView(bytes, position).sizeInBytes
  bytes[position + 90]! ^= 4
  writeFileSync(path, bytes)
  return position
}

async function offsetsFrom(reader: WireReader, offset: number): Promise<number[]> {
  return (await reader.fetchBatches('kept', 0, offset)).batches.map(({ baseOffset }) => baseOffset)
}

const countOf = (text: string, part: string): number => text.split(part).length - 1

function counted(dataFolder: string, name: string): number | undefined {
  const { metrics } = JSON.parse(ottla('status', '--data', dataFolder, '--json').stdout) as {
    metrics: { name: string; samples: { value: number }[] }[]
  }
  return metrics.find((metric) => metric.name === name)?.samples[0]?.value
}

describe('a byte that rots in a segment', () => {
  it('costs the records of one batch, is told to everyone, and is repaired', async () => {
    const first = (broker = await startOttla({ dataFolder: temporaryFolder() }))
    const ledger = await Ledger.create(first.bootstrap, 'kept', 2)
    for (let count = 0; count < 2 * SENT; count++) await ledger.send(count % 2)
    const position = await rot(first)

    const second = (broker = await startOttla({ dataFolder: first.dataFolder }))
    const reader = await WireReader.connect(second.bootstrap)
    for (let times = 0; times < 2; times++) {
      expect(await offsetsFrom(reader, 0)).toEqual(Array.from({ length: DAMAGED_OFFSET }, (_, offset) => offset))
      await expect(reader.fetchBatches('kept', 0, DAMAGED_OFFSET)).rejects.toThrow('CORRUPT_MESSAGE')
      const after = DAMAGED_OFFSET + 1
      expect(await offsetsFrom(reader, after)).toEqual(Array.from({ length: SENT - after }, (_, index) => after + index))
    }
    reader.close()
    await ledger.reconnect(second.bootstrap)
    expect((await ledger.send(0)).error).toBe('NONE')
    expect(counted(second.dataFolder, 'ottla_damaged_parts_total')).toBe(1)
    expect(counted(second.dataFolder, 'ottla_damaged_offsets_total')).toBe(1)
    await second.stop()
    expect(countOf(second.output, 'error a part of a log is damaged: its records are refused to readers')).toBe(1)

    const finding = `damage  ${SEGMENT} at byte ${position}: the batch at offset ${DAMAGED_OFFSET}: the checksum is wrong\n`
    expect(ottla('verify', second.dataFolder)).toMatchObject({ status: 1, stdout: expect.stringContaining(finding) })
    expect(ottla('repair', second.dataFolder)).toMatchObject({ status: 1, stderr: expect.stringContaining('add --execute') })
    expect(ottla('repair', second.dataFolder, '--execute')).toMatchObject({ status: 0, stdout: expect.stringContaining('.cut') })
    expect(ottla('verify', second.dataFolder)).toMatchObject({ status: 0 })

    const third = (broker = await startOttla({ dataFolder: first.dataFolder }))
    expect(await ledger.broken(third.bootstrap)).toEqual([expect.stringContaining(`is not at ${DAMAGED_OFFSET}`)])
    ledger.close()
    await third.stop()
    expect(countOf(third.output, 'is damaged')).toBe(0)
  })
})

describe('a byte that rots in the journal', () => {
  it('costs nothing when the segments have it all; the broker that does not start is started after a repair', async () => {
    const first = (broker = await startOttla({ dataFolder: temporaryFolder() }))
    const ledger = await Ledger.create(first.bootstrap, 'kept', 2)
    for (let count = 0; count < 10; count++) await ledger.send(count % 2)
    await first.kill()
    const path = join(first.dataFolder, 'journal/00000001.journal')
    const bytes = readFileSync(path)
    bytes[24 + 30]! ^= 1 // the topic id of the first entry
    writeFileSync(path, bytes)

    const refused = ottla('start', '--data', first.dataFolder, '--port', '0')
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^error: entries 1 to 1 of the journal.*Nothing was changed.*ottla repair \S+ keeps [^\n]*\.\n$/)
    expect(ottla('verify', first.dataFolder)).toMatchObject({ status: 1 })
    expect(ottla('repair', first.dataFolder, '--execute')).toMatchObject({ status: 0 })

    const second = (broker = await startOttla({ dataFolder: first.dataFolder }))
    expect(await ledger.broken(second.bootstrap)).toEqual([])
    await ledger.reconnect(second.bootstrap)
    expect((await ledger.send(0)).error).toBe('NONE')
    ledger.close()
    await second.stop()
  })
})
