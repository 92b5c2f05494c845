// The topics that the broker itself writes, and how each is made when it is first needed, whoever asks for it: its state would be lost with other configs.

import type { BrokerConfig } from '../config/resolve.ts'

export const OFFSETS_TOPIC = '__consumer_offsets'
const TRANSACTIONS_TOPIC = '__transaction_state'

/** Clients may read them, and write nothing. */
export const isInternalTopic = (name: string): boolean => name === OFFSETS_TOPIC || name === TRANSACTIONS_TOPIC

interface InternalTopic {
  readonly partitionCount: number
  readonly configs: Readonly<Record<string, string>>
}

/** undefined for any other topic. */
export function internalTopic(name: string, config: BrokerConfig): InternalTopic | undefined {
  if (name !== OFFSETS_TOPIC) return undefined
  return {
    partitionCount: config['offsets.topic.num.partitions'],
    configs: {
      'cleanup.policy': 'compact',
      'compression.type': 'producer',
      'segment.bytes': String(config['offsets.topic.segment.bytes']),
    },
  }
}
