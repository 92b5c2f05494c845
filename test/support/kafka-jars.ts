// Where install-clients.sh puts what npm cannot bring, and how to run Java on Kafka's jars.

import { homedir } from 'node:os'
import { join } from 'node:path'

const cacheFolder = process.env['OTTLA_TEST_CACHE'] ?? join(homedir(), '.cache', 'ottla-tests')

/** Kafka's broker, tools and clients; the file .complete says that all of them are there. */
export const kafkaJarFolder = join(cacheFolder, 'kafka-4.3.1')
export const pythonEnvironment = { PYTHONPATH: join(cacheFolder, 'python'), PYTHONDONTWRITEBYTECODE: '1' }
/** Of a jest that no other test uses. */
export const jestModules = join(cacheFolder, 'jest', 'node_modules')

export const javaArguments = (heapMb: number): string[] => [
  `-Xmx${heapMb}m`,
  '-Dfile.encoding=UTF-8',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-cp',
  join(kafkaJarFolder, '*'),
]
