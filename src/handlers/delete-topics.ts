// DeleteTopics v1-6: deletes topics by name, or by id from v6 on.
// - A topic is gone for every client when this is answered, durably; its files go in the background after `file.delete.delay.ms`.
// - A topic that comes twice in one request, be it by name and by id, is refused, once. With `delete.topic.enable` off nothing is deleted.

import type { Topic } from '../topics/catalog.ts'
import { attempt, attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { deleteTopics as api } from '../wire/messages/delete-topics.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import { namedTwice } from './named-twice.ts'
import type { Services } from './services.ts'

type Request = Infer<typeof api.request>
type Asked = Request['topics'][number]
type Response = Draft<typeof api.response>['responses'][number]

export function deleteTopics({ catalog, config }: Services): ServedApi {
  const find = ({ name, topicId }: Asked): Topic => {
    if (!config['delete.topic.enable']) throw new Refusal('TOPIC_DELETION_DISABLED')
    if ((name === null) === (topicId === ZERO_UUID))
      throw new Refusal('INVALID_REQUEST', 'a topic is named by name or by id, by one of them')
    return name === null ? catalog.byId(topicId) : catalog.byName(name)
  }

  const deleteTopic = async (topic: Topic, isNamedOnce: boolean): Promise<Response> => {
    const named = { name: topic.name, topicId: topic.id }
    const refusal = await attemptLater(() => {
      if (!isNamedOnce) throw new Refusal('INVALID_REQUEST', 'the topic is named more than once in the request')
      return catalog.delete(topic)
    })
    return refusal instanceof Refusal ? refused(named, refusal) : { ...named, errorCode: 0 }
  }

  return handler(api, {
    async handle(request, { apiVersion }) {
      const found = askedTopics(request, apiVersion).map((asked) => ({ asked, topic: attempt(() => find(asked)) }))
      const twice = namedTwice(found, ({ topic }) => topic)
      const distinct = new Map(found.map(({ asked, topic }) => [topic, asked])) // every refusal is one of its own
      const responses = [...distinct].map(([topic, asked]) =>
        topic instanceof Refusal ? refused(asked, topic) : deleteTopic(topic, !twice.has(topic)),
      )
      return { responses: await Promise.all(responses.map(async (response) => response)) }
    },
    refuse: (request, refusal, { apiVersion }) => ({ responses: askedTopics(request, apiVersion).map((topic) => refused(topic, refusal)) }),
  })
}

function askedTopics({ topics, topicNames }: Request, apiVersion: number): Asked[] {
  return apiVersion >= 6 ? topics : topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
}

function refused({ name, topicId }: Asked, refusal: Refusal): Response {
  return { name, topicId, errorCode: errorCode(refusal.error), errorMessage: refusal.message }
}
