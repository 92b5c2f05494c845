// The whole broker, beside Kafka on the same machine: each case in turns (A B A B …), medians of several runs. Needs Linux; Kafka also
// `npm run test:clients:install`. Everything takes about three hours; nothing else should run meanwhile.
//
//   npm run bench:broker                                            all cases, Ottla alone
//   npm run bench:broker -- --vs kafka --save                       beside Kafka; keeps bench/results.json and writes docs/performance.md
//   npm run bench:broker -- --vs kafka --only small --runs 3        cases whose name begins so
//   npm run bench:broker -- --vs kafka --only many-partitions --partitions 300 --kilobytes 100      a case in small, to try it
//   npm run bench:broker -- --profile --contenders os --only small-8 --runs 1     what the event loop does meanwhile; keeps nothing
//   npm run bench:broker -- --page                                  writes docs/performance.md from what is kept

import { tmpdir } from 'node:os'
import { optionsOf } from './options.ts'
import type { CaseText } from './broker/case.ts'
import { CASES } from './broker/cases.ts'
import { type Contender, CONTENDERS, isOurs } from './broker/contenders.ts'
import { leaveNothingBehind } from './broker/left-behind.ts'
import { machineOf } from './broker/machine.ts'
import { measureCase } from './broker/measure.ts'
import { goalTable } from './broker/report/goal-table.ts'
import { moved } from './broker/report/moved.ts'
import { writePage } from './broker/report/page.ts'
import { tables } from './broker/report/tables.ts'
import { type KeptCase, merged, save, storedResults, versions } from './broker/results.ts'

const values = optionsOf(import.meta.url, {
  vs: { type: 'string' }, // kafka
  only: { type: 'string' }, // beginnings of names, with commas
  contenders: { type: 'string' }, // with commas
  runs: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '5' },
  partitions: { type: 'string' }, // less, in the case with many
  kilobytes: { type: 'string' }, // in each of them
  members: { type: 'string' }, // less, in the groups
  folder: { type: 'string', default: tmpdir() },
  profile: { type: 'boolean', default: false },
  save: { type: 'boolean', default: false },
  page: { type: 'boolean', default: false },
})

const FULL = { partitions: 10_000, kilobytesPerPartition: 1000, members: 100 }

const stored = storedResults()
const progress = (sentence: string): void => console.error(sentence)

if (values.page) {
  if (stored === undefined) throw new Error('nothing is kept yet: npm run bench:broker -- --vs kafka --save')
  writePage(stored)
} else {
  leaveNothingBehind()
  await measureAll()
}

function wantedContenders(): Contender[] {
  const all = Object.keys(CONTENDERS) as Contender[]
  if (values.vs !== undefined && values.vs !== 'kafka') throw new Error(`--vs is kafka, or left out: not "${values.vs}"`)
  const named = values.contenders?.split(',')
  const unknown = named?.find((name) => !(name in CONTENDERS))
  if (unknown !== undefined) throw new Error(`no contender "${unknown}"; there are ${all.join(', ')}`)
  return all.filter((contender) => named?.includes(contender) ?? (isOurs(contender) || values.vs === 'kafka'))
}

async function measureAll(): Promise<void> {
  const sizes = {
    partitions: Number(values.partitions ?? FULL.partitions),
    kilobytesPerPartition: Number(values.kilobytes ?? FULL.kilobytesPerPartition),
    members: Number(values.members ?? FULL.members),
    seconds: Number(values.seconds),
  }
  if (values.save && values.profile) throw new Error('a profile costs some of what it measures: --save goes without --profile')
  const isFull = Object.entries(FULL).every(([name, size]) => sizes[name as keyof typeof FULL] === size)
  if (values.save && !isFull) throw new Error('what is kept is of full size: --save goes without --partitions, --kilobytes and --members')
  const beginnings = values.only?.split(',') ?? ['']
  const contenders = wantedContenders()
  const isMeasured = (one: CaseText): boolean => one.contenders.some((contender) => contenders.includes(contender))
  const cases = CASES.filter((one) => beginnings.some((beginning) => one.name.startsWith(beginning)) && isMeasured(one))
  if (cases.length === 0)
    throw new Error(`no case is called "${values.only}" and has such contenders; there are ${CASES.map(({ name }) => name).join(', ')}`)
  const measured: KeptCase[] = []
  const about = { date: new Date().toISOString(), versions: versions() }
  const machine = machineOf(values.folder)
  const names = CASES.map(({ name }) => name)
  for (const [index, one] of cases.entries()) {
    progress(`case ${index + 1} of ${cases.length}: ${one.group}: ${one.title}`)
    const options = { runs: Number(values.runs), sizes, folder: values.folder, contenders, isProfiled: values.profile, progress }
    measured.push({ ...about, ...(await measureCase(one, options)) })
    if (values.save) save(merged(machine, names, measured, stored)) // what was measured is kept, whatever comes
  }
  const results = merged(machine, names, measured, undefined)
  console.log(tables(CASES, results))
  console.log(goalTable(CASES, results))
  for (const line of moved(measured, isFull && !values.profile ? stored : undefined)) console.log(line)
  if (values.save) writePage(storedResults()!)
}
