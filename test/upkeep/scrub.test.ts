import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { Counter } from '../../src/lib/counters.ts'
import { asRefusal } from '../../src/wire/attempt.ts'
import { JobStopped, type JobTurn } from '../../src/upkeep/scheduler.ts'
import { scrubJob } from '../../src/upkeep/scrub.ts'
import { immediateTurn, openPartition } from '../support/job-turn.ts'
import { readAll, readBatches } from '../support/read-log.ts'
import { append, FOLDER, openLog, type TestLog } from '../support/test-log.ts'

const SETTINGS = { segmentBytes: 2000 }
const SECOND = `${FOLDER}/00000000000000000012.log`

async function writtenLog(): Promise<{ disk: MemoryDisk; opened: TestLog }> {
  const disk = new MemoryDisk()
  const opened = await openLog(disk, { settings: SETTINGS })
  for (let batch = 0; batch < 40; batch++) await append(opened.log, ['v'.repeat(90)])
  return { disk, opened }
}

async function flip(disk: MemoryDisk, path: string, position: number): Promise<void> {
  const bytes = (await disk.readFile(path))!
  bytes[position]! ^= 0x01
  await (await disk.open(path, 'existing')).write([bytes], 0)
}

const scrubbing = ({ log }: TestLog, bytesPerSecond = 1000) => {
  const [scrubbedBytes, runs] = [new Counter(), new Counter()]
  const partitions = () => [openPartition(log)]
  return {
    scrubbedBytes,
    runs,
    job: scrubJob({ intervalMs: () => 1000, bytesPerSecond: () => bytesPerSecond, partitions, scrubbedBytes, runs }),
  }
}

describe('the scrubber', () => {
  it('reads every byte of a sound log, and finds nothing', async () => {
    const { opened } = await writtenLog()
    const { job, scrubbedBytes, runs } = scrubbing(opened)
    await job.run(immediateTurn)
    expect([scrubbedBytes.value, runs.value]).toEqual([opened.log.sizeBytes, 1])
    expect(opened.services.counters.damagedParts.value).toBe(0)
  })

  it('finds damage in what this process wrote itself and nobody reads, and refuses it from then on', async () => {
    const { disk, opened } = await writtenLog()
    await flip(disk, SECOND, 100)
    await scrubbing(opened).job.run(immediateTurn)
    expect(opened.lines.map(({ fields }) => [fields['segment'], fields['fromOffset'], fields['lastOffset']])).toEqual([[12, 12, 12]])
    expect(await readBatches(opened.log, 12).catch(asRefusal)).toMatchObject({ error: 'CORRUPT_MESSAGE' })
    expect(await readAll(opened.log, 13)).toHaveLength(27)
    await scrubbing(opened).job.run(immediateTurn)
    expect([opened.lines.length, opened.services.counters.damagedParts.value]).toEqual([1, 1])
  })

  it('reads as fast as it may', async () => {
    const { opened } = await writtenLog()
    const slept: number[] = []
    await scrubbing(opened, 500).job.run({ step: () => undefined, sleep: async (ms) => void slept.push(ms) })
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBe(2 * opened.log.sizeBytes)
  })

  it('does nothing when it may read nothing', async () => {
    const { opened } = await writtenLog()
    const { job, scrubbedBytes, runs } = scrubbing(opened, 0)
    await job.run(immediateTurn)
    expect([scrubbedBytes.value, runs.value]).toEqual([0, 0])
  })

  it('stops between two pieces', async () => {
    const { opened } = await writtenLog()
    const stopping: JobTurn = { step: () => undefined, sleep: () => Promise.reject(new JobStopped()) }
    const { job, scrubbedBytes } = scrubbing(opened)
    await expect(job.run(stopping)).rejects.toThrow(JobStopped)
    expect(scrubbedBytes.value).toBeLessThan(opened.log.sizeBytes)
  })

  it('goes on with the next segment when one is removed under it', async () => {
    const { opened } = await writtenLog()
    const { job, scrubbedBytes } = scrubbing(opened)
    let pieces = 0
    const sleep = async (): Promise<void> => (pieces++ === 0 ? opened.log.advanceLogStartOffset(30) : undefined)
    await job.run({ step: () => undefined, sleep })
    expect(scrubbedBytes.value).toBeGreaterThanOrEqual(opened.log.sizeBytes)
    expect(opened.services.counters.damagedParts.value).toBe(0)
  })
})
