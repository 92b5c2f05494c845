// `npm run test:differential:ask`: starts a real Kafka, asks it every question, and keeps its answers in answers.jsonl. Look at what changed.
// With OTTLA_ASK_KAFKA=new only the questions that have no answer yet are asked; with another text, those that have the text in their titles.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../support/broker-process.ts'
import { startKafka } from '../support/kafka-process.ts'
import { AskedBroker, BROKER_CONFIGS } from './broker.ts'
import { cases } from './cases/all.ts'

const file = fileURLToPath(new URL('answers.jsonl', import.meta.url))
const ASKED_WITHIN_MS = 600_000
const asked = process.env['OTTLA_ASK_KAFKA']!
const titleOf = (line: string): string => (JSON.parse(line) as { title: string }).title

it(
  'asks Kafka',
  async () => {
    const kafka = await startKafka(
      temporaryFolder(),
      Object.entries(BROKER_CONFIGS).map((entry) => entry.join('=')),
    )
    const broker = await AskedBroker.prepare(kafka.bootstrap)
    const kept = new Map(
      readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => [titleOf(line), line]),
    )
    const lines: string[] = []
    for (const { title, ask } of cases) {
      const isAsked = asked === '1' || (asked === 'new' ? !kept.has(title) : title.includes(asked))
      lines.push(isAsked ? JSON.stringify({ title, answer: await ask(broker) }) : kept.get(title)!)
    }
    await kafka.stop()
    expect(lines).toHaveLength(cases.length)
    writeFileSync(file, lines.join('\n') + '\n')
  },
  ASKED_WITHIN_MS,
)
