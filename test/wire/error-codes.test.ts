import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorCode, errorName, isRetriable, Refusal } from '../../src/wire/error-codes.ts'
import type { ErrorName } from '../../src/wire/error-codes.ts'

const kafkaErrors = JSON.parse(readFileSync(new URL('data/errors.json', import.meta.url), 'utf8')) as {
  name: ErrorName
  code: number
  retriable: boolean
}[]

describe('the error codes', () => {
  it("are Kafka's, each with its name and whether it can be tried again", () => {
    const ours = kafkaErrors.map(({ name }) => ({ name, code: errorCode(name), retriable: isRetriable(name) }))
    expect(ours).toEqual(kafkaErrors)
    expect(kafkaErrors.map(({ code }) => errorName(code))).toEqual(kafkaErrors.map(({ name }) => name))
  })

  it('that are unknown, from a newer broker, count as UNKNOWN_SERVER_ERROR', () => {
    expect(errorName(9999)).toBe('UNKNOWN_SERVER_ERROR')
  })

  it('come with a sentence each', () => {
    const sentences = kafkaErrors.map(({ name }) => new Refusal(name).message)
    expect(sentences.filter((sentence) => !/^[a-zA-Z].{5,90}[^.]$/.test(sentence))).toEqual([])
    expect(new Set(sentences).size).toBe(kafkaErrors.length)
  })
})

describe('a refusal', () => {
  it("says the error and, where there is nothing better, the error's sentence", () => {
    expect(new Refusal('UNKNOWN_TOPIC_OR_PARTITION')).toMatchObject({
      error: 'UNKNOWN_TOPIC_OR_PARTITION',
      message: 'there is no such topic or partition',
    })
    expect(new Refusal('INVALID_CONFIG', 'segment.bytes is too small')).toMatchObject({
      error: 'INVALID_CONFIG',
      message: 'segment.bytes is too small',
    })
    expect(new Refusal('NONE')).toBeInstanceOf(Error)
  })

  it('has no stack, and leaves other errors theirs', () => {
    expect(new Refusal('NONE').stack).not.toContain(' at ')
    expect(new Error('a bug').stack).toContain('error-codes.test')
  })
})

describe('the sentence of a refusal', () => {
  it('is cut when it quotes more than an answer can hold', () => {
    const name = 'x'.repeat(32_767)
    expect(new Refusal('INVALID_REQUEST', `topic "${name}" is named twice`).message).toMatch(/^topic "x{900,}…$/)
    expect(new Refusal('INVALID_REQUEST', 'topic "x" is named twice').message).toBe('topic "x" is named twice')
  })
})
