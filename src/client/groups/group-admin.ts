// What an administrator asks about groups: which there are, and that some be deleted. Every broker knows those that it coordinates.

import { listGroups as listGroupsApi } from '../../wire/messages/list-groups.ts'
import { deleteGroups } from '../../wire/messages/delete-groups.ts'
import { Refusal } from '../../wire/error-codes.ts'
import { answered, refuse } from '../answers.ts'
import type { Cluster } from '../cluster.ts'
import type { Coordinators } from './coordinators.ts'
import { describeOn } from './describe-groups.ts'

export interface ListedGroup {
  readonly groupId: string
  /** `consumer`, `connect`, …; '' for a classic group that only has offsets. */
  readonly protocolType: string
  /** '' from a broker that does not say. */
  readonly state: string
  /** `classic`, `consumer`, `share`, …; '' from a broker that does not say. */
  readonly type: string
  /** null of a type that this client cannot describe. */
  readonly members: number | null
}

const DESCRIBED_AT_ONCE = 100

/** The groups that `isMeant`, by id. */
export async function listGroups(cluster: Cluster, isMeant: (group: Omit<ListedGroup, 'members'>) => boolean): Promise<ListedGroup[]> {
  const found: ListedGroup[] = []
  for (const brokerId of await cluster.brokerIds()) {
    const { errorCode, groups } = await cluster.askBroker(brokerId, listGroupsApi, { statesFilter: [], typesFilter: [] })
    refuse(errorCode)
    const meant = groups
      .map(({ groupId, protocolType, groupState, groupType }) => ({
        groupId,
        protocolType,
        state: groupState,
        type: groupType.toLowerCase(),
      }))
      .filter(isMeant)
    for (let first = 0; first < meant.length; first += DESCRIBED_AT_ONCE)
      found.push(...(await withMembers(cluster, brokerId, meant.slice(first, first + DESCRIBED_AT_ONCE))))
  }
  return found.sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
}

async function withMembers(cluster: Cluster, brokerId: number, groups: readonly Omit<ListedGroup, 'members'>[]): Promise<ListedGroup[]> {
  const described = await describeOn(
    cluster,
    brokerId,
    groups.map(({ groupId }) => groupId),
  )
  return groups.map((group) => {
    const about = described.get(group.groupId)!
    return { ...group, members: about instanceof Refusal ? null : about.members.length }
  })
}

/** With all that it has committed. Throws NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND, … */
export async function deleteGroup(coordinators: Coordinators, groupId: string): Promise<void> {
  await coordinators.ask(groupId, deleteGroups, { groupsNames: [groupId] }, ({ results }) => refuse(answered(results).errorCode))
}
