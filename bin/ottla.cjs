#!/usr/bin/env node
// CommonJS, because libuv reads the size of its thread pool at first use: before any ES module of ours runs.
process.env.UV_THREADPOOL_SIZE ??= '16'
void import('../dist/cli/main.js')
