// What is asked about partitions, topic by topic: answered some hundred at once, in however many topics they are. All at once they would be a stall, and as many
// files, wherever a request names thousands; topic by topic, 10,000 topics of one partition would wait for each other.

import type { TurnShare } from '../lib/turn-share.ts'

const AT_ONCE = 256 // as many keep the disk busy; what all of them have waited for comes in one turn

/** Resolves to the answers of each topic, in the order of its partitions. Rejects with the first failure, after all. */
export async function perPartition<Topic extends { readonly partitions: readonly unknown[] }, Answer>(
  topics: readonly Topic[],
  turnShare: TurnShare,
  answer: (topic: Topic, asked: Topic['partitions'][number]) => Promise<Answer>,
): Promise<Answer[][]> {
  const all = topics.flatMap((topic) => topic.partitions.map((asked) => ({ topic, asked })))
  const answers = await turnShare.each(all, AT_ONCE, ({ topic, asked }) => answer(topic, asked))
  let first = 0
  return topics.map(({ partitions }) => answers.slice(first, (first += partitions.length)))
}
