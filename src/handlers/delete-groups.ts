// DeleteGroups v0-2: groups without members go, durably, with all they have committed.
// - Each group by itself, and once: GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP while it has members.

import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { deleteGroups as api } from '../wire/messages/delete-groups.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

export function deleteGroups({ groups }: Services): ServedApi {
  const deleteOne = async (groupId: string) => {
    const result = await attemptLater(async () => (await groups.shardOf(groupId)).delete(groupId))
    return { groupId, errorCode: result instanceof Refusal ? errorCode(result.error) : 0 }
  }
  return handler(api, {
    async handle({ groupsNames }) {
      return { results: await Promise.all([...new Set(groupsNames)].map(deleteOne)) }
    },
    refuse: ({ groupsNames }, refusal) => ({
      results: groupsNames.map((groupId) => ({ groupId, errorCode: errorCode(refusal.error) })),
    }),
  })
}
