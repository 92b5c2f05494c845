// What members of protocol type `consumer` say of themselves when they join: the topics that they read. The broker looks into it only to know which topics a
// group is subscribed to, and reads it as version 0, which every later version begins with, as Kafka does.

import { recordCodec } from '../../wire/compile.ts'
import { CONSUMER_PROTOCOL_SUBSCRIPTION, type Subscription } from '../../wire/consumer-protocol.ts'
import { Reader } from '../../wire/reader.ts'
import { unlessMalformed } from './unless-malformed.ts'

export type ConsumerSubscription = Subscription & { readonly version: number }

/** With all that the member says, and in which version (at most 3: the later ones begin with that). undefined when the bytes are no subscription. */
export function decodeSubscription(metadata: Buffer): ConsumerSubscription | undefined {
  return unlessMalformed(() => {
    const reader = new Reader(metadata)
    const version = Math.min(reader.int16(), CONSUMER_PROTOCOL_SUBSCRIPTION.maxVersion)
    if (version < 0) return undefined
    return { ...recordCodec(CONSUMER_PROTOCOL_SUBSCRIPTION, version).decode(reader), version }
  })
}

/** undefined when the bytes are no subscription: Kafka's own clients may use the protocol type for something else. */
export function subscribedTopics(metadata: Buffer): readonly string[] | undefined {
  return unlessMalformed(() => {
    const reader = new Reader(metadata)
    if (reader.int16() < 0) return undefined
    return recordCodec(CONSUMER_PROTOCOL_SUBSCRIPTION, 0).decode(reader).topics
  })
}
