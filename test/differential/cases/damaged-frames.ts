// Requests that were damaged: which of them close the connection, and what the others answer. The frames were made once, by the fuzzer's mutations of Kafka's own
// messages and of well-formed requests about the topic "damaged" (test/fuzz/random-frames.ts), and are kept as data.

import { readFileSync } from 'node:fs'
import { decodeResponse } from '../../../src/wire/frame.ts'
import { apisByKey } from '../../../src/wire/messages/all.ts'
import { apiVersions } from '../../../src/wire/messages/api-versions.ts'
import { Reader } from '../../../src/wire/reader.ts'
import type { AskedBroker } from '../broker.ts'
import type { Case } from './case.ts'

interface DamagedFrame {
  readonly title: string
  readonly hex: string
}

const frames = readFileSync(new URL('../damaged-frames.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as DamagedFrame)

const SIZE_BYTES = 4
const TOPIC = 'damaged'

async function answerTo(frame: Buffer, broker: AskedBroker): Promise<unknown> {
  await broker.makeTopic(TOPIC)
  const answer = await broker.exchange(frame)
  if (typeof answer === 'string') return answer
  const api = apisByKey.get(frame.readInt16BE(SIZE_BYTES))!
  const version = frame.readInt16BE(SIZE_BYTES + 2)
  const isOtherVersion = api.key === apiVersions.key && (version < api.minVersion || version > api.maxVersion)
  const { response } = decodeResponse(api, isOtherVersion ? api.minVersion : version, new Reader(answer))
  if (api.key === apiVersions.key) return broker.comparable({ errorCode: (response as { errorCode: number }).errorCode })
  return broker.comparable(response)
}

export const damagedFrames: Case[] = frames.map(({ title, hex }) => ({
  title: `Damaged: ${title}`,
  ask: (broker) => answerTo(Buffer.from(hex, 'hex'), broker),
}))
