import { defineConfig } from 'vitest/config'

// Three kinds of tests. `unit` needs nothing but Node: it owns the clock, the disk and the network, and sleeps nowhere.
// `clients` and `crash` start the built broker as a process; test/support/build.ts builds it once before them.
const started = { globalSetup: 'test/support/build.ts', fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/clients/**', 'test/crash/**'] } },
      { test: { name: 'clients', include: ['test/clients/**/*.test.ts'], ...started } },
      { test: { name: 'crash', include: ['test/crash/**/*.test.ts'], ...started } },
    ],
  },
})
