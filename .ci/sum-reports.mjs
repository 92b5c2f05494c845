// Adds up vitest's JSON reports: `node sum-reports.mjs FOLDER PASSED FAILED` prints "N passed, N failed", the two numbers included.
// A test that was skipped has not passed: in CI every client is there. A file that failed before its tests ran is one failure.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, ...steps] = process.argv.slice(2)
let [passed, failed] = steps.map(Number)
for (const name of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  passed += report.numPassedTests
  failed += report.numTotalTests - report.numPassedTests
  for (const { status, assertionResults } of report.testResults) {
    if (status === 'failed' && assertionResults.every((test) => test.status === 'passed')) failed++
  }
}
console.log(`${passed} passed, ${failed} failed`)
