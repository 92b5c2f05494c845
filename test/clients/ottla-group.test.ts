// Our own command line with groups: members of both protocols that come, go and are killed, and what `ottla group` makes of them.

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newTopic, startOttla, temporaryFolder, type TestBroker } from '../support/broker-process.ts'
import { startKafka } from '../support/kafka-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { GroupMembers } from './drivers/group-members.ts'
import { OttlaCli } from './drivers/ottla-cli.ts'

const SETTINGS = [
  'group.consumer.min.session.timeout.ms=3000',
  'group.consumer.session.timeout.ms=3000',
  'group.consumer.heartbeat.interval.ms=1000',
  'group.consumer.min.heartbeat.interval.ms=1000',
]

async function startBroker(name: string): Promise<TestBroker> {
  if (name === 'Ottla') return startOttla({ durability: 'os', flags: SETTINGS.flatMap((setting) => ['--set', setting]) })
  const folder = temporaryFolder()
  const kafka = await startKafka(folder, ['offsets.topic.num.partitions=3', ...SETTINGS])
  return {
    bootstrap: kafka.bootstrap,
    async stop() {
      await kafka.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

describeWith('kafka')('ottla, with groups', () => {
  describe.each(['Kafka', 'Ottla'])('of %s', (brokerName) => {
    let broker: TestBroker
    let ottla: OttlaCli

    beforeAll(async () => {
      broker = await startBroker(brokerName)
      ottla = new OttlaCli(broker.bootstrap)
    })
    afterAll(() => broker?.stop())

    async function newTopicOf(partitionCount: number): Promise<string> {
      const topic = newTopic('parts')
      await ottla.run(['topic', 'create', topic, '--partitions', String(partitionCount)])
      return topic
    }
    const numbers = (from: number, count: number): string[] => Array.from({ length: count }, (_, index) => String(from + index))
    /** Keyed, so that they spread over the partitions. */
    const produce = (topic: string, values: readonly string[]) =>
      ottla.run(['produce', topic, '--key-separator', ':'], values.map((value) => `${value}:${value}\n`).join(''))
    const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort((a, b) => Number(a) - Number(b))
    const describeGroup = async (group: string): Promise<Described> =>
      (JSON.parse(await ottla.run(['group', 'describe', group, '--json'])) as [Described])[0]

    describe.each(['classic', 'consumer'])('and the %s protocol', (protocol) => {
      const protocolOption = ['--group-protocol', protocol]

      it('goes on from where the group has come to, and ends with what was there', async () => {
        const topic = await newTopicOf(3)
        const group = newTopic('again')
        const consume = (...options: string[]) => ottla.run(['consume', topic, '--group', group, ...protocolOption, ...options])
        await produce(topic, numbers(0, 100))
        const first = (await consume('--max', '30')).trim().split('\n')
        expect(first).toHaveLength(30)
        const second = (await consume()).trim().split('\n')
        expect([...first, ...second].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(0, 100)) // each once
        expect(await consume()).toBe('')
        await produce(topic, numbers(100, 20))
        expect(sorted((await consume()).trim().split('\n'))).toEqual(numbers(100, 20))
        const described = await describeGroup(group)
        expect(described).toMatchObject({ state: 'Empty', members: [], totalLag: 0 })
      })

      it('begins where it is told when the group has nothing committed, and only then', async () => {
        const topic = await newTopicOf(1)
        const group = newTopic('from')
        await produce(topic, numbers(0, 10))
        const consume = (from: string) => ottla.run(['consume', topic, '--group', group, ...protocolOption, '--from', from])
        expect(await consume('latest')).toBe('')
        await produce(topic, ['10'])
        expect(await consume('earliest')).toBe('10\n')
        const another = newTopic('from')
        expect(await ottla.run(['consume', topic, '--group', another, ...protocolOption, '--from', '7'])).toBe('7\n8\n9\n10\n')
      })

      it('reads every record while members come, leave and are killed', async () => {
        const topic = await newTopicOf(6)
        const group = newTopic('crowd')
        const members = new GroupMembers(broker.bootstrap, topic, group, ['--follow', ...protocolOption])
        const [first, second] = [members.start(), members.start()]
        await produce(topic, numbers(0, 500))
        await until(() => sorted(members.all).length === 500)
        const third = members.start()
        await produce(topic, numbers(500, 500))
        await until(async () => (await describeGroup(group)).members.length === 3)
        await until(async () => (await describeGroup(group)).members.every(({ assignment }) => assignment[0]?.partitions.length === 2))
        await produce(topic, numbers(1000, 500))
        await until(() => sorted(members.all).length === 1500)
        expect(await first.end()).toBe(0)
        await produce(topic, numbers(1500, 500))
        await until(() => sorted(members.all).length === 2000)
        const isKilled = protocol === 'consumer' // a classic member is missed after 45 s
        if (isKilled) await second.end('SIGKILL')
        await produce(topic, numbers(2000, 500))
        await until(() => sorted(members.all).length === 2500)
        const before = new Set((await describeGroup(group)).members.map(({ memberId }) => memberId))
        const fourth = members.start()
        await until(async () => (await describeGroup(group)).members.some(({ memberId }) => !before.has(memberId)))
        await produce(topic, numbers(2500, 500))
        await until(() => sorted(members.all).length === 3000)
        const left = isKilled ? [third, fourth] : [second, third, fourth]
        expect(await Promise.all(left.map((member) => member.end('SIGINT')))).toEqual(left.map(() => 0))
        expect(sorted(members.all)).toEqual(numbers(0, 3000))
        expect(await describeGroup(group)).toMatchObject({ state: 'Empty', totalLag: 0 })
        const readTwice = members.all.length - 3000
        expect(readTwice).toBeLessThan(isKilled ? 1500 : 1)
      })

      it('shows members, what they have and their lag, and refuses what would disturb them', async () => {
        const topic = await newTopicOf(2)
        const group = newTopic('busy')
        await produce(topic, numbers(0, 10))
        const members = new GroupMembers(broker.bootstrap, topic, group, ['--follow', ...protocolOption])
        const member = members.start()
        await until(async () => (await ottla.run(['group', 'list', '--state', 'stable'])).includes(group))
        await until(async () => (await describeGroup(group)).offsets.every(({ lag }) => lag === 0))
        expect(await describeGroup(group)).toMatchObject({
          type: protocol,
          state: 'Stable',
          assignor: protocol === 'classic' ? 'range' : 'uniform',
          members: [{ clientId: 'ottla-cli', host: '127.0.0.1', protocol, assignment: [{ topic, partitions: [0, 1] }] }],
          offsets: [
            { topic, partition: 0, lag: 0 },
            { topic, partition: 1, lag: 0 },
          ],
        })
        const refused = `is Stable and has 1 member`
        await expect(ottla.run(['group', 'reset', group, '--to', 'earliest', '--execute'])).rejects.toThrow(refused)
        await expect(ottla.run(['group', 'delete', group])).rejects.toThrow(refused)
        await expect(ottla.run(['group', 'delete-offsets', group, '--topic', topic])).rejects.toThrow('Stop the members that read it first')
        expect(await member.end()).toBe(0)
        await until(async () => (await describeGroup(group)).state === 'Empty')
        await ottla.run(['group', 'delete', group])
        await expect(describeGroup(group)).rejects.toThrow(`there is no group "${group}"`)
      })
    })

    it('resets what is committed', async () => {
      const topic = await newTopicOf(2)
      const group = newTopic('reset')
      const times = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z']
      const lines = times.map((timestamp) => JSON.stringify({ value: 'v', timestamp, partition: 0 }))
      await ottla.run(['produce', topic, '--format', 'json'], `${lines.join('\n')}\n`)
      const reset = async (...options: string[]) => {
        const { offsets } = JSON.parse(await ottla.run(['group', 'reset', group, '--json', ...options])) as {
          offsets: { newOffset: number }[]
        }
        return offsets.map(({ newOffset }) => newOffset)
      }
      expect(await reset('--to', 'latest', '--topic', topic)).toEqual([3, 0])
      await expect(describeGroup(group)).rejects.toThrow('there is no group') // it was a dry run
      expect(await reset('--to', 'latest', '--topic', topic, '--execute')).toEqual([3, 0])
      expect(await describeGroup(group)).toMatchObject({ offsets: [{ committedOffset: 3 }, { committedOffset: 0 }] })
      expect(await reset('--to', '2026-01-01T12:00:00Z')).toEqual([1, 0])
      expect(await reset('--by-duration', 'P1D')).toEqual([3, 0])
      expect(await reset('--shift-by', '-2', '--topic', `${topic}:0`, '--execute')).toEqual([1])
      const file = join(temporaryFolder(), 'offsets.csv')
      writeFileSync(file, await ottla.run(['group', 'reset', group, '--to', 'current', '--export']))
      expect(await reset('--to', 'earliest', '--execute')).toEqual([0, 0])
      expect(await reset('--from-file', file, '--execute')).toEqual([1, 0])
      expect(await describeGroup(group)).toMatchObject({ totalLag: 2 })
      await ottla.run(['group', 'delete-offsets', group, '--topic', `${topic}:1`])
      expect((await describeGroup(group)).offsets).toMatchObject([{ partition: 0 }])
      await expect(ottla.run(['group', 'delete-offsets', group, '--topic', `${topic}:1`])).rejects.toThrow('has committed nothing there')
    })
  })
})

describe('a group of ottla', () => {
  const flags = SETTINGS.flatMap((setting) => ['--set', setting])

  it.each(['classic', 'consumer'])('goes on over a kill -9 of the broker, with the %s protocol, as what it was', async (protocol) => {
    let broker = await startOttla({ flags })
    const ottla = new OttlaCli(broker.bootstrap)
    await ottla.run(['topic', 'create', 'orders', '--partitions', '2'])
    const produce = (values: readonly string[]) =>
      ottla.run(['produce', 'orders', '--key-separator', ':'], values.map((value) => `${value}:${value}\n`).join(''))
    const about = async () => (JSON.parse(await ottla.run(['group', 'describe', 'billing', '--json'])) as [Described])[0]
    const members = new GroupMembers(broker.bootstrap, 'orders', 'billing', ['--follow', '--group-protocol', protocol])
    const started = [members.start(), members.start()]
    const values = Array.from({ length: 400 }, (_, index) => String(index))
    await produce(values.slice(0, 200))
    await until(
      async () => (await about().catch(() => undefined))?.members.filter(({ assignment }) => assignment.length === 1).length === 2,
    )
    await until(async () => new Set(members.all).size === 200 && (await about()).totalLag === 0)
    const { members: before } = await about()
    await broker.kill()
    broker = await startOttla({ flags, dataFolder: broker.dataFolder, port: Number(broker.bootstrap.split(':')[1]) })
    await produce(values.slice(200))
    await until(async () => new Set(members.all).size === 400 && (await about()).totalLag === 0)
    const { members: after, history } = await about()
    expect(after).toEqual(before)
    expect(history.map(({ kind }) => kind)).toEqual(['loaded'])
    expect(members.all.length).toBe(400)
    expect(await Promise.all(started.map((member) => member.end()))).toEqual([0, 0])
    await broker.stop()
  })

  it('has a history that says why it rebalanced', async () => {
    const broker = await startOttla({ durability: 'os', flags })
    const ottla = new OttlaCli(broker.bootstrap)
    await ottla.run(['topic', 'create', 'orders', '--partitions', '2'])
    const members = new GroupMembers(broker.bootstrap, 'orders', 'billing', ['--follow'])
    const killed = members.start()
    const about = async () => (JSON.parse(await ottla.run(['group', 'describe', 'billing', '--json'])) as [Described])[0]
    await until(async () => (await about().catch(() => undefined))?.state === 'Stable')
    await killed.end('SIGKILL')
    await until(async () => (await about()).state === 'Empty')
    const { history } = await about()
    expect(history.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['joined', 'rebalance', 'assignment', 'expired', 'empty']))
    expect(history.find(({ kind }) => kind === 'expired')).toMatchObject({ clientId: 'ottla-cli', reason: 'session timed out after 3 s' })
    expect(await ottla.run(['group', 'describe', 'billing', '--history'])).toMatch(/ expired: session timed out after 3 s\n/)
    await broker.stop()
  })
})

interface Described {
  readonly history: readonly { readonly kind: string; readonly reason: string }[]
  readonly state: string
  readonly totalLag: number
  readonly members: readonly { readonly memberId: string; readonly assignment: readonly { readonly partitions: readonly number[] }[] }[]
  readonly offsets: readonly { readonly lag: number | null }[]
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setTimeout(200)
}
