// ListGroups v0-5: the groups of this broker, of some states (v4+, KIP-518) and of some types (v5, KIP-848); letters may be large or small in both.
// - Groups whose partition of `__consumer_offsets` cannot be read are left out.

import { errorCode } from '../wire/error-codes.ts'
import { listGroups as api } from '../wire/messages/list-groups.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

export function listGroups({ groups }: Services): ServedApi {
  return handler(api, {
    async handle({ statesFilter, typesFilter }) {
      const isOfState = accepting(statesFilter)
      const isOfType = accepting(typesFilter)
      const all = (await groups.all()).flatMap((shard) => [...shard.groups.values()])
      const listed = all.filter(({ state, type }) => isOfState(state) && isOfType(type))
      return {
        errorCode: 0,
        groups: listed.map(({ groupId, protocolType, state: groupState, type: groupType }) => ({
          groupId,
          protocolType,
          groupState,
          groupType,
        })),
      }
    },
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), groups: [] }),
  })
}

/** No filter accepts all. */
function accepting(filter: readonly string[]): (name: string) => boolean {
  const accepted = new Set(filter.map((name) => name.toLowerCase()))
  return (name) => accepted.size === 0 || accepted.has(name.toLowerCase())
}
