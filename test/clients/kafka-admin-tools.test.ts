// Kafka's own tools for administrators: partitions added, records deleted, configs of topics, brokers and groups altered and described, and what is served.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokerUnderTest, newTopic, temporaryFolder, type TestBroker } from '../support/broker-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { consumeWithConsole, produceWithConsole } from './drivers/console-tools.ts'
import { KafkaTools, type ToolResult } from './drivers/kafka-tools.ts'
import { record } from './drivers/records.ts'

describeWith('kafka')("Kafka's tools for administrators", () => {
  let broker: TestBroker
  let tools: KafkaTools

  beforeAll(async () => {
    broker = await brokerUnderTest()
    tools = new KafkaTools()
  })

  afterAll(async () => {
    tools?.close()
    await broker?.stop()
  })

  const output = (tool: string, ...options: string[]): Promise<string> =>
    tools.output(tool, ['--bootstrap-server', broker.bootstrap, ...options])
  const run = (tool: string, ...options: string[]): Promise<ToolResult> =>
    tools.run(tool, ['--bootstrap-server', broker.bootstrap, ...options])
  const topicCommand = (...options: string[]): Promise<string> => output('TopicCommand', ...options)

  async function createTopic(partitionCount = 1): Promise<string> {
    const topic = newTopic('admin')
    await topicCommand('--create', '--topic', topic, '--partitions', String(partitionCount))
    return topic
  }

  describe('TopicCommand', () => {
    it('gives a topic more partitions, which take records', async () => {
      const topic = await createTopic(1)
      await produceWithConsole(tools, broker.bootstrap, topic, [record('a', 'before')])
      await topicCommand('--alter', '--topic', topic, '--partitions', '3')
      expect(await topicCommand('--describe', '--topic', topic)).toMatch(/PartitionCount: 3\s/)
      await produceWithConsole(
        tools,
        broker.bootstrap,
        topic,
        Array.from({ length: 30 }, (_, index) => record(`key ${index}`, 'after')),
      )
      const counts = (await output('GetOffsetShell', '--topic', topic))
        .trim()
        .split('\n')
        .map((line) => Number(line.split(':')[2]))
      expect(counts).toHaveLength(3)
      expect(counts.every((count) => count > 0)).toBe(true)
      expect(await consumeWithConsole(tools, broker.bootstrap, topic, { offset: 0 }, 1)).toMatchObject([{ key: 'a', value: 'before' }])
    })

    it('hears that a topic cannot shrink', async () => {
      const result = await run('TopicCommand', '--alter', '--topic', await createTopic(2), '--partitions', '1')
      expect(result.exitCode).toBe(1)
      expect(result.errors + result.output).toContain('InvalidPartitionsException')
    })
  })

  describe('DeleteRecordsCommand', () => {
    it('deletes records, and tells where the partition begins then', async () => {
      const topic = await createTopic()
      for (const value of ['1', '2', '3']) await produceWithConsole(tools, broker.bootstrap, topic, [record('k', value)])
      const deleteTo = async (offset: number): Promise<string> => {
        const file = join(temporaryFolder(), 'offsets.json')
        writeFileSync(file, JSON.stringify({ version: 1, partitions: [{ topic, partition: 0, offset }] }))
        return output('DeleteRecordsCommand', '--offset-json-file', file)
      }
      expect(await deleteTo(2)).toContain(`partition: ${topic}-0\tlow_watermark: 2`)
      expect(await output('GetOffsetShell', '--topic', topic, '--time', 'earliest')).toBe(`${topic}:0:2\n`)
      expect(await consumeWithConsole(tools, broker.bootstrap, topic, { offset: 2 }, 1)).toMatchObject([{ offset: 2, value: '3' }])
      expect(await deleteTo(9)).toContain('OffsetOutOfRangeException')
      expect(await deleteTo(-1)).toContain(`partition: ${topic}-0\tlow_watermark: 3`)
    })
  })

  describe('ConfigCommand', () => {
    const config = (...options: string[]): Promise<string> => output('kafka.admin.ConfigCommand', ...options)
    const alter = (entity: readonly string[], ...options: string[]): Promise<string> => config(...entity, '--alter', ...options)

    it('alters and describes the configs of a topic', async () => {
      const topic = ['--entity-type', 'topics', '--entity-name', await createTopic()]
      expect(await alter(topic, '--add-config', 'retention.ms=1000,cleanup.policy=[compact,delete]')).toContain('Completed updating')
      const described = await config(...topic, '--describe')
      expect(described).toMatch(
        /^ {2}cleanup\.policy=compact,delete sensitive=false synonyms=\{DYNAMIC_TOPIC_CONFIG:cleanup\.policy=compact,delete, DEFAULT_CONFIG:log\.cleanup\.policy=delete\}$/m,
      )
      expect(described).toMatch(/^ {2}retention\.ms=1000 sensitive=false synonyms=\{DYNAMIC_TOPIC_CONFIG:retention\.ms=1000\}$/m)
      await alter(topic, '--delete-config', 'retention.ms')
      expect(await config(...topic, '--describe')).not.toContain('retention.ms')
      expect(await config(...topic, '--describe', '--all')).toContain('retention.ms=604800000')
    })

    it('alters and describes the configs of the broker and of all brokers', async () => {
      const one = ['--entity-type', 'brokers', '--entity-name', '1']
      const all = ['--entity-type', 'brokers', '--entity-default']
      await alter(one, '--add-config', 'log.retention.ms=1000,num.io.threads=9')
      await alter(all, '--add-config', 'log.retention.ms=2000')
      expect(await config(...one, '--describe')).toContain(
        'log.retention.ms=1000 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:log.retention.ms=1000, DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=2000, DEFAULT_CONFIG:log.retention.hours=168}',
      )
      expect(await config(...all, '--describe')).toContain(
        'log.retention.ms=2000 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=2000}',
      )
      await alter(one, '--delete-config', 'log.retention.ms,num.io.threads')
      await alter(all, '--delete-config', 'log.retention.ms')
      expect(await config(...one, '--describe')).not.toContain('log.retention.ms')
    })

    it('alters and describes the configs of a group', async () => {
      const group = ['--entity-type', 'groups', '--entity-name', newTopic('group')]
      await alter(group, '--add-config', 'consumer.session.timeout.ms=50000')
      expect(await config(...group, '--describe')).toContain(
        'consumer.session.timeout.ms=50000 sensitive=false synonyms={DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000',
      )
    })

    it.each([
      { title: 'a bad value', entity: ['topics'], configs: 'retention.ms=soon', says: 'InvalidConfigurationException' },
      { title: 'an unknown config', entity: ['topics'], configs: 'retention.mss=1', says: 'InvalidConfigurationException' },
      { title: 'a read-only config', entity: ['brokers', '1'], configs: 'num.partitions=3', says: 'InvalidRequestException' },
      {
        title: 'a group config out of range',
        entity: ['groups', 'g'],
        configs: 'consumer.session.timeout.ms=1',
        says: 'InvalidConfigurationException',
      },
    ])('hears of $title', async ({ entity: [type, name], configs, says }) => {
      const entity = ['--entity-type', type!, '--entity-name', name ?? (await createTopic())]
      const result = await run('kafka.admin.ConfigCommand', ...entity, '--alter', '--add-config', configs)
      expect(result.exitCode).toBe(1)
      expect(result.errors + result.output).toContain(says)
    })
  })

  describe('BrokerApiVersionsCommand', () => {
    it('prints for every API what it prints for a Kafka 4.3.1, or that there is none', async () => {
      const linesOf = (text: string): string[] => [...text.matchAll(/^\s*(\w+\(\d+\): .*?),?$/gm)].map(([, line]) => line!)
      const kafkas = linesOf(readFileSync(new URL('data/broker-api-versions.txt', import.meta.url), 'utf8'))
      const ours = linesOf(await output('BrokerApiVersionsCommand'))
      expect(ours.length).toBe(kafkas.length)
      expect(ours.filter((line) => !line.endsWith(': UNSUPPORTED') && !kafkas.includes(line))).toEqual([])
      for (const name of ['CreatePartitions(37)', 'DeleteRecords(21)', 'IncrementalAlterConfigs(44)', 'DescribeTopicPartitions(75)'])
        expect(ours.find((line) => line.startsWith(name))).toMatch(/usable/)
    })
  })
})
