// Loaded into a broker that is measured (node --import): tells the process that started it, when asked, the longest that the event loop stood still since the last
// time. Costs a timer every 5 ms, which is why a broker does not do so by itself.

import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 5

const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delays.enable()
process.on('message', (question) => {
  if (question !== 'stall?') return
  process.send!({ stallMs: Math.max(0, delays.max / 1e6 - RESOLUTION_MS) })
  delays.reset()
})
process.channel!.unref()
