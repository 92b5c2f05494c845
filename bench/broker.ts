// The whole broker, beside Kafka on the same machine: each case in turns (A B A B …), medians of several runs. Needs Linux; Kafka also
// `npm run test:clients:install`. Everything takes about two hours and a half; nothing else should run meanwhile.
//
//   npm run bench:broker                                            all cases, Ottla alone
//   npm run bench:broker -- --vs kafka --save                       beside Kafka; keeps bench/results.json and writes docs/performance.md
//   npm run bench:broker -- --vs kafka --only small --runs 3        cases whose name begins so
//   npm run bench:broker -- --page                                  writes docs/performance.md from what is kept

import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
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

const { values } = parseArgs({
  options: {
    vs: { type: 'string' }, // kafka
    only: { type: 'string' }, // beginnings of names, with commas
    contenders: { type: 'string' }, // with commas
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    partitions: { type: 'string', default: '10000' }, // of the case with many
    kilobytes: { type: 'string', default: '1000' }, // in each of them
    members: { type: 'string', default: '100' }, // of the groups
    folder: { type: 'string', default: tmpdir() },
    save: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
  },
})

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
    seconds: Number(values.seconds),
    partitions: Number(values.partitions),
    kilobytesPerPartition: Number(values.kilobytes),
    members: Number(values.members),
  }
  const beginnings = values.only?.split(',') ?? ['']
  const cases = CASES.filter(({ name }) => beginnings.some((beginning) => name.startsWith(beginning)))
  if (cases.length === 0) throw new Error(`no case is called "${values.only}"; there are ${CASES.map(({ name }) => name).join(', ')}`)
  const contenders = wantedContenders()
  const measured: KeptCase[] = []
  const about = { date: new Date().toISOString(), versions: versions() }
  const machine = machineOf(values.folder)
  const names = CASES.map(({ name }) => name)
  for (const [index, one] of cases.entries()) {
    progress(`case ${index + 1} of ${cases.length}: ${one.group}: ${one.title}`)
    const options = { runs: Number(values.runs), sizes, folder: values.folder, contenders, progress }
    measured.push({ ...about, ...(await measureCase(one, options)) })
    if (values.save) save(merged(machine, names, measured, stored)) // what was measured is kept, whatever comes
  }
  const results = merged(machine, names, measured, undefined)
  console.log(tables(CASES, results))
  console.log(goalTable(CASES, results))
  for (const line of moved(measured, stored)) console.log(line)
  if (values.save) writePage(storedResults()!)
}
