// DeleteRecords v0-2: drops the records of partitions below an offset, durably, and answers where each begins then.
// - Offset -1 stands for the high watermark; an offset below the first one changes nothing; one above the high watermark answers OFFSET_OUT_OF_RANGE.
// - One of the broker's own topics answers INVALID_TOPIC_EXCEPTION.
// - A topic that is only compacted answers POLICY_VIOLATION: old records go when newer ones of their key come.
// - Of a partition that is named more than once the last mention counts.

import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { deleteRecords as api } from '../wire/messages/delete-records.ts'
import type { Infer } from '../wire/schema.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import { perPartition } from './per-partition.ts'
import type { Services } from './services.ts'
import { withinTimeout } from './within-timeout.ts'

type AskedTopic = Infer<typeof api.request>['topics'][number]
type AskedPartition = AskedTopic['partitions'][number]
const TIMEOUT_AT_LEAST_MS = 1000 // Kafka has done it before it looks at the time

export function deleteRecords({ catalog, records, clock, turnShare }: Services): ServedApi {
  const answer = async (name: string, { partitionIndex, offset }: AskedPartition, untilMs: number) => {
    const result = await attemptLater(() => {
      const deletion = records.deleteRecords(catalog.byName(name).id, partitionIndex, offset)
      return withinTimeout(clock, Math.max(0, untilMs - clock.monotonic()), deletion)
    })
    return result instanceof Refusal ? refused(partitionIndex, result) : { partitionIndex, lowWatermark: result, errorCode: 0 }
  }

  return handler(api, {
    async handle({ topics, timeoutMs }) {
      const untilMs = clock.monotonic() + Math.max(timeoutMs, TIMEOUT_AT_LEAST_MS)
      const asked = lastMentions(topics)
      const answers = await perPartition(asked, turnShare, ({ name }, partition) => answer(name, partition, untilMs))
      return { topics: asked.map(({ name }, index) => ({ name, partitions: answers[index]! })) }
    },
    refuse: ({ topics }, refusal) => ({
      topics: lastMentions(topics).map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => refused(partitionIndex, refusal)),
      })),
    }),
  })
}

/** Each topic and partition once. Topics without partitions are left out. */
function lastMentions(topics: readonly AskedTopic[]): AskedTopic[] {
  const byName = new Map<string, Map<number, AskedPartition>>()
  for (const { name, partitions } of topics) {
    const mentioned = byName.get(name) ?? new Map<number, AskedPartition>()
    for (const asked of partitions) mentioned.set(asked.partitionIndex, asked)
    if (mentioned.size > 0) byName.set(name, mentioned)
  }
  return [...byName].map(([name, partitions]) => ({ name, partitions: [...partitions.values()] }))
}

function refused(partitionIndex: number, { error }: Refusal) {
  return { partitionIndex, lowWatermark: -1, errorCode: errorCode(error) }
}
