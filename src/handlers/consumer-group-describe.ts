// ConsumerGroupDescribe v0-1: groups of the consumer protocol (KIP-848) with their members, what each has and what it is to have.
// - Each group by itself: GROUP_ID_NOT_FOUND, also for a group of another kind.
// - Version 1 tells which members speak the classic protocol.
// - Who asks for it in a tagged field of our own gets the group's history, too.

import { ConsumerGroup } from '../groups/consumer/consumer-group.ts'
import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { consumerGroupDescribe as api } from '../wire/messages/consumer-group-describe.ts'
import type { Draft } from '../wire/schema.ts'
import { GROUP_OPERATIONS } from './authorized-operations.ts'
import { checkConsumerProtocol } from './consumer-protocol.ts'
import { checkGroupId } from './group-id.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type Described = Draft<typeof api.response>['groups'][number]

export function consumerGroupDescribe({ groups, config }: Services): ServedApi {
  const describe = async (groupId: string): Promise<Described> => {
    const described = await attemptLater(async () => {
      checkGroupId(groupId)
      const group = await groups.group(groupId)
      if (!(group instanceof ConsumerGroup)) throw new Refusal('GROUP_ID_NOT_FOUND', `group ${groupId} is of the classic protocol`)
      return group.describe()
    })
    return described instanceof Refusal ? refused(groupId, described) : { errorCode: 0, ...described }
  }
  return handler(api, {
    async handle({ groupIds, includeAuthorizedOperations, includeHistory }) {
      checkConsumerProtocol(config)
      const described = await Promise.all(namelessFirst(groupIds).map(describe))
      const more = ({ errorCode: code, groupId }: Described): Partial<Described> => ({
        ...(includeAuthorizedOperations && code === 0 ? { authorizedOperations: GROUP_OPERATIONS } : {}),
        ...(includeHistory ? { history: groups.history.of(groupId) } : {}),
      })
      return { groups: described.map((one) => ({ ...one, ...more(one) })) }
    },
    refuse: ({ groupIds }, refusal) => ({ groups: groupIds.map((groupId) => refused(groupId, refusal)) }),
  })
}

/** As Kafka has them. */
const namelessFirst = (groupIds: readonly string[]): string[] => groupIds.toSorted((a, b) => Number(b === '') - Number(a === ''))

function refused(groupId: string, refusal: Refusal): Described {
  const nothing = { groupState: '', groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [] }
  return { errorCode: errorCode(refusal.error), errorMessage: refusal.message, groupId, ...nothing }
}
