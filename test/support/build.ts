// Builds dist/ once before the suites that start Ottla as a process. OTTLA_TEST_BUILT=1 says that it is up to date.

import { execFileSync } from 'node:child_process'

export default function build(): void {
  if (process.env['OTTLA_TEST_BUILT']) return
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
}
