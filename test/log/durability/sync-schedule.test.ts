// Which log is synced when, whatever the logs are.

import { beforeEach, describe, expect, it } from 'vitest'
import { createDiagnostics } from '../../../src/lib/diagnostics.ts'
import { type ScheduledLog, SyncSchedule } from '../../../src/log/durability/sync-schedule.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { settled } from '../../support/test-log.ts'

let clock: ManualClock
let lines: string[]
let schedule: SyncSchedule
/** Begun and not ended. */
let syncing: { name: string; end: (error?: Error) => void }[]
/** `name@time`, in order. */
let begun: string[]

beforeEach(() => {
  clock = new ManualClock()
  lines = []
  schedule = new SyncSchedule(
    clock,
    createDiagnostics(clock, 'info', ({ message }) => lines.push(message)),
  )
  syncing = []
  begun = []
})

function newLog(name: string): ScheduledLog {
  return {
    flush: () => {
      begun.push(`${name}@${clock.monotonic()}`)
      return new Promise((resolve, reject) => {
        const end = (error?: Error): void => (error === undefined ? resolve() : reject(error))
        syncing.push({ name, end })
      })
    },
  }
}

const pass = async (ms: number): Promise<void> => {
  clock.advance(ms)
  await settled()
}
const endAll = async (error?: Error): Promise<void> => {
  for (const { end } of syncing.splice(0)) end(error)
  await settled()
}

describe('a log with unsynced appends', () => {
  it('is synced when the oldest of them has waited as long as it may', async () => {
    const log = newLog('a')
    schedule.syncWithin(log, 100)
    await pass(60)
    schedule.syncWithin(log, 100)
    await pass(39)
    expect(begun).toEqual([])
    await pass(1)
    expect(begun).toEqual(['a@100'])
    await endAll()
    await pass(1000)
    expect(begun).toEqual(['a@100'])
    expect(clock.pendingTimerCount).toBe(0)
  })

  it('is synced again for those that came while it was, and not twice at the same time', async () => {
    const log = newLog('a')
    schedule.syncWithin(log, 100)
    await pass(100)
    schedule.syncWithin(log, 100)
    await pass(500)
    expect(begun).toEqual(['a@100'])
    await endAll()
    expect(begun).toEqual(['a@100', 'a@600'])
  })

  it('is synced sooner when its settings change to that, and no later when they change to more', async () => {
    const log = newLog('a')
    schedule.syncWithin(log, 5000)
    await pass(10)
    schedule.syncWithin(log, 100)
    schedule.syncWithin(log, 5000)
    await pass(100)
    expect(begun).toEqual(['a@110'])
  })

  it('keeps an earlier time that it already has', async () => {
    const log = newLog('a')
    schedule.syncWithin(log, 5000)
    await pass(4990)
    schedule.syncWithin(log, 100)
    await pass(10)
    expect(begun).toEqual(['a@5000'])
  })

  it('is not synced once it is forgotten', async () => {
    const log = newLog('a')
    schedule.syncWithin(log, 100)
    schedule.forget(log)
    await pass(200)
    expect(begun).toEqual([])
  })

  it('that cannot be synced does not keep others from it', async () => {
    schedule.syncWithin(newLog('a'), 100)
    await pass(100)
    await endAll(new Error('EIO'))
    schedule.syncWithin(newLog('b'), 100)
    await pass(100)
    expect(begun).toEqual(['a@100', 'b@200'])
  })
})

describe('many logs', () => {
  it('share one timer', () => {
    for (let index = 0; index < 1000; index++) schedule.syncWithin(newLog(String(index)), 100)
    expect(clock.pendingTimerCount).toBe(1)
  })

  it('are synced eight at a time, those first that are due longest, however long they may wait', async () => {
    for (let index = 0; index < 9; index++) schedule.syncWithin(newLog(`slow${index}`), 1000)
    await pass(500)
    for (let index = 0; index < 9; index++) schedule.syncWithin(newLog(`quick${index}`), 100)
    await pass(1000)
    expect(begun.map((one) => one.replace(/@.*/, ''))).toEqual(Array.from({ length: 8 }, (_, index) => `quick${index}`))
    syncing.shift()!.end()
    await settled()
    syncing.shift()!.end()
    await settled()
    expect(begun.slice(8)).toEqual(['quick8@1500', 'slow0@1500'])
    await endAll()
    expect(begun).toHaveLength(18)
  })

  it('tell how late they are, and say so when it is a second', async () => {
    for (let index = 0; index < 9; index++) schedule.syncWithin(newLog(String(index)), 100)
    expect(schedule.overdueMs).toBe(0)
    await pass(100)
    await pass(700)
    expect(schedule.overdueMs).toBe(700)
    expect(lines).toEqual([])
    await pass(301)
    await endAll()
    expect(lines).toEqual(['syncs are late: the disk does not keep up with durability.interval.ms or flush.ms'])
    await endAll()
    expect(schedule.overdueMs).toBe(0)
  })

  it('are not synced any more after a stop', async () => {
    schedule.syncWithin(newLog('a'), 100)
    schedule.stop()
    await pass(200)
    expect(begun).toEqual([])
  })
})
