#!/usr/bin/env node
// CommonJS, because libuv reads the size of its thread pool at first use: before any ES module of ours runs.
process.env.UV_THREADPOOL_SIZE ??= '16'
// Half of the CPU time of produced bytes otherwise: docs/decisions/0005-garbage-collector.md.
require('node:v8').setFlagsFromString('--no-incremental-marking')
void import('../dist/bundle/ottla.js')
