// How a broker process tells its status: the real signal, between real processes.

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { ottlaCommand, startOttla, temporaryFolder } from '../support/broker-process.ts'

const status = (folder: string) => spawnSync(process.execPath, [ottlaCommand, 'status', '--json', '--data', folder], { encoding: 'utf8' })

describe('a broker process', () => {
  it('tells its status, again and again, and goes on', async () => {
    const broker = await startOttla()
    for (let asked = 1; asked <= 3; asked++) {
      const { stdout, status: code } = status(broker.dataFolder)
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ pid: broker.pid, sequence: asked + 1 })
    }
    await broker.stop()
    expect(status(broker.dataFolder).status).toBe(3)
  })

  it('is not asked any more once it was killed', async () => {
    const broker = await startOttla({ dataFolder: temporaryFolder() })
    await broker.kill()
    const { stderr, status: code } = status(broker.dataFolder)
    expect(code).toBe(3)
    expect(stderr).toContain('no broker runs on')
  })
})
