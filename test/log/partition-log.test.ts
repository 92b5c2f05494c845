import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { append, openLog } from '../support/test-log.ts'
import { readAll } from '../support/read-log.ts'

describe('a log', () => {
  it('gives each batch the offsets after the last one, and reads them back in order', async () => {
    const { log } = await openLog(new MemoryDisk())
    expect((await append(log, ['a', 'b'])).baseOffset).toBe(0)
    expect((await append(log, ['c'])).baseOffset).toBe(2)
    expect(log).toMatchObject({ logStartOffset: 0, lastStableOffset: 3, highWatermark: 3, logEndOffset: 3 })
    expect((await readAll(log)).map(({ offset, value }) => [offset, value])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
  })
})
