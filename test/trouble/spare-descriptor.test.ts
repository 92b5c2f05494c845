// The descriptor that is left when all others are taken, under the limit of a real process.

import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

const SCRIPT = `
import fs from 'node:fs'
import { SpareDescriptor } from '${resolve('dist/disk/spare-descriptor.js')}'
const spare = new SpareDescriptor()
spare.keep()
for (;;) {
  try {
    fs.openSync('/dev/null', 'r')
  } catch (error) {
    if (error.code !== 'EMFILE') throw error
    break
  }
}
const open = () => spare.open('.', fs.constants.O_RDONLY, 0).catch((error) => error.code)
const first = await open()
const second = await open()
fs.closeSync(first)
spare.keep()
console.log(JSON.stringify([typeof first, second, typeof (await open())]))
`

it('opens one file at a time when there is no other descriptor, again and again', () => {
  const node = [process.execPath, '--input-type=module', '--eval', SCRIPT]
  const { stdout, stderr } = spawnSync('bash', ['-c', 'ulimit -n 64; exec "$0" "$@"', ...node], { encoding: 'utf8' })
  expect([stdout.trim(), stderr]).toEqual(['["number","EMFILE","number"]', ''])
})
