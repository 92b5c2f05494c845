// DeleteTopics v1-6: deletes topics by name, or by id from v6 on.
// - A topic is gone for every client when this is answered, durably; its files go in the background after `file.delete.delay.ms`.
// - A topic that comes twice in one request is refused each time. With `delete.topic.enable` off nothing is deleted.

import type { Topic } from '../topics/catalog.ts'
import { attemptLater } from '../wire/attempt.ts'
import { errorCode, Refusal } from '../wire/error-codes.ts'
import { deleteTopics as api } from '../wire/messages/delete-topics.ts'
import type { Draft, Infer } from '../wire/schema.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

type Request = Infer<typeof api.request>
type Asked = Request['topics'][number]
type Response = Draft<typeof api.response>['responses'][number]

export function deleteTopics({ catalog, config }: Services): ServedApi {
  const find = ({ name, topicId }: Asked): Topic => {
    if (name === null) return catalog.byId(topicId)
    if (topicId !== ZERO_UUID) throw new Refusal('INVALID_REQUEST', 'a topic is named by name or by id, not by both')
    return catalog.byName(name)
  }

  const deleteOne = async (asked: Asked, all: readonly Asked[]): Promise<Response> => {
    const deleted = await attemptLater(async () => {
      if (!config['delete.topic.enable']) throw new Refusal('TOPIC_DELETION_DISABLED')
      if (all.filter(({ name, topicId }) => name === asked.name && topicId === asked.topicId).length > 1)
        throw new Refusal('INVALID_REQUEST', 'the topic is named more than once in the request')
      const topic = find(asked)
      await catalog.delete(topic)
      return topic
    })
    return deleted instanceof Refusal ? refused(asked, deleted) : { name: deleted.name, topicId: deleted.id, errorCode: 0 }
  }

  return handler(api, {
    async handle(request, { apiVersion }) {
      const asked = askedTopics(request, apiVersion)
      return { responses: await Promise.all(asked.map((topic) => deleteOne(topic, asked))) }
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
