// Topics and partitions as a person names them: `orders`, or `orders:0,1`.

import { InvalidArgumentError } from 'commander'

export interface TopicChoice {
  readonly topic: string
  /** undefined: all. */
  readonly partitions: readonly number[] | undefined
}

/** For an option that may be repeated. */
export function collectTopics(text: string, earlier: readonly TopicChoice[] = []): TopicChoice[] {
  const [, topic, partitions] = /^([^:]+)(?::(\d{1,9}(?:,\d{1,9})*))?$/.exec(text) ?? []
  if (topic === undefined) throw new InvalidArgumentError('It must be a topic as orders, or some of its partitions as orders:0,1.')
  return [...earlier, { topic, partitions: partitions === undefined ? undefined : [...new Set(partitions.split(',').map(Number))] }]
}
