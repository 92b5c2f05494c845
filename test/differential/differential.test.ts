// The same questions to Ottla and to a real Kafka, answers compared field by field. Kafka's are kept in answers.jsonl, so that nobody needs one to
// run this; `npm run test:differential:ask` starts a Kafka and asks it again. Where Ottla answers differently on purpose, deviations.jsonl says why,
// and what; it does not name what is the same.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOttla, temporaryFolder, type TestBroker } from '../support/broker-process.ts'
import { startKafka } from '../support/kafka-process.ts'
import { AskedBroker } from './broker.ts'
import { cases } from './cases/all.ts'

interface Answer {
  readonly title: string
  readonly answer: unknown
}

interface Deviation extends Answer {
  readonly reason: string
}

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

function readAnswers<A extends Answer>(name: string): Map<string, A> {
  const lines = readFileSync(pathOf(name), 'utf8').trimEnd().split('\n')
  return new Map(lines.map((line) => JSON.parse(line) as A).map((each) => [each.title, each]))
}

const toJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown

if (process.env['OTTLA_ASK_KAFKA']) describe('Kafka', askKafka)
else describe('Ottla answers as Kafka does, or as it says it does', compareOttla)

function askKafka(): void {
  it('answers every question', async () => {
    expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length)
    const kafka = await startKafka(temporaryFolder())
    const broker = await AskedBroker.prepare(kafka.bootstrap)
    const lines: string[] = []
    for (const { title, ask } of cases) lines.push(JSON.stringify({ title, answer: await ask(broker) }))
    await kafka.stop()
    writeFileSync(pathOf('answers.jsonl'), lines.join('\n') + '\n')
  })
}

function compareOttla(): void {
  let answers: Map<string, Answer>
  let deviations: Map<string, Deviation>
  let ottla: TestBroker
  let broker: AskedBroker

  beforeAll(async () => {
    answers = readAnswers('answers.jsonl')
    deviations = readAnswers('deviations.jsonl')
    ottla = await startOttla()
    broker = await AskedBroker.prepare(ottla.bootstrap)
  })

  afterAll(() => ottla?.stop())

  it.each(cases.map((each) => [each.title, each] as const))('%s', async (title, { ask }) => {
    const expected = deviations.get(title) ?? answers.get(title)
    expect(expected, 'an answer to compare with').toBeDefined()
    expect(toJson(await ask(broker))).toEqual(expected!.answer)
  })

  it('keeps no answer to a question that is not asked, and no deviation that is none', () => {
    const asked = new Set(cases.map(({ title }) => title))
    expect([...answers.keys(), ...deviations.keys()].filter((title) => !asked.has(title))).toEqual([])
    for (const { title, answer } of deviations.values()) expect({ title, answer }).not.toEqual(answers.get(title))
  })
}
