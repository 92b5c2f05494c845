// Kafka's ConsumerGroupCommand: the same groups, with the same history, are made on Ottla and on a real Kafka, and the tool is asked the same of both, step by step.
// What it prints must be the same, but for member ids, ports and the width of columns.

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startOttla, temporaryFolder, type TestBroker } from '../support/broker-process.ts'
import { startKafka } from '../support/kafka-process.ts'
import type { StartedProcess } from '../support/started-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { GroupMembers } from './drivers/group-members.ts'
import { KafkaTools } from './drivers/kafka-tools.ts'
import { OttlaCli } from './drivers/ottla-cli.ts'

const TIMES = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z', '2026-01-04T00:00:00Z']
const offsetsFile = join(temporaryFolder(), 'offsets.csv')
const severalGroupsFile = join(temporaryFolder(), 'offsets-of-groups.csv')

const reset = (...options: string[]): string[] => ['--reset-offsets', '--group', 'only-offsets', ...options]
const describeOf = (group: string, ...options: string[]): string[] => ['--describe', '--group', group, ...options]
const GROUPS = ['only-offsets', 'was-classic', 'was-consumer', 'is-classic', 'is-consumer']

/** In this order: some change what the following show. */
const STEPS: readonly (readonly string[])[] = [
  ['--list'],
  ['--list', '--state'],
  ['--list', '--state', 'Empty'],
  ['--list', '--state', 'stable,empty'],
  ['--list', '--type'],
  ['--list', '--type', 'classic'],
  ['--list', '--type', 'consumer', '--state', 'stable'],
  ...GROUPS.flatMap((group) => [
    describeOf(group),
    describeOf(group, '--offsets', '--verbose'),
    describeOf(group, '--members'),
    describeOf(group, '--members', '--verbose'),
    describeOf(group, '--state'),
    describeOf(group, '--state', '--verbose'),
  ]),
  ['--describe', '--all-groups'],
  ['--describe', '--all-groups', '--members'],
  ['--describe', '--all-groups', '--state'],
  describeOf('nobody'),
  describeOf('nobody', '--members'),
  reset('--to-earliest', '--topic', 'orders', '--dry-run'),
  reset('--to-latest', '--topic', 'orders:0', '--topic', 'payments', '--dry-run'),
  reset('--to-latest', '--all-topics'),
  reset('--to-current', '--all-topics', '--export'),
  reset('--to-offset', '3', '--all-topics', '--dry-run'),
  reset('--to-offset', '99', '--all-topics', '--dry-run'),
  reset('--to-datetime', '2026-01-02T12:00:00.000', '--all-topics', '--dry-run'),
  reset('--to-datetime', '2030-01-01T00:00:00.000', '--all-topics', '--dry-run'),
  reset('--by-duration', 'P1000D', '--all-topics', '--dry-run'),
  reset('--by-duration', 'PT1H', '--all-topics', '--dry-run'),
  reset('--shift-by', '1', '--all-topics', '--dry-run'),
  reset('--shift-by', '-99', '--all-topics', '--dry-run'),
  reset('--to-offset', '1', '--topic', 'orders:7', '--dry-run'),
  reset('--from-file', offsetsFile, '--dry-run'),
  reset('--shift-by', '1', '--all-topics', '--execute'),
  describeOf('only-offsets'),
  reset('--from-file', offsetsFile, '--execute'),
  describeOf('only-offsets'),
  ['--reset-offsets', '--group', 'only-offsets', '--group', 'was-classic', '--from-file', severalGroupsFile, '--execute'],
  ['--reset-offsets', '--group', 'is-classic', '--to-earliest', '--all-topics', '--dry-run'],
  ['--reset-offsets', '--group', 'is-consumer', '--to-earliest', '--all-topics', '--execute'],
  ['--reset-offsets', '--group', 'brand-new', '--to-earliest', '--topic', 'orders', '--execute'],
  ['--reset-offsets', '--all-groups', '--to-current', '--all-topics', '--export'],
  describeOf('brand-new'),
  ['--delete-offsets', '--group', 'only-offsets', '--topic', 'orders:0'],
  ['--delete-offsets', '--group', 'only-offsets', '--topic', 'payments'],
  describeOf('only-offsets'),
  ['--delete-offsets', '--group', 'is-classic', '--topic', 'orders'],
  ['--delete-offsets', '--group', 'is-consumer', '--topic', 'orders'],
  ['--delete-offsets', '--group', 'nobody', '--topic', 'orders'],
  ['--delete', '--group', 'is-classic', '--group', 'is-consumer'],
  ['--delete', '--group', 'brand-new', '--group', 'nobody'],
  ['--delete', '--group', 'was-classic', '--group', 'was-consumer'],
  ['--list', '--state'],
]

describeWith('kafka')('ConsumerGroupCommand', () => {
  const answers = new Map<string, string[]>() // by broker, in the order of the steps
  const brokers: { stop(): Promise<unknown> }[] = []
  let tools: KafkaTools

  beforeAll(async () => {
    writeFileSync(offsetsFile, 'orders,0,1\norders,1,0\npayments,0,2\n')
    writeFileSync(severalGroupsFile, 'only-offsets,orders,0,2\nwas-classic,orders,0,3\nwas-classic,orders,1,1\n')
    tools = new KafkaTools()
    for (const [name, start] of [
      ['Kafka', startKafkaHere],
      ['Ottla', () => startOttla({ durability: 'os' })],
    ] as const) {
      const broker = await start()
      brokers.push(broker)
      const members = await makeGroups(broker.bootstrap)
      brokers.push(...members.map((member) => ({ stop: () => member.end() })))
      const printed: string[] = []
      for (const step of STEPS) {
        const { output, errors, exitCode } = await tools.run('consumer.group.ConsumerGroupCommand', [
          '--bootstrap-server',
          broker.bootstrap,
          ...step,
        ])
        printed.push(normalised(`exit code ${exitCode}\n${output}\n${errors}`))
      }
      answers.set(name, printed)
    }
  }, 600_000)
  afterAll(async () => {
    tools?.close()
    for (const broker of brokers.toReversed()) await broker.stop()
  })

  it.each(
    STEPS.map((step, index) => ({
      title: step
        .join(' ')
        .replaceAll(/\/\S*\//g, '')
        .replaceAll('--', ''),
      index,
    })),
  )('$title', ({ index }) => {
    expect(answers.get('Ottla')![index]).toBe(answers.get('Kafka')![index])
  })
})

async function startKafkaHere(): Promise<TestBroker> {
  const folder = temporaryFolder()
  const kafka = await startKafka(folder, ['offsets.topic.num.partitions=3', 'group.initial.rebalance.delay.ms=0'])
  return {
    bootstrap: kafka.bootstrap,
    async stop() {
      await kafka.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Answers the members that are still there. */
async function makeGroups(bootstrap: string): Promise<StartedProcess[]> {
  const ottla = new OttlaCli(bootstrap)
  const keep = ['--config', 'retention.ms=-1'] // the records are old
  await ottla.run(['topic', 'create', 'orders', '--partitions', '3', ...keep])
  await ottla.run(['topic', 'create', 'payments', '--partitions', '1', ...keep])
  const produce = (topic: string, partition: number, count: number) =>
    ottla.run(
      ['produce', topic, '--format', 'json', '--partition', String(partition)],
      TIMES.slice(0, count)
        .map((timestamp) => `${JSON.stringify({ value: 'v', timestamp })}\n`)
        .join(''),
    )
  await produce('orders', 0, 4)
  await produce('orders', 1, 2)
  await produce('payments', 0, 3)
  await ottla.run(['group', 'reset', 'only-offsets', '--to', '2', '--topic', 'orders:0,1', '--topic', 'payments', '--execute'])
  const consume = (group: string, protocol: string, ...options: string[]) =>
    ottla.run(['consume', 'orders', '--group', group, '--group-protocol', protocol, ...options])
  await consume('was-classic', 'classic', '--max', '3')
  await consume('was-consumer', 'consumer')
  const classic = new GroupMembers(bootstrap, 'orders', 'is-classic', ['--follow', '--group-protocol', 'classic']).start()
  const consumers = new GroupMembers(bootstrap, 'orders', 'is-consumer', ['--follow', '--group-protocol', 'consumer'])
  const first = consumers.start()
  await settled(ottla, 'is-consumer', 1)
  const second = consumers.start()
  await settled(ottla, 'is-consumer', 2)
  await settled(ottla, 'is-classic', 1)
  return [classic, first, second]
}

/** The group is stable, and has committed in all three partitions. */
async function settled(ottla: OttlaCli, group: string, memberCount: number): Promise<void> {
  for (;;) {
    const described = await ottla.run(['group', 'describe', group, '--json']).catch(() => '[]')
    const [about] = JSON.parse(described) as { state: string; members: unknown[]; offsets: { lag: number | null }[] }[]
    if (
      about?.state === 'Stable' &&
      about.members.length === memberCount &&
      about.offsets.length === 3 &&
      about.offsets.every(({ lag }) => lag === 0)
    )
      return
    await setTimeout(300)
  }
}

/** Rows in order, columns parted by one space; ids, ports and stacks as what they are. */
function normalised(text: string): string {
  return text
    .replaceAll(/(ottla-cli-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|ottla-cli-[\w-]{22}/g, 'MEMBER')
    .replaceAll(/adminclient-\d+/g, 'CLIENT')
    .replaceAll(/(127\.0\.0\.1|localhost):\d+/g, 'BROKER')
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '' && !line.startsWith('at ') && !line.startsWith('[main]'))
    .sort()
    .join('\n')
}
