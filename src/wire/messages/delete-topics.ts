// DeleteTopics: by name up to version 5, by name or id from 6 on (KIP-516).

import { array, defineApi, int16, int32, string, struct, uuid } from '../schema.ts'

export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: '1-6',
  flexible: '4+',
  request: struct({
    topics: array(struct({ name: string.nullable().default(null), topicId: uuid })).versions('6+'),
    topicNames: array(string).versions('0-5'),
    timeoutMs: int32,
  }),
  response: struct({
    throttleTimeMs: int32.default(0),
    responses: array(
      struct({
        name: string.nullable('6+'),
        topicId: uuid.versions('6+'),
        errorCode: int16,
        errorMessage: string.versions('5+').nullable().default(null),
      }),
    ),
  }),
})
