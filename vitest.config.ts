import { defineConfig } from 'vitest/config'

// `unit` needs nothing but Node: it owns the clock, the disk and the network, and sleeps nowhere. The others start the built broker as a
// process (test/support/build.ts builds it once before them): `clients` with real clients, `crash` to kill it, `faults` to see that its own tests fail when it is broken, `differential` to compare it with Kafka.
const started = { globalSetup: 'test/support/build.ts', fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 }
const suites = {
  clients: 'test/clients/**/*.test.ts',
  crash: 'test/crash/**/*.test.ts',
  faults: 'test/faults/**/*.test.ts',
  hostile: 'test/hostile/**/*.test.ts',
  trouble: 'test/trouble/**/*.test.ts',
  differential: process.env['OTTLA_ASK_KAFKA'] ? 'test/differential/ask-kafka.ts' : 'test/differential/**/*.test.ts',
}

const fuzz = process.env['OTTLA_RECORD_TRAFFIC'] ? 'test/fuzz/record-traffic.ts' : 'test/fuzz/**/*.test.ts'

/** With OTTLA_TEST_REPORTS set, each run leaves a JSON report in that folder: .ci/run adds them up. */
const reports = process.env['OTTLA_TEST_REPORTS']
const outputFile = `${reports}/${process.pid}.json`

export default defineConfig({
  test: {
    ...(reports === undefined ? {} : { reporters: ['default', ['json', { outputFile }]] }),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['fuzz', ...Object.keys(suites)].map((suite) => `test/${suite}/**`),
        },
      },
      { test: { name: 'fuzz', include: [fuzz], testTimeout: 120_000, hookTimeout: 120_000 } },
      ...Object.entries(suites).map(([name, include]) => ({ test: { name, include: [include], ...started } })),
    ],
  },
})
