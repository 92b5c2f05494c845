// What a program that embeds the broker imports.

export { startBroker, type StartBrokerOptions } from './start-broker.ts'
export type { Broker, BrokerStatus } from './broker.ts'
export { InvalidConfig } from './config/row-kinds.ts'
export { FolderInUse } from './disk/folder-lock.ts'
export { CannotListen } from './server/listener.ts'
export { UnusableDataFolder } from './topics/data-folder.ts'
export type { LogLine, LogLevel } from './lib/diagnostics.ts'
