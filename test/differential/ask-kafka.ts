// `npm run test:differential:ask`: starts a real Kafka, asks it every question, and keeps its answers in answers.jsonl. Look at what changed.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/broker-process.ts'
import { startKafka } from '../support/kafka-process.ts'
import { AskedBroker } from './broker.ts'
import { cases } from './cases/all.ts'

it('asks Kafka', async () => {
  const kafka = await startKafka(temporaryFolder())
  const broker = await AskedBroker.prepare(kafka.bootstrap)
  const lines: string[] = []
  for (const { title, ask } of cases) lines.push(JSON.stringify({ title, answer: await ask(broker) }))
  await kafka.stop()
  expect(lines).toHaveLength(cases.length)
  writeFileSync(fileURLToPath(new URL('answers.jsonl', import.meta.url)), lines.join('\n') + '\n')
})
