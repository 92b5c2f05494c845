// 2,000 connections that arrive at once, ask, and go at once.

import { apiVersions } from '../../src/wire/messages/api-versions.ts'
import { fetch } from '../../src/wire/messages/fetch.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { produce } from '../../src/wire/messages/produce.ts'
import { encodeBatch } from '../../src/wire/records/record.ts'
import type { WireConnection } from '../../test/support/wire-connection.ts'
import { frameOf, type Scene } from './stage.ts'

const CONNECTIONS = 2000
const TOPIC = 'common'

export const connections: Scene = {
  name: `${CONNECTIONS} connections`,
  async play(stage) {
    await stage.createTopics([TOPIC], 1)
    const records = await encodeBatch({ records: [{ timestamp: Date.now(), key: null, value: Buffer.alloc(1000) }] })
    const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records }] }]
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 64 << 10 }]
    let all: WireConnection[] = []
    const allAsk = (frame: Buffer): Promise<unknown> => Promise.all(all.map((connection) => connection.exchange(frame)))
    await stage.step('arrive at once', async () => {
      all = await stage.connections(CONNECTIONS)
    })
    await stage.step('all ask for the versions', () =>
      allAsk(frameOf(apiVersions, 3, { clientSoftwareName: 'bench', clientSoftwareVersion: '1' })),
    )
    await stage.step('all ask for metadata', () => allAsk(frameOf(metadata, 12, { topics: null })))
    await stage.step('all produce', () => allAsk(frameOf(produce, 9, { acks: -1, timeoutMs: 60_000, topicData })))
    await stage.step('all fetch what is there', () =>
      allAsk(frameOf(fetch, 12, { maxWaitMs: 500, minBytes: 1, topics: [{ topic: TOPIC, partitions }] })),
    )
    await stage.step('all wait for one record', async () => {
      const end = [{ partition: 0, fetchOffset: CONNECTIONS, partitionMaxBytes: 64 << 10 }]
      const waiting = allAsk(frameOf(fetch, 12, { maxWaitMs: 10_000, minBytes: 1, topics: [{ topic: TOPIC, partitions: end }] }))
      await stage.request(produce, 9, { acks: -1, timeoutMs: 60_000, topicData })
      await waiting
    })
    await stage.step('go at once', async () => {
      for (const connection of all) connection.close()
    })
  },
}
