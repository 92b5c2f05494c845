import { expect, it } from 'vitest'
import { Measurement } from '../../../src/client/load/measurement.ts'

it('counts by the interval and in all, from the last restart on', () => {
  let nowMs = 100
  const measurement = new Measurement(() => nowMs)
  measurement.answered(0)
  measurement.count(5, 500)
  nowMs = 1000
  measurement.restart()
  nowMs = 2000
  measurement.answered(1990)
  measurement.count(2, 20)
  expect(measurement.lately()).toMatchObject({ seconds: 1, requests: 1, records: 2, bytes: 20, latencies: { count: 1, max: 10_007 } })
  nowMs = 2500
  measurement.answered(2495)
  measurement.count(1, 10)
  expect(measurement.lately()).toMatchObject({ seconds: 0.5, requests: 1, records: 1, bytes: 10, latencies: { count: 1 } })
  nowMs = 3000
  const { latencies, ...total } = measurement.total()
  expect(total).toEqual({ seconds: 2, requests: 2, records: 3, bytes: 30 })
  expect([latencies.count, latencies.min, latencies.max]).toEqual([2, 5000, 10_007])
})
