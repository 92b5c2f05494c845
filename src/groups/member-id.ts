// The id that the broker gives to somebody new in a group who speaks the classic protocol: what it calls itself, for people, and what makes it unlike any other.

import { clipped } from '../lib/clipped.ts'

const NAME_LENGTH_MAX = 1000 // with it and a random id, a member's id is still a string of the protocol

export function newMemberId(groupInstanceId: string | null, clientId: string, randomId: () => string): string {
  return `${clipped(groupInstanceId ?? clientId, NAME_LENGTH_MAX)}-${randomId()}`
}
