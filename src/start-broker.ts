// startBroker: a broker inside a program. The same broker as `ottla start` runs, with the options of a program instead of a command line.
// Nothing is read from the environment, nothing is printed, and the process's signals stay its own.

import { type Broker, runBroker } from './broker.ts'
import type { BrokerSettings } from './config/broker-configs.ts'
import { resolveBrokerConfig } from './config/resolve.ts'
import { systemClock } from './lib/clock.ts'
import type { LogLine } from './lib/diagnostics.ts'

/** Every broker config by its name (docs/configs.md), `dataDir` for `log.dirs`, and where log lines go. */
export type StartBrokerOptions = BrokerSettings & {
  /** The data folder: `log.dirs` for short. */
  readonly dataDir?: string | undefined
  /** Gets every log line from `log.level` on; without it nothing is said. */
  readonly log?: ((line: LogLine) => void) | undefined
}

/**
 * Starts a broker: `await startBroker({ port: 0, storage: 'memory' })`, or `{ port: 0, dataDir: './data' }`. Without options it is the broker of
 * `ottla start`: port 9092 of the loopback addresses, data in ./ottla-data, synced before it is acknowledged.
 * Rejects, and leaves nothing behind, with InvalidConfig, CannotListen, FolderInUse or UnusableDataFolder, or with the disk's own error.
 */
export async function startBroker({ log = () => undefined, dataDir, ...settings }: StartBrokerOptions = {}): Promise<Broker> {
  const { config, warnings } = resolveBrokerConfig({ options: { 'data.dir': dataDir, ...settings } })
  for (const message of warnings) log({ level: 'warn', timeMs: systemClock.now(), message, fields: {} })
  return runBroker({ config, log })
}
