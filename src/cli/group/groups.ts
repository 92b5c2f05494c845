// Which group a command means: the one of that name, or a failure that says which was probably meant.

import type { Cluster } from '../../client/cluster.ts'
import type { Coordinators } from '../../client/groups/coordinators.ts'
import { describeGroup, type DescribedGroup } from '../../client/groups/describe-groups.ts'
import { listGroups } from '../../client/groups/group-admin.ts'
import { closestName } from '../../config/closest-name.ts'
import { Refusal } from '../../wire/error-codes.ts'
import type { BootstrapOption } from '../brokers.ts'
import { Failure } from '../failure.ts'
import { formatCount } from '../terminal.ts'

export async function findGroup(coordinators: Coordinators, groupId: string, options: BootstrapOption): Promise<DescribedGroup> {
  try {
    return await describeGroup(coordinators, groupId)
  } catch (error) {
    throw isMissing(error) ? await noSuchGroup(coordinators.cluster, groupId, options) : error
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Refusal && error.error === 'GROUP_ID_NOT_FOUND'
}

export async function noSuchGroup(
  cluster: Cluster,
  groupId: string,
  { bootstrap }: BootstrapOption,
  advice = 'Those that are there: ottla group list',
): Promise<Failure> {
  const groups = await listGroups(cluster, () => true)
  const closest = closestName(
    groupId,
    groups.map((group) => group.groupId),
  )
  return new Failure(
    'refused',
    `there is no group "${groupId}" on ${bootstrap}. ${closest === undefined ? advice : `Did you mean "${closest}"?`}`,
  )
}

/** For what cannot be done while somebody reads. */
export function stillHasMembers(groupId: string, { state, members }: DescribedGroup, consequence: string): Failure {
  const count = members.length === 0 ? '' : ` and has ${formatCount(members.length, 'member')}`
  return new Failure(
    'refused',
    `group "${groupId}" is ${state}${count}: ${consequence}. Stop them first; who they are: ottla group describe ${groupId} --members`,
  )
}
