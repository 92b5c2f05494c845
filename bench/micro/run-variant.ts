// One variant, in this process alone: prints what tinybench found as JSON.

import { Bench } from 'tinybench'
import { VARIANTS } from './variants.ts'

setInterval(() => undefined, 1 << 30) // the broker's own timers keep no process alive
const name = process.argv[2]!
const { call, bytes } = await VARIANTS[name]!()
const bench = new Bench({ time: 500, warmupTime: 300 })
bench.add(name, async () => void (await call()))
await bench.run()
const result = bench.tasks[0]!.result
if (result.state !== 'completed') throw new Error(`${name}: ${JSON.stringify(result)}`)
const { latency } = result
console.log(JSON.stringify({ medianMs: latency.p50, meanMs: latency.mean, spread: latency.rme, samples: latency.samplesCount, bytes }))
process.exit()
