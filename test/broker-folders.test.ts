// Folders of partitions that the disk does not let us read: they cost those partitions, not the broker, and never a topic's name.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Broker } from '../src/broker.ts'
import type { LogLine } from '../src/lib/diagnostics.ts'
import { startBroker } from '../src/start-broker.ts'
import { errorName } from '../src/wire/error-codes.ts'
import { createPartitions } from '../src/wire/messages/create-partitions.ts'
import { createTopics } from '../src/wire/messages/create-topics.ts'
import { deleteTopics } from '../src/wire/messages/delete-topics.ts'
import { listOffsets } from '../src/wire/messages/list-offsets.ts'
import { metadata } from '../src/wire/messages/metadata.ts'
import { WireConnection } from './support/wire-connection.ts'

const folder = mkdtempSync(join(tmpdir(), 'ottla-folders-'))
let running: Broker | undefined
let lines: LogLine[] = []

async function start(): Promise<WireConnection> {
  lines = []
  await running?.close()
  running = await startBroker({ port: 0, dataDir: folder, log: (line) => lines.push(line) })
  return WireConnection.connect(running.bootstrapServers)
}

const create = async (connection: WireConnection, name: string): Promise<string> => {
  const topic = { name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
  return errorName((await connection.request(createTopics, 7, { topics: [topic] })).topics[0]!.errorCode)
}

/** Of each partition: whether it can be used. That is known of those that somebody tried to use. */
async function partitionsOf(connection: WireConnection, name: string): Promise<string[]> {
  const partitions = [0, 1, 2, 3].map((partitionIndex) => ({ partitionIndex, timestamp: -1 }))
  await connection.request(listOffsets, 7, { replicaId: -1, topics: [{ name, partitions }] })
  const { topics } = await connection.request(metadata, 9, { topics: [{ name }], allowAutoTopicCreation: false })
  const described = topics[0]!.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex)
  return topics[0]!.errorCode === 0 ? described.map(({ errorCode }) => errorName(errorCode)) : [errorName(topics[0]!.errorCode)]
}

/** What the broker cannot read, and cannot write, whoever it runs as. */
function block(name: string): void {
  mkdirSync(join(folder, name, 'partition.metadata'), { recursive: true })
}

afterEach(async () => {
  await running?.close()
  running = undefined
  for (const name of ['blocked-0', 'blocked-2', 'blocked-0.0123456789abcdef0123456789abcdef-delete'])
    rmSync(join(folder, name), { recursive: true, force: true })
})

describe('a partition whose folder cannot be read', () => {
  it('is offline, says what to do, and is the only one', async () => {
    block('blocked-0')
    let connection = await start()
    expect(await create(connection, 'blocked')).toBe('NONE')
    for (const isRestarted of [false, true]) {
      if (isRestarted) connection = await start()
      expect(await partitionsOf(connection, 'blocked')).toEqual(['LEADER_NOT_AVAILABLE', 'NONE'])
      expect(lines.filter(({ level }) => level === 'error').map(({ fields }) => fields.folder)).toEqual([join(folder, 'blocked-0')])
      expect(lines.find(({ level }) => level === 'error')!.fields.reason).toMatch(/EISDIR.*start again/)
    }
    rmSync(join(folder, 'blocked-0'), { recursive: true })
    connection = await start()
    expect(await partitionsOf(connection, 'blocked')).toEqual(['NONE', 'NONE'])
    await connection.request(deleteTopics, 5, { topicNames: ['blocked'], timeoutMs: 1000 })
    connection.close()
  })

  it('leaves one topic of its name, whoever tries again', async () => {
    block('blocked-0')
    let connection = await start()
    expect([await create(connection, 'blocked'), await create(connection, 'blocked')]).toEqual(['NONE', 'TOPIC_ALREADY_EXISTS'])
    await connection.request(deleteTopics, 5, { topicNames: ['blocked'], timeoutMs: 1000 })
    connection = await start()
    expect(await partitionsOf(connection, 'blocked')).toEqual(['UNKNOWN_TOPIC_OR_PARTITION'])
    connection.close()
  })

  it('is offline when it came later, too', async () => {
    block('blocked-2')
    let connection = await start()
    await create(connection, 'blocked')
    const topics = [{ name: 'blocked', count: 4, assignments: null }]
    const { results } = await connection.request(createPartitions, 3, { topics, timeoutMs: 1000, validateOnly: false })
    expect(errorName(results[0]!.errorCode)).toBe('NONE')
    for (const isRestarted of [false, true]) {
      if (isRestarted) connection = await start()
      expect(await partitionsOf(connection, 'blocked')).toEqual(['NONE', 'NONE', 'LEADER_NOT_AVAILABLE', 'NONE'])
    }
    await connection.request(deleteTopics, 5, { topicNames: ['blocked'], timeoutMs: 1000 })
    connection.close()
  })

  it('does not keep the broker from starting when it was to be removed', async () => {
    block('blocked-0.0123456789abcdef0123456789abcdef-delete')
    const connection = await start()
    const warnings = (): string[] => lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
    await vi.waitUntil(() => warnings().length > 0) // it is removed in the background
    expect(warnings()).toEqual(['a deleted log could not be removed; the next start tries again'])
    connection.close()
  })
})
