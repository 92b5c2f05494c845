// The same questions to Ottla and to a real Kafka, answers compared field by field. Kafka's are kept in answers.jsonl, so that nobody needs one to
// run this (ask-kafka.ts asks again). Where Ottla answers differently on purpose, deviations.jsonl says why,
// and what; it does not name what is the same.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOttla, type TestBroker } from '../support/broker-process.ts'
import { AskedBroker, BROKER_CONFIGS } from './broker.ts'
import { cases } from './cases/all.ts'

interface Answer {
  readonly title: string
  readonly answer: unknown
}

interface Deviation extends Answer {
  readonly reason: string
}

function readAnswers<A extends Answer>(name: string): Map<string, A> {
  const lines = readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8')
    .trimEnd()
    .split('\n')
  return new Map(lines.map((line) => JSON.parse(line) as A).map((each) => [each.title, each]))
}

const toJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown

describe('Ottla answers as Kafka does, or as it says it does', () => {
  let answers: Map<string, Answer>
  let deviations: Map<string, Deviation>
  let ottla: TestBroker
  let broker: AskedBroker

  beforeAll(async () => {
    answers = readAnswers('answers.jsonl')
    deviations = readAnswers('deviations.jsonl')
    ottla = await startOttla({ flags: Object.entries(BROKER_CONFIGS).flatMap(([name, value]) => ['--set', `${name}=${value}`]) })
    broker = await AskedBroker.prepare(ottla.bootstrap)
  })

  afterAll(() => ottla?.stop())

  it.each(cases.map((each) => [each.title, each] as const))('%s', async (title, { ask }) => {
    const expected = deviations.get(title) ?? answers.get(title)
    expect(expected, 'an answer to compare with').toBeDefined()
    expect(toJson(await ask(broker))).toEqual(expected!.answer)
  })

  it('asks no two questions by one title, keeps no answer to a question that is not asked, and no deviation that is none', () => {
    const asked = new Set(cases.map(({ title }) => title))
    expect(asked.size).toBe(cases.length)
    expect([...answers.keys(), ...deviations.keys()].filter((title) => !asked.has(title))).toEqual([])
    for (const { title, answer } of deviations.values()) expect({ title, answer }).not.toEqual(answers.get(title))
  })
})
