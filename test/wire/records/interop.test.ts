import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BatchView } from '../../../src/wire/records/batch.ts'
import { decompress, type Codec } from '../../../src/wire/records/codecs.ts'
import { readRecords, type FetchedRecord } from '../../../src/wire/records/record.ts'

/** One topic's segment file as Kafka 4.3.1 wrote it, and what kcat read from it. Of the values of `big` ones only the beginning is kept. */
interface Produced {
  name: string
  codec: Codec
  size: 'small' | 'big'
  base64: string
  records: [offset: number, timestamp: number, key: string | null, value: string, headers: [string, string][]][]
}

const produced = readFileSync(new URL('data/produced.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Produced)

async function readSegment(bytes: Buffer): Promise<{ codecs: Set<Codec>; records: FetchedRecord[] }> {
  const codecs = new Set<Codec>()
  const records: FetchedRecord[] = []
  for (let position = 0; position < bytes.length;) {
    const view = new BatchView(bytes, position)
    expect(view.isCrcValid).toBe(true)
    codecs.add(view.codec)
    records.push(...readRecords(await decompress(view.codec, view.packedRecords, 1 << 20), view))
    position += view.sizeInBytes
  }
  return { codecs, records }
}

describe('batches that other producers wrote', () => {
  it.each(produced)('are read as others read them: $name', async ({ codec, size, base64, records: expected }) => {
    const { codecs, records } = await readSegment(Buffer.from(base64, 'base64'))
    expect([...codecs]).toEqual([codec])
    const padding = size === 'big' ? 'x'.repeat(900) : ''
    // kcat shows an empty header value for a null one
    expect(
      records.map(({ offset, timestamp, key, value, headers }) => [
        offset,
        timestamp,
        key === null ? null : key.toString(),
        value!.toString(),
        headers.map((header) => [header.key, header.value?.toString() ?? '']),
      ]),
    ).toEqual(expected.map(([offset, timestamp, key, value, headers]) => [offset, timestamp, key, value + padding, headers]))
  })
})
