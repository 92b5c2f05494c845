// Adds up vitest's JSON reports: `node sum-reports.mjs FOLDER PASSED FAILED` prints "N passed, N failed", the two numbers included, and before it what failed.
// A test that was skipped has not passed: in CI every client is there. A file that failed before its tests ran is one failure.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const LINES_TOLD = 12 // of a failure's beginning, which says what failed, and of its end, where a process that died says of what
const LAST_LINES_TOLD = 40

const [folder, ...steps] = process.argv.slice(2)
let [passed, failed] = steps.map(Number)

function tellFailure(file, title, message = '') {
  failed++
  console.log(`-- failed: ${relative('.', file)}: ${title}`)
  const lines = message.split('\n')
  const leftOut = lines.length - LINES_TOLD - LAST_LINES_TOLD
  const told = leftOut <= 0 ? lines : [...lines.slice(0, LINES_TOLD), `… ${leftOut} lines …`, ...lines.slice(-LAST_LINES_TOLD)]
  for (const line of told) console.log(`     ${line}`)
}

for (const name of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  passed += report.numPassedTests
  for (const { name: file, status, message, assertionResults } of report.testResults) {
    const others = assertionResults.filter((test) => test.status !== 'passed')
    for (const test of others) tellFailure(file, `${test.fullName} (${test.status})`, test.failureMessages?.join('\n'))
    if (status === 'failed' && others.length === 0) tellFailure(file, 'the file itself', message)
  }
}
console.log(`${passed} passed, ${failed} failed`)
