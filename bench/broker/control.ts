// The control: a plain sequential write and sync beside each run, which tells a slow disk from a slow broker.

import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const CHUNK = Buffer.alloc(1 << 20, 'control ')
const CHUNKS = 256

/** MB/s that a file in `folder` takes, synced at the end. */
export function controlWrite(folder: string): number {
  const path = join(folder, 'control')
  const file = openSync(path, 'w')
  const startMs = performance.now()
  for (let chunk = 0; chunk < CHUNKS; chunk++) writeSync(file, CHUNK)
  fdatasyncSync(file)
  const seconds = (performance.now() - startMs) / 1000
  closeSync(file)
  rmSync(path)
  return (CHUNKS * CHUNK.length) / 1e6 / seconds
}
