// The commands of docs/groups.md, line by line as they are written, against a broker where the page says that it is.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ottlaCommand, startOttla, temporaryFolder, type OttlaProcess } from '../support/broker-process.ts'

const page = readFileSync(fileURLToPath(new URL('../../docs/groups.md', import.meta.url)), 'utf8')
const lines = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((match) => match[1]!.trim().split('\n'))

describe('the page on groups', () => {
  const folder = temporaryFolder()
  let broker: OttlaProcess

  beforeAll(async () => {
    broker = await startOttla({ port: 9092, durability: 'os' })
  })
  afterAll(() => broker?.stop())

  it('works as written, and does what it says', () => {
    const script = ['set -e -o pipefail', `ottla() { ${process.execPath} ${ottlaCommand} "$@"; }`, ...lines]
    const output = execFileSync('bash', ['-c', script.join('\n')], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    const read = ['first.txt', 'rest.txt'].flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'))
    expect(read.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
    expect(output).toContain('0 records behind in 3 partitions')
    expect(output).toContain('deleted group "billing"')
    expect(lines).toHaveLength(15)
  })
})
