// Brokers that are pid 1, each in a pid namespace of its own, as in containers that share a data folder: for root on Linux.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ottlaCommand, temporaryFolder } from '../support/broker-process.ts'
import { StartedProcess } from '../support/started-process.ts'

const NAMESPACES = ['--pid', '--fork', '--mount-proc', '--kill-child', '--uts', '--ipc']
const mayUnshare = process.platform === 'linux' && spawnSync('unshare', [...NAMESPACES, 'true']).status === 0
if (!mayUnshare) console.log('no pid namespace may be made here: brokers that are all pid 1 are left out (it needs root on Linux)')

let dataFolder: string
let started: StartedProcess[]

beforeEach(() => {
  dataFolder = temporaryFolder()
  started = []
})
afterEach(async () => {
  for (const container of started) await container.end('SIGKILL') // and with it the broker
})

function startContainer(host: string): StartedProcess {
  const command = [process.execPath, ottlaCommand, 'start', '--port', '0', '--data', dataFolder]
  const inside = ['sh', '-c', `echo "$0" > /proc/sys/kernel/hostname && exec "$@"`, host, ...command]
  const container = new StartedProcess('unshare', [...NAMESPACES, ...inside])
  started.push(container)
  return container
}

async function startReady(host: string): Promise<StartedProcess> {
  const container = startContainer(host)
  await container.waitForOutput((output) => (output.includes(' is ready on ') ? true : undefined))
  return container
}

/** What it says when it ends, and with what code. */
async function refusalOf(container: StartedProcess): Promise<{ said: string; code: number | null }> {
  const said = await container.waitForOutput((output) => /^error: .*\n/m.exec(output)?.[0])
  return { said, code: await container.ended() }
}

/** To pid 1 of the namespace, which this process knows by another number. */
function signal({ pid }: StartedProcess, name: NodeJS.Signals): void {
  process.kill(Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')), name)
}

const ottla = (...flags: string[]) => spawnSync(process.execPath, [ottlaCommand, ...flags], { encoding: 'utf8' })
const locksLeft = (): string[] => readdirSync(dataFolder).filter((name) => name.startsWith('.lock'))

describe.runIf(mayUnshare).each([
  ['of the same name', 'box', 'box'],
  ['each with its own name', 'box-1', 'box-2'],
])('in containers %s', (_, first, second) => {
  it('a second broker is kept out while the first lives, also while it does not get to answer', async () => {
    const holder = await startReady(first)
    const refusal = {
      said: `error: the data folder ${dataFolder} is in use by process 1 on this machine, in another container ("${first}"). Stop it, or choose another folder with --data.\n`,
      code: 1,
    }
    expect(await refusalOf(startContainer(second))).toEqual(refusal)
    signal(holder, 'SIGSTOP')
    expect(await refusalOf(startContainer(second))).toEqual(refusal)
    signal(holder, 'SIGCONT')
    expect(locksLeft()).toHaveLength(2)
    signal(holder, 'SIGTERM')
    expect(await holder.ended()).toBe(0)
  })

  it('a broker starts after another was killed, and takes away what is left of its lock', async () => {
    for (const host of [first, second, first]) {
      const container = await startReady(host)
      expect(locksLeft()).toHaveLength(2)
      signal(container, 'SIGKILL')
      await container.ended()
      expect(locksLeft()).toHaveLength(2)
    }
    expect(ottla('verify', dataFolder)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^checked .*: sound\n$/) })
    expect(ottla('repair', dataFolder, '--execute').status).toBe(0)
    expect(locksLeft()).toEqual([])
  })

  it('a broker starts after another was stopped', async () => {
    for (const host of [first, second]) {
      const container = await startReady(host)
      signal(container, 'SIGTERM')
      expect(await container.ended()).toBe(0)
      expect(locksLeft()).toEqual([])
    }
  })
})

describe.runIf(mayUnshare)('a broker in a container, and its folder outside', () => {
  it('keeps others out, and is not sent a signal by a pid that is another process here', async () => {
    await startReady('box')
    const where = 'on this machine, in another container ("box")'
    const broker = ottla('start', '--port', '0', '--data', dataFolder)
    expect(broker).toMatchObject({ status: 1, stderr: expect.stringContaining(`is in use by process 1 ${where}. Stop it`) })
    const status = ottla('status', '--data', dataFolder)
    expect(status).toMatchObject({ status: 3, stderr: expect.stringContaining(`is process 1 ${where}: ask there`) })
    expect(ottla('verify', dataFolder)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`a broker, process 1 ${where}, runs on`),
    })
  })

  it('is kept out by one that runs there', async () => {
    const outside = new StartedProcess(process.execPath, [ottlaCommand, 'start', '--port', '0', '--data', dataFolder])
    started.push(outside)
    await outside.waitForOutput((output) => (output.includes(' is ready on ') ? true : undefined))
    const { said } = await refusalOf(startContainer('box'))
    expect(said).toContain(`is in use by process ${outside.pid} on this machine, in another container ("${hostname()}")`)
  })
})
