// What is fuzzed: a target makes an input from random numbers and tries it. Making and trying are apart, so that an input that once failed can be kept, as a
// line of kept.jsonl, and tried again by itself.

import type { Random } from '../support/random.ts'

export interface Target<Input = unknown> {
  readonly name: string
  /** Of the rounds, how many are this target's, in proportion to the others. */
  readonly weight: number
  make(random: Random): Input
  /** Throws, or rejects, when something was found. */
  try(input: Input): void | Promise<void>
  /** How many frames, or inputs of a decoder, one round is. */
  frameCount?(input: Input): number
}

export const target = <Input>(definition: Target<Input>): Target => definition

/** An input as JSON, its buffers as hex. */
export function toKept(input: unknown): string {
  return JSON.stringify(input, (_, value: unknown) => {
    const isBuffer = typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer'
    return isBuffer ? { hex: toHex(Buffer.from((value as { data: number[] }).data)) } : value
  })
}

export function fromKept(json: string): unknown {
  return JSON.parse(json, (_, value: unknown) => {
    const hex = typeof value === 'object' && value !== null ? (value as { hex?: unknown }).hex : undefined
    return typeof hex === 'string' ? fromHex(hex) : value
  }) as unknown
}

/** Words of hex; `ff*9` is nine times ff. */
function toHex(bytes: Buffer): string {
  const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex')
  return bytes
    .toString('latin1')
    .replaceAll(/(.)\1{15,}|./gs, (part, repeated?: string) => (repeated === undefined ? hex(part) : ` ${hex(repeated)}*${part.length} `))
}

function fromHex(text: string): Buffer {
  const words = text.split(' ').map((word) => word.split('*') as [string, string?])
  return Buffer.concat(words.map(([hex, times = '1']) => Buffer.from(hex.repeat(Number(times)), 'hex')))
}
