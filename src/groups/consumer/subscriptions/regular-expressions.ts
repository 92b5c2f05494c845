// Regular expressions over topic names, in RE2's language: whatever a client sends, a match takes time that is linear in the name, and never backtracks.

import { RE2JS } from 're2js'
import { Refusal } from '../../../wire/error-codes.ts'
import type { GroupTopics } from '../../group-services.ts'

/** Throws INVALID_REGULAR_EXPRESSION. */
export function compileRegex(regex: string): RE2JS {
  try {
    return RE2JS.compile(regex)
  } catch (error) {
    throw new Refusal('INVALID_REGULAR_EXPRESSION', `"${regex}" is no regular expression of RE2: ${(error as Error).message}`)
  }
}

/** The topics whose whole name matches, sorted; the broker's own are left out. */
export function topicsMatching(regex: string, topics: GroupTopics): string[] {
  const compiled = compileRegex(regex)
  const names: string[] = []
  for (const { name, isInternal } of topics.topics) if (!isInternal && compiled.testExact(name)) names.push(name)
  return names.sort()
}
