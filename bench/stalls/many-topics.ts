// 1,000 topics of 10 partitions each: what names them all.

import { describeConfigs } from '../../src/wire/messages/describe-configs.ts'
import { incrementalAlterConfigs } from '../../src/wire/messages/incremental-alter-configs.ts'
import { metadata } from '../../src/wire/messages/metadata.ts'
import { count, type Scene } from './stage.ts'

const TOPIC = 2
const BROKER = 4
const names = count(1000).map((index) => `topic-${index}`)

export const manyTopics: Scene = {
  name: '1,000 topics',
  async play(stage) {
    await stage.step('create all in one request', () => stage.createTopics(names, 10))
    await stage.step('metadata of all', () => stage.request(metadata, 12, { topics: null }))
    const resources = names.map((resourceName) => ({ resourceType: TOPIC, resourceName, configurationKeys: null }))
    await stage.step('DescribeConfigs of all', () => stage.request(describeConfigs, 4, { resources }))
    await stage.step('DescribeConfigs of all, with everything', () =>
      stage.request(describeConfigs, 4, { resources, includeSynonyms: true, includeDocumentation: true }),
    )
    const altered = (resourceType: number, resourceName: string, name: string, value: string) => ({
      resourceType,
      resourceName,
      configs: [{ name, configOperation: 0, value }],
    })
    await stage.step('alter a config of all', () =>
      stage.request(incrementalAlterConfigs, 1, {
        resources: names.map((name) => altered(TOPIC, name, 'retention.ms', '1000000')),
        validateOnly: false,
      }),
    )
    await stage.step('alter a default that all inherit', () =>
      stage.request(incrementalAlterConfigs, 1, {
        resources: [altered(BROKER, '', 'log.retention.bytes', '1000000')],
        validateOnly: false,
      }),
    )
    await stage.restart('start', 'stop', async () => void (await stage.request(metadata, 12, { topics: null })))
    await stage.step('delete all in one request', () => stage.deleteTopics(names))
  },
}
