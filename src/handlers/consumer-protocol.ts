// Whether this broker has groups of the consumer protocol (KIP-848).

import type { BrokerConfig } from '../config/resolve.ts'
import { Refusal } from '../wire/error-codes.ts'

export const hasConsumerProtocol = (config: BrokerConfig): boolean => config['group.coordinator.rebalance.protocols'].includes('consumer')

/** Throws UNSUPPORTED_VERSION. */
export function checkConsumerProtocol(config: BrokerConfig): void {
  if (!hasConsumerProtocol(config))
    throw new Refusal('UNSUPPORTED_VERSION', 'the consumer protocol is off: group.coordinator.rebalance.protocols does not have it')
}
