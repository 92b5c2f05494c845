// A broker inside the test, on a free port and in a folder of its own, for commands to talk to.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBroker, type StartBrokerOptions } from '../../src/start-broker.ts'
import { type Outcome, type PlayedTerminal, runCommand } from './played-terminal.ts'

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'ottla-cli-'))

export class OttlaForCommands {
  readonly bootstrap: string
  readonly stop: () => Promise<void>

  static async start(options: StartBrokerOptions = {}): Promise<OttlaForCommands> {
    const folder = temporaryFolder()
    const broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir: folder, durability: 'os', ...options })
    return new OttlaForCommands(broker.bootstrapServers, async () => {
      await broker.close()
      rmSync(folder, { recursive: true, force: true })
    })
  }

  private constructor(bootstrap: string, stop: () => Promise<void>) {
    this.bootstrap = bootstrap
    this.stop = stop
  }

  run(commandLine: readonly string[], options: ConstructorParameters<typeof PlayedTerminal>[0] = {}): Promise<Outcome> {
    return runCommand([...commandLine, '--bootstrap', this.bootstrap], options)
  }
}
