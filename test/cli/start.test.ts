import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/program.ts'
import { temporaryFolder } from './ottla-for-commands.ts'
import { PlayedTerminal, runCommand } from './played-terminal.ts'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const READY = / is ready on (\S+)/

interface Started {
  readonly terminal: PlayedTerminal
  readonly address: string
  readonly ended: Promise<number>
}

async function start(flags: readonly string[] = [], env: Record<string, string> = {}): Promise<Started> {
  const terminal = new PlayedTerminal({ env: { OTTLA_PORT: '0', OTTLA_DATA_DIR: join(folder, 'data'), ...env } })
  const ended = run(['start', ...flags], terminal)
  await Promise.race([terminal.waitFor(READY), ended])
  return { terminal, address: READY.exec(terminal.printed)?.[1] ?? terminal.said, ended }
}

describe('ottla start', () => {
  it('says where it is, where the data lies, what an acknowledgement promises, and how to go on', async () => {
    const { terminal, address, ended } = await start()
    expect(address).toMatch(/^localhost:\d+$/)
    expect(terminal.printed).toMatch(/^Ottla \d+\.\d+\.\d+ is ready on localhost:\d+ \(\d+ ms\)\n/)
    expect(terminal.printed).toMatch(/\n {2}data +\S+data +0 topics, 0 partitions, 0 bytes\n/)
    expect(terminal.printed).toMatch(/\n {2}durability +fsync +every acknowledged record is on disk\n/)
    expect(terminal.printed).toContain(`\n  stop it with Ctrl-C; try: ottla topic create orders --bootstrap ${address}\n`)
    terminal.interrupt()
    expect(await ended).toBe(0)
  })

  it('serves until it is interrupted, and has the data again after the next start', async () => {
    const first = await start(['--durability', 'os'])
    expect(first.terminal.printed).toContain('survives the end of this process, but not a power loss')
    await runCommand(['produce', 'orders', '--bootstrap', first.address], { typed: ['1\n2\n'] })
    first.terminal.interrupt()
    expect(await first.ended).toBe(0)
    expect((await runCommand(['consume', 'orders', '--bootstrap', first.address])).code).toBe(3)
    const second = await start()
    expect(second.terminal.printed).toMatch(/1 topic, 1 partition, \d+ bytes/)
    expect((await runCommand(['consume', 'orders', '--bootstrap', second.address])).printed).toBe('1\n2\n')
    second.terminal.interrupt()
    await second.ended
  })

  it('ends at once on a second signal', async () => {
    const { terminal, ended } = await start()
    terminal.interrupt()
    terminal.interrupt()
    expect(terminal.exitCodes).toEqual([1])
    expect(terminal.said).toContain('the next start recovers')
    await ended
  })

  it('takes a properties file of Kafka’s, and warns of what means nothing', async () => {
    const file = join(folder, 'server.properties')
    writeFileSync(file, 'num.partition=7\nnum.partitions=7\n')
    const { terminal, address, ended } = await start(['--config', file, '--set', 'auto.create.topics.enable=false'])
    expect(terminal.said).toContain('num.partition in')
    expect(terminal.said).toContain('did you mean num.partitions?')
    expect((await runCommand(['topic', 'create', 'x', '--bootstrap', address])).printed).toBe('created topic "x" with 7 partitions\n')
    terminal.interrupt()
    await ended
  })

  it('writes JSON lines when that is asked for', async () => {
    const { terminal, ended } = await start(['--log-format', 'json'], { OTTLA_NONSENSE: '1' })
    terminal.interrupt()
    await ended
    expect(JSON.parse(terminal.printed)).toMatchObject({
      level: 'info',
      bootstrapServers: expect.stringMatching(/^localhost:\d+$/),
      topics: 0,
      durability: 'fsync',
      readyMs: expect.any(Number),
    })
    expect(JSON.parse(terminal.said.split('\n')[0]!)).toMatchObject({
      level: 'warn',
      message: 'OTTLA_NONSENSE means nothing to Ottla and is ignored',
    })
  })

  it('says when it is open to others, or where it sends clients', async () => {
    const open = await start(['--host', '0.0.0.0'])
    expect(open.terminal.printed).toMatch(/\n {2}network +open +no authentication; behind a port map or NAT clients need --advertise\n/)
    open.terminal.interrupt()
    await open.ended
    const advertised = await start(['--advertise', 'broker.example:19092'])
    expect(advertised.terminal.printed).toMatch(
      /\n {2}advertised +PLAINTEXT:\/\/broker\.example:19092 +where clients are told to connect\n/,
    )
    advertised.terminal.interrupt()
    await advertised.ended
  })

  it('does not start where it cannot, and says what to do', async () => {
    const { terminal, address, ended } = await start()
    const port = address.split(':')[1]!
    const inUse = await runCommand(['start', '--port', port, '--data', join(folder, 'other')])
    expect(inUse).toMatchObject({
      code: 1,
      said: `error: port ${port} is in use (another broker?). Choose one with --port, or 0 for any free one.\n`,
    })
    const locked = await runCommand(['start', '--port', '0', '--data', join(folder, 'data')])
    expect(locked).toMatchObject({ code: 1, said: expect.stringMatching(/^error: the data folder \S+ is in use by process \d+.*--data/) })
    writeFileSync(join(folder, 'file'), '')
    const noFolder = await runCommand(['start', '--port', '0', '--data', join(folder, 'file')])
    expect(noFolder).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^error: the data folder \S+ cannot be used: this is a file, not a folder: .*--data\.\n$/),
    })
    terminal.interrupt()
    await ended
  })
})
