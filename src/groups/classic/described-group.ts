// A classic group for who asks about it. What its members sent is told while it is stable: else it is about to change.

import type { describeGroups } from '../../wire/messages/describe-groups.ts'
import type { Draft } from '../../wire/schema.ts'
import { type ClassicState, metadataOf, NO_ASSIGNMENT } from './machine/classic-state.ts'

type Described = Draft<typeof describeGroups.response>['groups'][number]

export function describedGroup(state: ClassicState): Pick<Described, 'groupState' | 'protocolType' | 'protocolData' | 'members'> {
  const { name, protocolType, protocolName, members } = state
  const isStable = name === 'Stable'
  return {
    groupState: name,
    protocolType,
    protocolData: isStable ? (protocolName ?? '') : '',
    members: [...members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable ? metadataOf(member, protocolName) : NO_ASSIGNMENT,
      memberAssignment: member.assignment,
    })),
  }
}
