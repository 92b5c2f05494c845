// Segments that come and go: rolled under load, many of them past their retention at once, or deleted with their topic.

import { setTimeout as sleep } from 'node:timers/promises'
import { incrementalAlterConfigs } from '../../src/wire/messages/incremental-alter-configs.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import { bench } from '../broker/loads.ts'
import { frameOf, type Scene, type Stage } from './stage.ts'

const SEGMENTS = 3000
const LOAD_SECONDS = 8
const MEGABYTES_PER_SECOND = 60
const TOPIC = 2
const WAIT_MS = 100
const SETTINGS = ['log.retention.check.interval.ms=1000', 'log.segment.delete.delay.ms=1000']
const DAY_MS = 86_400_000

export const rolls: Scene = {
  name: 'segments of 1 MB',
  settings: ['log.segment.bytes=1048576', ...SETTINGS],
  async play(stage) {
    const load = `${MEGABYTES_PER_SECOND} MB/s over 4 partitions`
    await stage.createTopics(['rolled', 'retained'], 4)
    await stage.step(`${load}, rolled all the time`, () => loadOn(stage, 'rolled'))
    await alter(stage, 'retained', 'retention.bytes', String(4 << 20))
    await stage.step(`${load}, and retained in 4 MB each`, () => loadOn(stage, 'retained'))
    await stage.step('delete the topic with all its segments', () => stage.deleteTopics(['rolled']))
    await stage.step('their files go', () => sleep(2000))
  },
}

export const manySegments: Scene = {
  name: `${SEGMENTS} segments`,
  durability: 'os',
  settings: SETTINGS,
  async play(stage) {
    const names = ['by-size', 'by-time', 'deleted']
    await stage.createTopics(names, 1, { 'segment.ms': '1', 'retention.ms': '-1' })
    await stage.step('made, one for each batch', async () => {
      for (const name of names) await makeSegments(stage, name)
    })
    await stage.step('retention of all of them by size', async () => {
      await alter(stage, 'by-size', 'retention.bytes', '0')
      await waitUntilEmpty(stage, 'by-size')
    })
    await stage.step('retention of all of them by time', async () => {
      await alter(stage, 'by-time', 'retention.ms', '1000')
      await waitUntilEmpty(stage, 'by-time')
    })
    await stage.step('their files go', () => sleep(2000))
    await stage.restart('start after kill -9, and the first look', 'kill', async () => void (await stage.startOffset('deleted')))
    await stage.step('delete the topic', () => stage.deleteTopics(['deleted']))
    await stage.step('its files go', () => sleep(2000))
  },
}

/** Each batch is a millisecond and a half later than the one before it, by its timestamp. */
async function makeSegments(stage: Stage, name: string): Promise<void> {
  const connection = await stage.connect()
  const fromMs = Date.now() - DAY_MS
  const one = async (index: number): Promise<void> => {
    const records = await encodeBatch({ records: [{ timestamp: fromMs + 3 * index, key: null, value: Buffer.alloc(100) }] })
    await connection.exchange(
      frameOf(produce, 9, { acks: -1, timeoutMs: 60_000, topicData: [{ name, partitionData: [{ index: 0, records }] }] }),
    )
  }
  for (let index = 0; index < SEGMENTS; index++) await one(index)
  connection.close()
}

async function waitUntilEmpty(stage: Stage, name: string): Promise<void> {
  while ((await stage.startOffset(name)) < SEGMENTS) await sleep(WAIT_MS)
}

async function loadOn({ broker, scale }: Stage, topic: string): Promise<void> {
  const recordsPerSecond = (MEGABYTES_PER_SECOND * 1e6 * scale) / 1024
  await bench(broker, 'produce', topic, LOAD_SECONDS, '--warm-up-seconds', '0', '--keep-topic', '--rate', String(recordsPerSecond))
}

async function alter(stage: Stage, resourceName: string, name: string, value: string): Promise<void> {
  const resources = [{ resourceType: TOPIC, resourceName, configs: [{ name, configOperation: 0, value }] }]
  await stage.request(incrementalAlterConfigs, 1, { resources, validateOnly: false })
}
