// Which of the real clients this machine has, and suites that need them: where one is missing a suite is skipped and says so;
// with CI set it fails instead, so that nothing is lost silently. install-clients.sh brings what is not on a machine by itself.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { jestModules, kafkaJarFolder, pythonEnvironment } from './kafka-jars.ts'

export type TestClient = 'kcat' | 'kafka' | 'confluent-kafka' | 'jest'

const isThere: Readonly<Record<TestClient, () => boolean>> = {
  kcat: () => runs('kcat', ['-V']),
  kafka: () => existsSync(join(kafkaJarFolder, '.complete')) && runs('java', ['-version']),
  'confluent-kafka': () => runs('python3', ['-c', 'import confluent_kafka'], pythonEnvironment),
  jest: () => existsSync(join(jestModules, 'jest')),
}

const HOW_TO_GET: Readonly<Record<TestClient, string>> = {
  kcat: 'install kcat (Debian: apt-get install kcat, macOS: brew install kcat)',
  kafka: 'npm run test:clients:install (needs a JDK 17 and mvn)',
  'confluent-kafka': 'npm run test:clients:install (needs python3 with pip)',
  jest: 'npm run test:clients:install',
}

/** vitest's describe for a suite that cannot run without some clients. */
export function describeWith(...clients: readonly TestClient[]): (title: string, suite: () => void) => unknown {
  const missing = clients.filter((client) => !isThere[client]())
  if (missing.length === 0) return describe
  const sentence = missing.map((client) => `${client} is not on this machine: ${HOW_TO_GET[client]}`).join('; ')
  if (process.env['CI']) throw new Error(sentence)
  console.warn(`skipped: ${sentence}`)
  return describe.skip
}

function runs(command: string, commandArguments: string[], environment: Record<string, string> = {}): boolean {
  try {
    execFileSync(command, commandArguments, { stdio: 'ignore', env: { ...process.env, ...environment } })
    return true
  } catch {
    return false
  }
}
