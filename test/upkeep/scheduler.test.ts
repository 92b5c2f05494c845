import { describe, expect, it } from 'vitest'
import type { LogLine } from '../../src/lib/diagnostics.ts'
import { createDiagnostics } from '../../src/lib/diagnostics.ts'
import { type Job, JobStopped, type JobTurn, Scheduler } from '../../src/upkeep/scheduler.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { settled } from '../support/test-log.ts'

function newScheduler(): { clock: ManualClock; scheduler: Scheduler; lines: LogLine[] } {
  const clock = new ManualClock()
  const lines: LogLine[] = []
  const diagnostics = createDiagnostics(clock, 'info', (line) => lines.push(line))
  return { clock, lines, scheduler: new Scheduler({ clock, diagnostics }) }
}

/** Counts its runs, each of which lasts until it is told to end. */
function heldJob(name: string, pauseMs: number): Job & { begun: number; end: () => void } {
  const job = {
    name,
    begun: 0,
    end: () => undefined as void,
    pauseMs: () => pauseMs,
    run: () => {
      job.begun++
      return new Promise<void>((resolve) => (job.end = resolve))
    },
  }
  return job
}

describe('the scheduler', () => {
  it('begins a job a pause after the start, and again a pause after it ended', async () => {
    const { clock, scheduler } = newScheduler()
    const job = heldJob('a', 1000)
    scheduler.add(job)
    clock.advance(999)
    expect(job.begun).toBe(0)
    clock.advance(1)
    expect(job.begun).toBe(1)
    clock.advance(5000)
    expect(job.begun).toBe(1)
    job.end()
    await settled()
    clock.advance(999)
    expect(job.begun).toBe(1)
    clock.advance(1)
    expect(job.begun).toBe(2)
  })

  it('has one timer for all jobs', () => {
    const { clock, scheduler } = newScheduler()
    for (let count = 0; count < 10; count++) scheduler.add(heldJob(`job ${count}`, 1000 + count))
    expect(clock.pendingTimerCount).toBe(1)
  })

  it('does not let a long job hold up another', () => {
    const { clock, scheduler } = newScheduler()
    const [long, other] = [heldJob('long', 10), heldJob('other', 500)]
    scheduler.add(long)
    scheduler.add(other)
    clock.advance(500)
    expect([long.begun, other.begun]).toEqual([1, 1])
  })

  it('lets a job go on for five milliseconds, and then gives way to the event loop', async () => {
    const { clock, scheduler } = newScheduler()
    const steps: string[] = []
    const run = async (turn: JobTurn): Promise<void> => {
      await new Promise(setImmediate) // the clock moves for this job alone
      for (let count = 0; count < 4; count++) {
        clock.advance(2)
        const wait = turn.step()
        steps.push(wait === undefined ? 'on' : 'wait')
        await wait
      }
    }
    scheduler.add({ name: 'a', pauseMs: () => 100, run })
    clock.advance(100)
    await settled()
    expect(steps).toEqual(['on', 'on', 'wait', 'on'])
  })

  it('has a job that works long rest between', async () => {
    const { clock, scheduler } = newScheduler()
    let steps = 0
    const run = async (turn: JobTurn): Promise<void> => {
      await new Promise(setImmediate) // the clock moves for this job alone
      for (; steps < 10; steps++) {
        clock.advance(1)
        await turn.step()
      }
    }
    scheduler.add({ name: 'a', pauseMs: () => 100, pace: { workMs: 2, restMs: 50 }, run })
    clock.advance(100)
    await settled()
    expect(steps).toBe(1)
    clock.advance(49)
    await settled()
    expect(steps).toBe(1)
    clock.advance(1)
    await settled()
    expect(steps).toBe(3)
  })

  it('says when a job failed, and tries it again', async () => {
    const { clock, scheduler, lines } = newScheduler()
    let runs = 0
    const run = async (): Promise<void> => {
      runs++
      throw new Error('no luck')
    }
    scheduler.add({ name: 'unlucky', pauseMs: () => 100, run })
    clock.advance(100)
    await settled()
    clock.advance(100)
    expect(runs).toBe(2)
    expect(lines[0]).toMatchObject({ level: 'error' })
    expect(JSON.stringify(lines[0])).toContain('unlucky')
  })

  it('holds to a pause that was altered', () => {
    const { clock, scheduler } = newScheduler()
    let pauseMs = 3_600_000
    const job = { ...heldJob('a', 0), pauseMs: () => pauseMs }
    let runs = 0
    scheduler.add({ ...job, run: async () => void runs++ })
    pauseMs = 1000
    clock.advance(60_000)
    expect(runs).toBe(1)
  })

  it('stops what goes on at its next step, also out of a sleep, and begins nothing any more', async () => {
    const { clock, scheduler, lines } = newScheduler()
    const ends: unknown[] = []
    const sleeper = async (turn: JobTurn): Promise<void> => turn.sleep(3_600_000)
    const stepper = async (turn: JobTurn): Promise<void> => {
      for (;;) {
        await new Promise(setImmediate)
        await turn.step()
      }
    }
    for (const run of [sleeper, stepper]) {
      const noted = (turn: JobTurn): Promise<void> =>
        run(turn).catch((error: unknown) => {
          ends.push(error)
          throw error
        })
      scheduler.add({ name: 'a', pauseMs: () => 10, run: noted })
    }
    clock.advance(10)
    await settled()
    await scheduler.close()
    expect(ends).toEqual([expect.any(JobStopped), expect.any(JobStopped)])
    expect(lines).toEqual([])
    expect(clock.pendingTimerCount).toBe(0)
  })
})
