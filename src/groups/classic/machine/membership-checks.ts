// Who says to be a member of a classic group: whether it is, and what it may do now. An error, or undefined when all is well.

import type { ErrorName } from '../../../wire/error-codes.ts'
import type { Committer } from '../../group.ts'
import { type ClassicState, staticMember } from './classic-state.ts'

type Outcome = ErrorName | undefined

export function memberError(state: ClassicState, memberId: string, groupInstanceId: string | null): Outcome {
  const member = state.members.get(memberId)
  if (groupInstanceId === null || member?.groupInstanceId === groupInstanceId) return member === undefined ? 'UNKNOWN_MEMBER_ID' : undefined
  return staticMember(state, groupInstanceId) === undefined ? 'UNKNOWN_MEMBER_ID' : 'FENCED_INSTANCE_ID'
}

interface Claim {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationId: number
}

export function heartbeatError(state: ClassicState, { memberId, groupInstanceId, generationId }: Claim): Outcome {
  const error = memberError(state, memberId, groupInstanceId)
  if (error !== undefined) return error
  if (generationId !== state.generationId) return 'ILLEGAL_GENERATION'
  return state.name === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : undefined
}

interface SyncClaim extends Claim {
  readonly protocolType: string | null
  readonly protocolName: string | null
}

export function syncError(state: ClassicState, claim: SyncClaim): Outcome {
  const error = memberError(state, claim.memberId, claim.groupInstanceId)
  if (error !== undefined) return error
  if (claim.generationId !== state.generationId) return 'ILLEGAL_GENERATION'
  if (differs(claim.protocolType, state.protocolType) || differs(claim.protocolName, state.protocolName))
    return 'INCONSISTENT_GROUP_PROTOCOL'
  return state.name === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : undefined
}

/** Without a member and a generation anybody may commit for a group without members: an administrator, or a consumer that chose its partitions itself. */
export function commitError(state: ClassicState, { memberId, groupInstanceId, generationId }: Committer): Outcome {
  const isMember = generationId >= 0 || memberId !== '' || groupInstanceId !== null
  if (state.name === 'Empty' && generationId < 0) return undefined
  if (!isMember) return state.name === 'Empty' ? undefined : 'UNKNOWN_MEMBER_ID'
  const error = memberError(state, memberId, groupInstanceId)
  if (error !== undefined) return error
  if (generationId !== state.generationId) return 'ILLEGAL_GENERATION'
  return state.name === 'CompletingRebalance' ? 'REBALANCE_IN_PROGRESS' : undefined
}

/** Before version 5 clients did not say. */
function differs(theirs: string | null, ours: string | null): boolean {
  return theirs !== null && ours !== null && theirs !== ours
}
