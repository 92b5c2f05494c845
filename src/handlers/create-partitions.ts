// CreatePartitions v0-3: gives topics more partitions, each by itself: one that is refused does not hold up the others.
// - The count is the new total. The same or a lower one answers INVALID_PARTITIONS; records stay in the partitions where they are.
// - A name that comes twice in one request is refused, once. With validateOnly nothing is changed.
// - A timeout of 0 or less answers REQUEST_TIMED_OUT, and nothing is changed.
// Differs from Kafka: the topics of a request become durable together, with one sync. More than 10,000 new partitions answer POLICY_VIOLATION (Kafka:
// UNKNOWN_SERVER_ERROR). The broker's own topics keep the count that they were made with (INVALID_PARTITIONS): after a restart Kafka would look for groups in
// other partitions than those where they are.

import type { Topic } from '../topics/catalog.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { createPartitions as api } from '../wire/messages/create-partitions.ts'
import type { Draft } from '../wire/schema.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import { namedTwice } from './named-twice.ts'
import type { Services } from './services.ts'
import { withinTimeout } from './within-timeout.ts'

type Result = Draft<typeof api.response>['results'][number]

export function createPartitions({ catalog, clock }: Services): ServedApi {
  return handler(api, {
    async handle({ topics, timeoutMs, validateOnly }) {
      if (timeoutMs <= 0) throw new Refusal('REQUEST_TIMED_OUT', 'the timeout of the request is over before it has begun')
      const twins = namedTwice(topics, ({ name }) => name)
      const asked = topics.filter(({ name }) => !twins.has(name))
      const grown = asked.map(({ name, count, assignments }) => ({ name, partitionCount: count, assignments }))
      const results = await withinTimeout(clock, timeoutMs, catalog.createPartitions(grown, validateOnly))
      return {
        results: [
          ...[...twins].map((name) =>
            resultOf(name, new Refusal('INVALID_REQUEST', `topic "${name}" is named more than once in the request`)),
          ),
          ...asked.map(({ name }, index) => resultOf(name, results[index]!)),
        ],
      }
    },
    refuse: ({ topics }, refusal) => ({ results: topics.map(({ name }) => resultOf(name, refusal)) }),
  })
}

function resultOf(name: string, result: Topic | Refusal): Result {
  if (result instanceof Refusal) return { name, errorCode: errorCode(result.error), errorMessage: result.message }
  return { name, errorCode: 0 }
}
