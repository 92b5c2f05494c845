// DescribeGroups v0-6: classic groups with their members and what those were assigned last; what they sent only while the group is stable.
// - Who asks for it in a tagged field of our own gets the group's history, too (v5+).
// - A group that there is not, or that is no classic one, is `Dead`, and GROUP_ID_NOT_FOUND (v6, KIP-1043).

import { ClassicGroup } from '../groups/classic/classic-group.ts'
import { describedGroup } from '../groups/classic/described-group.ts'
import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { describeGroups as api } from '../wire/messages/describe-groups.ts'
import type { Draft } from '../wire/schema.ts'
import { GROUP_OPERATIONS } from './authorized-operations.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type Described = Draft<typeof api.response>['groups'][number]
const NOT_FOUND_SINCE_VERSION = 6

export function describeGroups({ groups }: Services): ServedApi {
  const describe = async (groupId: string, apiVersion: number): Promise<Described> => {
    const group = await attemptLater(async () => (await groups.shardOf(groupId)).groups.get(groupId))
    if (group instanceof Refusal) return refused(groupId, group)
    if (group instanceof ClassicGroup) return { errorCode: 0, groupId, ...describedGroup(group.membership) }
    if (apiVersion < NOT_FOUND_SINCE_VERSION) return { ...nothingOf(groupId), groupState: 'Dead' }
    const message = group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a classic group.`
    return { ...refused(groupId, new Refusal('GROUP_ID_NOT_FOUND', message)), groupState: 'Dead' }
  }
  return handler(api, {
    async handle({ groups: groupIds, includeAuthorizedOperations, includeHistory }, { apiVersion }) {
      const described = await Promise.all(groupIds.map((groupId) => describe(groupId, apiVersion)))
      const more = ({ errorCode: code, groupId }: Described): Partial<Described> => ({
        ...(includeAuthorizedOperations && code === 0 ? { authorizedOperations: GROUP_OPERATIONS } : {}),
        ...(includeHistory ? { history: groups.history.of(groupId) } : {}),
      })
      return { groups: described.map((one) => ({ ...one, ...more(one) })) }
    },
    refuse: ({ groups: groupIds }, { error }) => ({
      groups: groupIds.map((groupId) => ({ ...nothingOf(groupId), errorCode: errorCode(error) })),
    }),
  })
}

const refused = (groupId: string, { error, message }: Refusal) => ({
  ...nothingOf(groupId),
  errorCode: errorCode(error),
  errorMessage: message,
})
const nothingOf = (groupId: string) => ({ errorCode: 0, groupId, groupState: '', protocolType: '', protocolData: '', members: [] })
