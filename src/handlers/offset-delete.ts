// OffsetDelete v0 (KIP-496): what a group has committed for some partitions goes, durably.
// - GROUP_ID_NOT_FOUND for an unknown group; NON_EMPTY_GROUP for one with members whose protocol is not `consumer`.
// - Each partition by itself: GROUP_SUBSCRIBED_TO_TOPIC while a member reads the topic, UNKNOWN_TOPIC_OR_PARTITION for an unknown one.

import type { Group } from '../groups/group.ts'
import { errorCode, type ErrorName } from '../wire/error-codes.ts'
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
      const meant = new Map(topics.map(({ name }) => [name, new Set<number>()]))
      const answers = topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => {
          const refusal = whyNot(catalog, group, name, partitionIndex)
          if (refusal === undefined) meant.get(name)!.add(partitionIndex)
          return { partitionIndex, errorCode: refusal === undefined ? 0 : errorCode(refusal) }
        }),
      }))
      const places = shard.offsets.places(groupId, ({ topic, partitionIndex }) => meant.get(topic)?.has(partitionIndex) === true)
      await shard.offsets.delete(places)
      return { errorCode: 0, topics: answers.filter(({ partitions }) => partitions.length > 0) }
    },
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), topics: [] }),
  })
}

function whyNot(catalog: Services['catalog'], group: Group, topic: string, partitionIndex: number): ErrorName | undefined {
  const partitionCount = catalog.has(topic) ? catalog.byName(topic).partitionCount : 0
  if (partitionIndex < 0 || partitionIndex >= partitionCount) return 'UNKNOWN_TOPIC_OR_PARTITION'
  return group.isSubscribedTo(topic) ? 'GROUP_SUBSCRIBED_TO_TOPIC' : undefined
}
