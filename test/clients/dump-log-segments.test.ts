// Kafka's own reader of segment files over a folder of ours: it must find nothing to complain about, and the batches that we find.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CODECS } from '../../src/wire/records/codecs.ts'
import { newTopic, startOttla, temporaryFolder } from '../support/broker-process.ts'
import { describeWith } from '../support/test-clients.ts'
import { ConfluentKafka } from './drivers/confluent-kafka.ts'
import { KafkaTools } from './drivers/kafka-tools.ts'
import { ottlaCommandLine } from './drivers/ottla-cli.ts'
import { complaintsOf, dumpedBatches, dumpSegments, ottlaDumpedBatches, ownBatches, segmentFiles } from './drivers/segment-dump.ts'
import { createVarietyTopic, writeVariety } from './variety.ts'

describeWith('kafka', 'confluent-kafka')("Kafka's DumpLogSegments", () => {
  const dataFolder = temporaryFolder()
  const topic = newTopic('dumped')
  const folder = join(dataFolder, `${topic}-0`)
  let tools: KafkaTools

  beforeAll(async () => {
    tools = new KafkaTools()
    const broker = await startOttla({ dataFolder })
    const client = new ConfluentKafka(broker.bootstrap)
    await createVarietyTopic(broker.bootstrap, topic)
    await writeVariety(broker.bootstrap, topic, client)
    client.close()
    await broker.stop()
  })

  afterAll(() => tools?.close())

  async function complaints(): Promise<string[]> {
    const files = segmentFiles(folder, '.log', '.index', '.timeindex', '.snapshot')
    const dump = await dumpSegments(tools, files)
    for (const file of files) expect(dump).toContain(file)
    return complaintsOf(dump)
  }

  function expectWholeSegments(): void {
    const logs = segmentFiles(folder, '.log')
    expect(logs.length).toBeGreaterThan(3)
    expect(segmentFiles(folder, '.index', '.timeindex')).toHaveLength(2 * logs.length)
    expect(segmentFiles(folder, '.snapshot').length).toBeGreaterThan(0)
  }

  it('finds nothing to complain about after a clean stop', async () => {
    expectWholeSegments()
    expect(await complaints()).toEqual([])
  })

  it('lists the batches that we list', async () => {
    for (const file of segmentFiles(folder, '.log')) {
      const batches = ownBatches(file)
      expect(batches.length).toBeGreaterThan(0)
      expect(dumpedBatches(await dumpSegments(tools, [file]))).toEqual(batches)
    }
  })

  it('lists the batches that ottla dump lists', async () => {
    for (const file of segmentFiles(folder, '.log')) {
      expect(ottlaDumpedBatches(file)).toEqual(dumpedBatches(await dumpSegments(tools, [file])))
    }
  })

  it('is of one mind with ottla verify', () => {
    expect(ottlaCommandLine('verify', dataFolder)).toMatchObject({ status: 0, stdout: expect.stringMatching(/: sound\n$/) })
  })

  it('saw every codec, and several producers', () => {
    const batches = segmentFiles(folder, '.log').flatMap(ownBatches)
    expect(new Set(batches.map(({ codec }) => codec))).toEqual(new Set(CODECS))
    expect(new Set(batches.map(({ producerId }) => producerId)).size).toBeGreaterThan(3)
  })

  it.each(['.index', '.timeindex'])('would complain about one wrong entry of an %s', async (ending) => {
    const elsewhere = temporaryFolder()
    const base = segmentFiles(folder, '.log')[1]!.slice(0, -'.log'.length)
    const copyOf = (file: string): string => join(elsewhere, file.slice(folder.length))
    for (const file of ['.log', '.index', '.timeindex'].map((each) => base + each)) copyFileSync(file, copyOf(file))
    const damaged = copyOf(base + ending)
    const bytes = readFileSync(damaged)
    const entrySize = ending === '.index' ? 8 : 12
    bytes.writeUInt32BE(bytes.readUInt32BE(2 * entrySize - 4) + 1, 2 * entrySize - 4) // its second entry
    writeFileSync(damaged, bytes)
    expect(complaintsOf(await dumpSegments(tools, [damaged]))).not.toEqual([])
  })

  it('finds nothing to complain about in what recovery made after a kill', async () => {
    const broker = await startOttla({ dataFolder })
    const client = new ConfluentKafka(broker.bootstrap)
    await writeVariety(broker.bootstrap, topic, client)
    client.close()
    await broker.kill()
    await (await startOttla({ dataFolder })).stop()
    expectWholeSegments()
    expect(await complaints()).toEqual([])
    expect(ottlaCommandLine('verify', dataFolder)).toMatchObject({ status: 0 })
  })
})
