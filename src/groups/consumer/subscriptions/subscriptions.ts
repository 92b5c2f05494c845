// What the members of a group are subscribed to, as topics that exist: by name, and by regular expression.

import { createHash } from 'node:crypto'
import type { Topic } from '../../../topics/catalog.ts'
import { attempt } from '../../../wire/attempt.ts'
import { Refusal } from '../../../wire/error-codes.ts'
import type { GroupTopics } from '../../group-services.ts'
import { regexRecord, regexTombstone } from '../state/consumer-records.ts'
import type { GroupChange } from '../state/group-change.ts'
import type { ConsumerGroupState } from '../state/group-state.ts'
import type { MemberFacts } from '../state/member.ts'
import { topicsMatching } from './regular-expressions.ts'

/** The names, whether there are such topics or not. */
export function* subscribedNames({ regexes }: ConsumerGroupState, member: MemberFacts): Generator<string> {
  yield* member.subscribedTopicNames
  if (member.subscribedTopicRegex !== '') yield* regexes.get(member.subscribedTopicRegex)?.topics ?? []
}

/** By id. */
export function subscribedTopics(state: ConsumerGroupState, member: MemberFacts, topics: GroupTopics): Map<string, Topic> {
  const found = new Map<string, Topic>()
  for (const name of subscribedNames(state, member)) {
    const topic = topicNamed(name, topics)
    if (topic !== undefined) found.set(topic.id, topic)
  }
  return found
}

export function topicNamed(name: string, topics: GroupTopics): Topic | undefined {
  return topics.has(name) ? topics.byName(name) : undefined
}

export function topicWithId(id: string, topics: GroupTopics): Topic | undefined {
  const topic = attempt(() => topics.byId(id))
  return topic instanceof Refusal ? undefined : topic
}

/**
 * A number that is another when a topic that a member is subscribed to has come, gone, grown or been made anew; 0 without any. It is kept with the group epoch,
 * so that a group also notices what happened while no shard of it was in memory.
 */
export function metadataHash(state: ConsumerGroupState, topics: GroupTopics): number {
  const names = new Set<string>()
  for (const member of state.members.values()) for (const name of subscribedNames(state, member)) if (topics.has(name)) names.add(name)
  if (names.size === 0) return 0
  const hash = createHash('sha256')
  for (const name of [...names].sort()) {
    const { id, partitionCount } = topics.byName(name)
    hash.update(`${name} ${id} ${partitionCount}\n`)
  }
  return hash.digest().readUIntBE(0, 6) // what a number holds exactly
}

/** Finds the topics of regular expressions that are new, or older than the last change of the topics; forgets those that no member has any more. */
export function refreshRegexes(change: GroupChange, topics: GroupTopics, nowMs: number): void {
  const { state } = change
  const used = new Set<string>()
  for (const { subscribedTopicRegex } of state.members.values()) if (subscribedTopicRegex !== '') used.add(subscribedTopicRegex)
  for (const regex of state.regexes.keys()) if (!used.has(regex)) change.add(regexTombstone(state.groupId, regex))
  for (const regex of used) {
    const known = state.regexes.get(regex)
    if (known?.version === topics.changeCount) continue
    const matching = topicsMatching(regex, topics)
    if (known !== undefined && known.topics.length === matching.length && known.topics.every((name, place) => name === matching[place]))
      continue
    change.add(regexRecord(state.groupId, regex, { topics: matching, version: topics.changeCount, timestamp: nowMs }))
  }
}
