// The clients that consume in groups, and how a member of each is started: by a name for the group's protocol and assignor.

import { fileURLToPath } from 'node:url'
import { javaArguments, pythonEnvironment } from '../../support/kafka-jars.ts'
import type { GroupBreachKind } from '../../support/group-judge.ts'
import type { TestClient } from '../../support/test-clients.ts'
import { consoleConsumerLine, javaLogLine, KCAT_FORMAT, kcatLine, ownLine, verifiableConsumerLine } from './foreign-lines.ts'
import type { MemberProgram } from './member.ts'

interface MemberOptions {
  readonly bootstrap: string
  readonly topic: string
  readonly group: string
  /** Of the process: as client id, where the client takes one. */
  readonly name: string
  /** For static members. */
  readonly instanceId?: string
}

export interface GroupClient {
  readonly needs: readonly TestClient[]
  /** It ends where others try again, and says this: when it cannot reach the broker, or was put out of the group. */
  readonly isStartedAnewAfter?: RegExp
  /** Told to leave, it swallows the next record, but commits it: it has to be told while none comes. */
  readonly leavesInQuiet?: true
  /** It commits the offset of the last record that it processed, not the next one's. */
  readonly commitsLastOffset?: true
  /** What it processed while a commit was under way it commits with the next record only, or when it leaves. */
  readonly commitsLate?: true
  /** What may be said of its groups, for it is the client's doing, and Kafka's groups have it, too. */
  readonly mayBe?: readonly GroupBreachKind[]
  member(options: MemberOptions): MemberProgram
}

export const SESSION_TIMEOUT_MS = 6000
export const HEARTBEAT_INTERVAL_MS = 500
const REBALANCE_TIMEOUT_MS = 15_000
const timing = {
  sessionTimeoutMs: SESSION_TIMEOUT_MS,
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
}
const ANYTHING = /^/
const ASSIGNORS = 'org.apache.kafka.clients.consumer.'

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url))

function nodeMember(script: string, asked: object): MemberProgram {
  return { command: process.execPath, commandArguments: [program(script), JSON.stringify({ ...timing, ...asked })], parse: ownLine }
}

export const kafkaJsMembers = (assignor: 'range' | 'roundrobin'): GroupClient => ({
  needs: [],
  member: (options) => nodeMember('kafkajs-member.mjs', { ...options, assignor }),
})

export const platformaticMembers = (protocol: 'classic' | 'consumer'): GroupClient => ({
  needs: [],
  isStartedAnewAfter: ANYTHING,
  commitsLastOffset: true,
  mayBe: ['forgotten', 'unordered'], // it fetches what it was assigned before it has asked for the committed offsets
  member: (options) => nodeMember('platformatic-member.mjs', { ...options, protocol }),
})

/** It has the classic protocol only. */
export const kafkatsMembers = (assignor: 'range' | 'sticky' | 'cooperative-sticky'): GroupClient => ({
  needs: [],
  isStartedAnewAfter: ANYTHING,
  commitsLate: true,
  member: (options) => nodeMember('kafkats-member.mjs', { ...options, assignor }),
})

const librdkafkaTiming = { 'session.timeout.ms': SESSION_TIMEOUT_MS, 'heartbeat.interval.ms': HEARTBEAT_INTERVAL_MS }

export const confluentMembers = (config: Readonly<Record<string, unknown>>, pauseMs = 0): GroupClient => ({
  needs: ['confluent-kafka'],
  member: (options) => ({
    command: 'python3',
    commandArguments: [
      program('confluent_member.py'),
      JSON.stringify({ ...options, pauseMs, config: { ...configOf(config), ...instance(options) } }),
    ],
    environment: pythonEnvironment,
    parse: ownLine,
  }),
})

const instance = ({ instanceId }: MemberOptions): object => (instanceId === undefined ? {} : { 'group.instance.id': instanceId })

/** In the consumer protocol the broker says these. */
const configOf = (config: Readonly<Record<string, unknown>>): object =>
  config['group.protocol'] === 'consumer' ? config : { ...librdkafkaTiming, ...config }

export const kcatMembers = (assignor: string): GroupClient => ({
  needs: ['kcat'],
  isStartedAnewAfter: ANYTHING,
  leavesInQuiet: true,
  member: ({ bootstrap, topic, group, name }) => {
    const config = {
      'client.id': name,
      'auto.offset.reset': 'earliest',
      'auto.commit.interval.ms': 200,
      'partition.assignment.strategy': assignor,
      'fetch.wait.max.ms': 200,
      'reconnect.backoff.max.ms': 1000,
      log_level: 0, // its threads would write into the midst of a record's line
      ...librdkafkaTiming,
    }
    const configs = Object.entries(config).flatMap(([key, value]) => ['-X', `${key}=${value}`])
    return {
      command: 'kcat',
      commandArguments: ['-b', bootstrap, '-G', group, '-u', '-f', KCAT_FORMAT, ...configs, topic],
      parse: kcatLine,
    }
  },
})

const quickJvm = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto']
const MEMBER_HEAP_MB = 64

/**
 * Put out of its group, Java's consumer of the consumer protocol gives up its partitions in one thread, while another collects what it fetched from
 * them: between two looks at the same partition it is gone. KAFKA-16227 is one such place, mended; 4.3.1 has another in FetchCollector.fetchRecords.
 */
const GAVE_UP_WHAT_IT_READS = /IllegalStateException: No current assignment for partition/
const startedAnewIn = (protocol: unknown): Pick<GroupClient, 'isStartedAnewAfter'> =>
  protocol === 'consumer' ? { isStartedAnewAfter: GAVE_UP_WHAT_IT_READS } : {}

/** `assignor` is the class of one of Kafka's own, or the name of one of the broker's. */
export const verifiableConsumers = (
  protocol: 'classic' | 'consumer',
  assignor: string,
  sessionTimeoutMs = SESSION_TIMEOUT_MS,
): GroupClient => ({
  needs: ['kafka'],
  ...startedAnewIn(protocol),
  member: ({ bootstrap, topic, group, instanceId }) => {
    const classic = ['--session-timeout', String(sessionTimeoutMs), '--assignment-strategy', ASSIGNORS + assignor]
    const consumer = ['--group-protocol', 'consumer', '--group-remote-assignor', assignor]
    const where = ['--bootstrap-server', bootstrap, '--topic', topic, '--group-id', group, '--verbose']
    const identity = instanceId === undefined ? [] : ['--group-instance-id', instanceId]
    const tool = ['org.apache.kafka.tools.VerifiableConsumer', ...where, ...identity, ...(protocol === 'classic' ? classic : consumer)]
    return { command: 'java', commandArguments: [...quickJvm, ...javaArguments(MEMBER_HEAP_MB), ...tool], parse: verifiableConsumerLine }
  },
})

const ASSIGNMENTS_LOGGED_BY = ['ConsumerRebalanceListenerInvoker', 'ConsumerMembershipManager']
const onlyAssignments = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=off',
  '-Dorg.slf4j.simpleLogger.log.org.apache.kafka.tools.consumer.ConsoleConsumer=error', // why one ends by itself
  ...ASSIGNMENTS_LOGGED_BY.map((name) => `-Dorg.slf4j.simpleLogger.log.org.apache.kafka.clients.consumer.internals.${name}=info`),
]

export const consoleConsumers = (properties: Readonly<Record<string, string | number>>): GroupClient => ({
  needs: ['kafka'],
  ...startedAnewIn(properties['group.protocol']),
  member: ({ bootstrap, topic, group, name }) => {
    const all = { 'client.id': name, 'auto.offset.reset': 'earliest', 'auto.commit.interval.ms': 200, ...properties }
    const config = Object.entries(all).flatMap(([key, value]) => ['--command-property', `${key}=${value}`])
    const format = ['partition', 'offset'].flatMap((field) => ['--formatter-property', `print.${field}=true`])
    const tool = ['org.apache.kafka.tools.consumer.ConsoleConsumer', '--bootstrap-server', bootstrap, '--topic', topic, '--group', group]
    return {
      command: 'java',
      commandArguments: [...quickJvm, ...javaArguments(MEMBER_HEAP_MB), ...onlyAssignments, ...tool, ...config, ...format],
      parse: consoleConsumerLine,
      parseErrors: javaLogLine,
    }
  },
})

export const javaTiming = { 'session.timeout.ms': SESSION_TIMEOUT_MS, 'heartbeat.interval.ms': HEARTBEAT_INTERVAL_MS }
