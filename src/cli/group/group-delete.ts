// ottla group delete

import type { Command } from 'commander'
import { Coordinators } from '../../client/groups/coordinators.ts'
import { describeGroup } from '../../client/groups/describe-groups.ts'
import { deleteGroup } from '../../client/groups/group-admin.ts'
import { Refusal } from '../../wire/error-codes.ts'
import { addBootstrapOption, type BootstrapOption, withCluster } from '../brokers.ts'
import { examples } from '../options.ts'
import { type Terminal, writeLine } from '../terminal.ts'
import { isMissing, noSuchGroup, stillHasMembers } from './groups.ts'

interface DeleteOptions extends BootstrapOption {
  readonly ifExists?: boolean
  readonly json?: boolean
}

export function addDelete(group: Command, { output }: Terminal): void {
  const command = group
    .command('delete <group...>')
    .description('delete groups that have no members, with all that they have committed')
    .option('--if-exists', 'be content when the group is not there')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('ottla group delete billing', 'ottla group delete --if-exists billing shipping'))
  addBootstrapOption(command).action(async (groupIds: string[], options: DeleteOptions) =>
    withCluster(options, async (cluster) => {
      const coordinators = new Coordinators(cluster)
      const deleted: string[] = []
      for (const groupId of groupIds) {
        const isDeleted = await deleteIfThere(coordinators, groupId, options)
        if (isDeleted) deleted.push(groupId)
        if (options.json !== true) await writeLine(output, `${isDeleted ? 'deleted' : 'did not find'} group "${groupId}"`)
      }
      if (options.json === true) await writeLine(output, JSON.stringify({ deleted }))
    }),
  )
}

async function deleteIfThere(coordinators: Coordinators, groupId: string, options: DeleteOptions): Promise<boolean> {
  try {
    await deleteGroup(coordinators, groupId)
    return true
  } catch (error) {
    if (isMissing(error) && options.ifExists === true) return false
    if (isMissing(error)) throw await noSuchGroup(coordinators.cluster, groupId, options, 'To be content with that: --if-exists')
    if (error instanceof Refusal && error.error === 'NON_EMPTY_GROUP')
      throw stillHasMembers(groupId, await describeGroup(coordinators, groupId), 'it cannot be deleted')
    throw error
  }
}
