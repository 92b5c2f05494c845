// Micro-benchmarks, each in a process of its own: what ran before it would move it by 40 % otherwise.
//
//   npm run bench                               all of them (about four minutes)
//   npm run bench -- --only fetch,produce       those whose name has one of these in it

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { VARIANTS } from './micro/variants.ts'
import { optionsOf } from './options.ts'

const values = optionsOf(import.meta.url, { only: { type: 'string', default: '' }, json: { type: 'boolean', default: false } })
const wanted = values.only.split(',')
const names = Object.keys(VARIANTS).filter((name) => wanted.some((part) => name.includes(part)))
if (names.length === 0) throw new Error(`nothing is called "${values.only}"`)
const runVariant = fileURLToPath(new URL('micro/run-variant.js', import.meta.url))

interface Result {
  readonly medianMs: number
  readonly spread: number
  readonly bytes?: number
}

const rows = names.map((name) => {
  const { medianMs, spread, bytes } = JSON.parse(execFileSync(process.execPath, [runVariant, name], { encoding: 'utf8' })) as Result
  const row = { name, 'median µs': Number((medianMs * 1000).toPrecision(3)), 'spread %': Number(spread.toFixed(1)) }
  if (!values.json) console.error(`${name}: ${row['median µs']} µs`)
  return bytes === undefined ? row : { ...row, 'MB/s': Math.round(bytes / 1e6 / (medianMs / 1000)) }
})
if (values.json) console.log(JSON.stringify(rows))
else console.table(rows)
