// Pieces of command lines that several commands share.

import { InvalidArgumentError } from 'commander'

export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

export function positive(text: string): number {
  if (wholeNumber(text) === 0) throw new InvalidArgumentError('It must be a whole number above 0.')
  return Number(text)
}

/** For an option that may be repeated: gathers name=value. */
export function collectPairs(text: string, earlier: Readonly<Record<string, string>> = {}): Record<string, string> {
  const separator = text.indexOf('=')
  if (separator < 1) throw new InvalidArgumentError('It must be name=value, as segment.bytes=104857600.')
  return { ...earlier, [text.slice(0, separator)]: text.slice(separator + 1) }
}

/** Shells make it hard to write a tab. */
export function separator(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.')
  return text.replaceAll('\\t', '\t')
}
