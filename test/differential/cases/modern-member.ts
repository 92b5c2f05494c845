// A member with the consumer protocol, in the story of a group that also has classic ones.

import { consumerGroupHeartbeat } from '../../../src/wire/messages/consumer-group-heartbeat.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { ClassicStory } from './classic-story.ts'

type Heartbeat = Draft<typeof consumerGroupHeartbeat.request>

export class Modern {
  readonly story: ClassicStory
  readonly memberId: string
  readonly instanceId: string | null
  epoch = 0

  constructor(story: ClassicStory, memberId = 'M', instanceId: string | null = null) {
    this.story = story
    this.memberId = memberId
    this.instanceId = instanceId
  }

  async beat(changes: Partial<Heartbeat> = {}): Promise<unknown> {
    const { story, memberId, instanceId, epoch: memberEpoch } = this
    const request = { groupId: story.groupId, memberId, instanceId, memberEpoch, ...changes }
    const answer = await story.broker.request(consumerGroupHeartbeat, 1, request)
    if (answer.errorCode === 0) this.epoch = answer.memberEpoch
    return story.broker.comparable(answer)
  }

  join(changes: Partial<Heartbeat> = {}): Promise<unknown> {
    return this.beat({ memberEpoch: 0, subscribedTopicNames: ['records'], rebalanceTimeoutMs: 60_000, topicPartitions: [], ...changes })
  }

  leave(): Promise<unknown> {
    return this.beat({ memberEpoch: -1 })
  }

  owning(...partitions: number[]): Promise<unknown> {
    return this.beat({
      topicPartitions: partitions.length === 0 ? [] : [{ topicId: this.story.broker.topicIds.get('records')!, partitions }],
    })
  }
}
