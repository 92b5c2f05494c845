// A real Kafka, one node, from the jars that install-clients.sh brings: to be asked, given our files, or measured beside us.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { javaArguments } from './kafka-jars.ts'
import { StartedProcess } from './started-process.ts'

export interface KafkaProcess {
  readonly bootstrap: string
  readonly pid: number
  readonly dataFolder: string
  stop(): Promise<void>
  kill(): Promise<void>
}

export interface KafkaOptions {
  readonly heapMb?: number
  /** Where clients find it again; else a free one. */
  readonly port?: number
  /** Beside the heap, for the broker alone. */
  readonly javaFlags?: readonly string[]
  /** With much on disk it takes long. */
  readonly readyWithinMs?: number
}

/** Starts Kafka on `folder`, formatted when it is new; `settings` are lines of its server.properties. */
export async function startKafka(
  folder: string,
  settings: readonly string[] = [],
  { heapMb = 512, port, javaFlags = [], readyWithinMs }: KafkaOptions = {},
): Promise<KafkaProcess> {
  const [freePort, controllerPort] = (await freePorts(2)) as [number, number]
  const clientPort = port ?? freePort
  const dataFolder = join(folder, 'data')
  const properties = join(folder, 'server.properties')
  mkdirSync(folder, { recursive: true })
  writeFileSync(properties, serverProperties(clientPort, controllerPort, dataFolder, settings).join('\n'))
  const java = (...commandArguments: string[]): string[] => [...javaArguments(heapMb), ...commandArguments]
  if (!existsSync(dataFolder)) {
    const format = ['format', '--cluster-id', 'b3R0bGEtdGVzdHMtMDAwMA', '--config', properties]
    execFileSync('java', java('kafka.tools.StorageTool', ...format), { stdio: 'pipe' })
  }
  const started = new StartedProcess('java', [
    ...javaFlags,
    '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
    ...java('kafka.Kafka', properties),
  ])
  await started.waitForOutput((output) => (output.includes('Kafka Server started') ? true : undefined), readyWithinMs)
  return {
    bootstrap: `127.0.0.1:${clientPort}`,
    pid: started.pid,
    dataFolder,
    stop: async () => void (await started.end()),
    kill: async () => void (await started.end('SIGKILL')),
  }
}

function serverProperties(port: number, controllerPort: number, dataFolder: string, settings: readonly string[]): string[] {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=CLIENTS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=CLIENTS',
    'listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${dataFolder}`,
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    ...settings,
  ]
}
