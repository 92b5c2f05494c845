// A question to a broker, and how its answer is compared: `ask` yields it in comparable form.

import { setTimeout } from 'node:timers/promises'
import type { Api, Draft } from '../../../src/wire/schema.ts'
import type { AskedBroker } from '../broker.ts'

export interface Case {
  readonly title: string
  readonly ask: (broker: AskedBroker) => Promise<unknown>
}

/** Cases of one API and version that differ in their request only. */
export const requests = <A extends Api>(api: A, version: number, named: Readonly<Record<string, Asked<A>>>): Case[] =>
  Object.entries(named).map(([title, asked]) => ({
    title: `${api.name} v${version}: ${title}`,
    ask: (broker) => broker.ask(api, version, isFunction(asked) ? asked(broker) : asked),
  }))

type Asked<A extends Api> = Draft<A['request']> | ((broker: AskedBroker) => Draft<A['request']>)
const isFunction = <A extends Api>(asked: Asked<A>): asked is (broker: AskedBroker) => Draft<A['request']> => typeof asked === 'function'

export const UNKNOWN_ID = 'dW5rbm93biB0b3BpYyBpZA'

const SETTLED_WITHIN_MS = 5000

/** In Kafka a change is answered a moment before it is seen everywhere: asks until it is, or for a while. */
export async function eventually<T>(ask: () => Promise<T>, isThere: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + SETTLED_WITHIN_MS
  for (;;) {
    const answer = await ask()
    if (isThere(answer) || Date.now() > deadline) return answer
    await setTimeout(20)
  }
}
