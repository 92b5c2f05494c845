// A group's id is any text but none.

import { Refusal } from '../wire/error-codes.ts'

/** Throws INVALID_GROUP_ID. */
export function checkGroupId(groupId: string): void {
  if (groupId === '') throw new Refusal('INVALID_GROUP_ID', 'a group must have a name')
}
