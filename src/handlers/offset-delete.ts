// OffsetDelete v0 (KIP-496): what a group has committed for some partitions goes, durably.
// - GROUP_ID_NOT_FOUND for an unknown group; NON_EMPTY_GROUP for one with members whose protocol is not `consumer`.
// - Each partition by itself: GROUP_SUBSCRIBED_TO_TOPIC while a member reads the topic, UNKNOWN_TOPIC_OR_PARTITION for an unknown one.

import { deletions } from '../groups/offsets/group-offsets.ts'
import type { OffsetPlace } from '../groups/offsets/committed-offsets.ts'
import { attempt } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { offsetDelete as api } from '../wire/messages/offset-delete.ts'
import { checkGroupId } from './group-id.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

export function offsetDelete({ groups, catalog }: Services): ServedApi {
  return handler(api, {
    async handle({ groupId, topics }) {
      checkGroupId(groupId)
      const shard = await groups.shardOf(groupId)
      const group = shard.group(groupId)
      group.checkOffsetDelete()
      const meant: OffsetPlace[] = []
      const outcomes = topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => {
          const place = attempt(() => {
            if (partitionIndex < 0 || partitionIndex >= catalog.byName(name).partitionCount) throw new Refusal('UNKNOWN_TOPIC_OR_PARTITION')
            if (group.isSubscribedTo(name)) throw new Refusal('GROUP_SUBSCRIBED_TO_TOPIC')
            return { groupId, topic: name, partitionIndex }
          })
          if (!(place instanceof Refusal)) meant.push(place)
          return { partitionIndex, errorCode: place instanceof Refusal ? errorCode(place.error) : 0 }
        }),
      }))
      const isMeant = new Set(meant.map(({ topic, partitionIndex }) => `${partitionIndex} ${topic}`))
      const places = shard.offsets.places(groupId).filter(({ topic, partitionIndex }) => isMeant.has(`${partitionIndex} ${topic}`))
      await shard.offsets.change(deletions(places))
      return { errorCode: 0, topics: outcomes }
    },
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), topics: [] }),
  })
}
