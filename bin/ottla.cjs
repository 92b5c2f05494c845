#!/usr/bin/env node
// CommonJS, because libuv reads the size of its thread pool at first use: before any ES module of ours runs.
process.env.UV_THREADPOOL_SIZE ??= '16'
// The heap grows less at a time: beside thousands of hostile connections a tenth less memory (docs/decisions/0005-garbage-collector.md).
require('node:v8').setFlagsFromString('--heap-growing-percent=150')
void import('../dist/bundle/ottla.js')
