// What a program that embeds the broker imports.

export { startBroker, type Broker, type BrokerOptions, type BrokerStatus } from './broker.ts'
export { FolderInUse } from './disk/folder-lock.ts'
export { CannotListen } from './server/listener.ts'
export { UnusableDataFolder } from './topics/data-folder.ts'
export { resolveBrokerConfig, type BrokerConfig } from './config/resolve.ts'
export type { ConfigSources } from './config/settings.ts'
export type { LogLine, LogLevel } from './lib/diagnostics.ts'
