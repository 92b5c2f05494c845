// The life of committed offsets that is cut short: commits alone and at once, over two partitions of `__consumer_offsets`, offsets and groups deleted and
// committed anew, a topic deleted and made again, compaction, expiry, a clean stop and a start.

import { type Life, LivingGroups } from './living-groups.ts'

const GROUPS = ['readers', 'writers', 'others'] // of both partitions
const UPKEEP_MS = 1200

export async function liveInGroups(life: Life): Promise<LivingGroups> {
  const groups = await LivingGroups.start(life)
  await groups.createTopic('a')
  await groups.createTopic('b')
  let offset = 0
  const commitAll = async (topic: string): Promise<void> => {
    await Promise.all(GROUPS.map((groupId) => groups.commit(groupId, topic, { 0: ++offset, 1: ++offset })))
  }
  await groups.commit('readers', 'a', { 0: ++offset })
  await commitAll('a')
  await commitAll('b')
  await Promise.all([commitAll('a'), commitAll('a'), groups.deleteOffset('readers', 'b', 0)])
  await groups.deleteTopic('b')
  await groups.createTopic('b')
  await groups.commit('writers', 'b', { 1: ++offset })
  await Promise.all([groups.deleteGroup('others'), groups.commit('readers', 'b', { 0: ++offset })])
  await groups.commit('others', 'a', { 1: ++offset })
  for (let round = 0; round < 6; round++) await commitAll('a')
  await groups.pass(UPKEEP_MS)
  await groups.restart()
  await commitAll('b')
  await groups.expire()
  await commitAll('a')
  await groups.deleteTopic('b')
  await groups.pass(UPKEEP_MS)
  return groups
}
