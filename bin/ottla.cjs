#!/usr/bin/env node
// CommonJS, because libuv reads the size of its thread pool at first use: before any ES module of ours runs.
process.env.UV_THREADPOOL_SIZE ??= '16'
// The first saves a third of the CPU time where much is produced, the second a tenth of the memory beside crowds: docs/decisions/0005-garbage-collector.md.
for (const flag of ['--no-concurrent-marking', '--heap-growing-percent=150']) require('node:v8').setFlagsFromString(flag)
void import('../dist/bundle/ottla.js')
