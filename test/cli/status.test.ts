import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startBroker } from '../../src/start-broker.ts'
import { run } from '../../src/cli/program.ts'
import { requestStatus } from '../../src/cli/status/status-file.ts'
import { temporaryFolder } from './ottla-for-commands.ts'
import { type Outcome, PlayedTerminal, runCommand } from './played-terminal.ts'

let folder: string
let data: string
beforeEach(() => {
  folder = temporaryFolder()
  data = join(folder, 'data')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Started {
  readonly terminal: PlayedTerminal
  readonly address: string
  readonly stop: () => Promise<void>
}

async function start(): Promise<Started> {
  const terminal = new PlayedTerminal({ env: { OTTLA_PORT: '0', OTTLA_DATA_DIR: data } })
  const ended = run(['start', '--durability', 'os'], terminal)
  await terminal.waitFor(/ is ready on /)
  const stop = async (): Promise<void> => {
    terminal.interrupt()
    expect(await ended).toBe(0)
  }
  return { terminal, address: / is ready on (\S+)/.exec(terminal.printed)![1]!, stop }
}

/** `send` plays the signal. */
async function status(send: (pid: number) => void, ...flags: string[]): Promise<Outcome> {
  const terminal = new PlayedTerminal({ env: { OTTLA_DATA_DIR: data } })
  terminal.askForStatus = send
  const code = await run(['status', ...flags], terminal)
  await new Promise((resolve) => setImmediate(resolve))
  return { code, printed: terminal.printed, said: terminal.said }
}

const never = (): never => {
  throw new Error('a signal was sent')
}

describe('ottla status', () => {
  it('shows people what the broker of the folder is doing', async () => {
    const { terminal, address, stop } = await start()
    await runCommand(['produce', 'orders', '--bootstrap', address], { typed: ['1\n2\n'] })
    await runCommand(['consume', 'orders', '--group', 'billing', '--group-protocol', 'classic', '--bootstrap', address])
    const pids: number[] = []
    const { code, printed } = await status((pid) => {
      pids.push(pid)
      terminal.requestStatus()
    })
    expect(code).toBe(0)
    expect(pids).toEqual([process.pid])
    expect(printed).toMatch(new RegExp(`^Ottla \\d+\\.\\d+\\.\\d+ on \\S+, process ${process.pid}, running for \\d+ s\n`))
    expect(printed).toMatch(/\n {2}data +\S+data +\d+ topics, \d+ partitions, \d+ bytes\n/)
    expect(printed).toMatch(
      /\n {2}groups +1 group +1 Empty \(classic\); 0 members; \d+ rebalances? and 1 offsets committed since the start\n/,
    )
    expect(printed).toMatch(/\n {2}connections +\d+ open +\d+ since the start/)
    expect(printed).toMatch(/\nAPI +REQUESTS +ERRORS +IN +OUT +50 % +99 % +LONGEST\nProduce +1 +0 +\d+ bytes +\d+ bytes +[\d.]+ ms/)
    await stop()
  })

  it('gives programs everything, each time anew', async () => {
    const { terminal, address, stop } = await start()
    const requests = async (): Promise<number> => {
      const { printed } = await status(() => terminal.requestStatus(), '--json')
      const { metrics } = JSON.parse(printed) as { metrics: { name: string; samples: { labels: { api?: string }; value: number }[] }[] }
      const { samples } = metrics.find(({ name }) => name === 'ottla_requests_total')!
      return samples.find(({ labels }) => labels.api === 'Metadata')!.value
    }
    const before = await requests()
    await runCommand(['topic', 'list', '--bootstrap', address])
    expect(await requests()).toBeGreaterThan(before)
    await stop()
  })

  it('asks nobody when no broker runs there', async () => {
    expect(await status(never)).toEqual({
      code: 3,
      printed: '',
      said: `error: there is no data folder ${data}. Name the broker's own with --data.\n`,
    })
    const { stop } = await start()
    await stop()
    expect(existsSync(join(data, '.ottla-status.json'))).toBe(false)
    expect((await status(never)).said).toBe(`error: no broker runs on ${data}. Start one with: ottla start --data ${data}\n`)
  })

  it('sends no signal to a program that has the broker inside, which would end it', async () => {
    const first = await start()
    const left = readFileSync(join(data, '.ottla-status.json'))
    await first.stop()
    writeFileSync(join(data, '.ottla-status.json'), left) // as after a kill -9
    const broker = await startBroker({ port: 0, dataDir: data })
    const { code, said } = await status(never)
    expect({ code, said }).toMatchObject({
      code: 4,
      said: expect.stringMatching(/a program that runs the broker inside.* has broker\.status\(\)/),
    })
    await broker.close()
  })

  it('says so when the broker belongs to another user, or has just ended', async () => {
    const { stop } = await start()
    const failing = (code: string) => () => {
      throw Object.assign(new Error(code), { code })
    }
    expect(await status(failing('EPERM'))).toMatchObject({ code: 4, said: expect.stringContaining('belongs to another user') })
    expect(await status(failing('ESRCH'))).toMatchObject({ code: 3, said: expect.stringContaining('has just ended') })
    await stop()
  })

  it('does not ask a broker on another machine', async () => {
    const { stop } = await start()
    const lock = join(
      data,
      readdirSync(data).find((name) => name.startsWith('.lock.'))!,
    )
    const owner = readFileSync(lock, 'utf8')
    writeFileSync(lock, JSON.stringify({ ...(JSON.parse(owner) as object), host: 'elsewhere', bootId: 'other' }))
    expect(await status(never)).toMatchObject({ code: 3, said: expect.stringContaining('on "elsewhere": ask there') })
    writeFileSync(lock, owner)
    await stop()
  })

  it('does not take an older status for the answer', async () => {
    const { stop } = await start()
    await expect(requestStatus(data, () => undefined, 60)).rejects.toThrow(/has not answered within 0\.06 seconds/)
    await stop()
  })

  it('needs a system with signals', async () => {
    const terminal = new PlayedTerminal({})
    terminal.askForStatus = undefined
    expect(await run(['status', '--data', folder], terminal)).toBe(1)
    expect(terminal.said).toContain('a signal, which this system does not have')
  })
})
