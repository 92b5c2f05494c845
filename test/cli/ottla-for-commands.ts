// A broker inside the test, on a free port and in a folder of its own, for commands to talk to.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBroker } from '../../src/broker.ts'
import { resolveBrokerConfig } from '../../src/config/resolve.ts'
import { type Outcome, type PlayedTerminal, runCommand } from './played-terminal.ts'

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'ottla-cli-'))

export class OttlaForCommands {
  readonly bootstrap: string
  readonly stop: () => Promise<void>

  static async start(flags: Readonly<Record<string, string>> = {}): Promise<OttlaForCommands> {
    const folder = temporaryFolder()
    const { config } = resolveBrokerConfig({ flags: { port: 0, host: '127.0.0.1', 'log.dirs': folder, durability: 'os', ...flags } })
    const broker = await startBroker({ config })
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
