// The same questions to Ottla and to a real Kafka, answers compared field by field. Kafka's are kept in answers.jsonl, so that nobody needs one to
// run this; `npm run test:differential:ask` starts a Kafka and asks it again. Where Ottla answers differently on purpose, deviations.ts says why.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOttla, temporaryFolder, type TestBroker } from '../support/broker-process.ts'
import { startKafka } from '../support/kafka-process.ts'
import { AskedBroker } from './broker.ts'
import { cases } from './cases/all.ts'
import { deviations } from './deviations.ts'

const ANSWERS = fileURLToPath(new URL('answers.jsonl', import.meta.url))
const asksKafka = process.env['OTTLA_ASK_KAFKA'] !== undefined
const kafkaAnswers = new Map(asksKafka ? [] : readAnswers())

let started: TestBroker
let broker: AskedBroker

beforeAll(async () => {
  started = asksKafka ? await startKafka(temporaryFolder()) : await startOttla()
  broker = await AskedBroker.prepare(started.bootstrap)
})

afterAll(() => started?.stop())

if (asksKafka) {
  it('asks Kafka every question, and keeps its answers', async () => {
    expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length)
    const lines: string[] = []
    for (const { title, ask } of cases) lines.push(JSON.stringify({ title, answer: await ask(broker) }))
    writeFileSync(ANSWERS, lines.join('\n') + '\n')
  })
} else {
  describe('Ottla answers as Kafka does', () => {
    it.each(cases.filter(({ title }) => !(title in deviations)).map((each) => [each.title, each] as const))(
      '%s',
      async (title, { ask }) => {
        expect(kafkaAnswers.keys()).toContain(title)
        expect(toJson(await ask(broker))).toEqual(kafkaAnswers.get(title))
      },
    )
  })

  describe('Ottla differs from Kafka on purpose', () => {
    it.each(Object.entries(deviations))('%s', async (title, { answer }) => {
      const asked = cases.find((each) => each.title === title)
      expect(asked, 'the case').toBeDefined()
      const given = toJson(await asked!.ask(broker))
      expect(given).toEqual(answer)
      expect(given, 'no deviation any more').not.toEqual(kafkaAnswers.get(title))
    })
  })
}

function readAnswers(): [title: string, answer: unknown][] {
  const lines = readFileSync(ANSWERS, 'utf8').trimEnd().split('\n')
  return lines.map((line) => {
    const { title, answer } = JSON.parse(line) as { title: string; answer: unknown }
    return [title, answer]
  })
}

const toJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown
