import { defineConfig } from 'vitest/config'

// `unit` needs nothing but Node: it owns the clock, the disk and the network, and sleeps nowhere. The others start the built broker as a
// process (test/support/build.ts builds it once before them): `clients` with real clients, `crash` to kill it, `differential` to compare it with Kafka.
const started = { globalSetup: 'test/support/build.ts', fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 }
const suites = ['clients', 'crash', 'differential']

/** With OTTLA_TEST_REPORTS set, each run leaves a JSON report in that folder: .ci/run adds them up. */
const reports = process.env['OTTLA_TEST_REPORTS']
const outputFile = `${reports}/${process.pid}.json`

export default defineConfig({
  test: {
    ...(reports === undefined ? {} : { reporters: ['default', ['json', { outputFile }]] }),
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: suites.map((suite) => `test/${suite}/**`) } },
      ...suites.map((name) => ({ test: { name, include: [`test/${name}/**/*.test.ts`], ...started } })),
    ],
  },
})
