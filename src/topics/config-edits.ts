// What AlterConfigs and IncrementalAlterConfigs make of the configs that a resource has itself. Pure: texts in, texts out, or a Refusal; a change of several
// configs is taken whole or not at all.

import type { AlterableConfigs } from '../config/alterable-configs.ts'
import { InvalidConfig, parseValue } from '../config/row-kinds.ts'
import { type ErrorName, Refusal } from '../wire/error-codes.ts'

export type ConfigTexts = Readonly<Record<string, string>>

/** `badValue` is the error for what the table does not allow. Throws a Refusal. */
export type ConfigEdit = (own: ConfigTexts, table: AlterableConfigs, badValue: ErrorName) => ConfigTexts

export interface ConfigChange {
  readonly name: string
  /** Of a list, values are appended unless they are in it, and subtracted if they are. */
  readonly operation: 'set' | 'delete' | 'append' | 'subtract'
  /** Of a deletion it does not matter. */
  readonly value: string | null
}

const BYTES_MAX = 32_767 // of a text in the metadata log, as in Kafka's

/** Exactly these configs: the others go back to what is inherited. */
export function replacedBy(configs: readonly { name: string; value: string | null }[]): ConfigEdit {
  const changes = configs.map(({ name, value }): ConfigChange => ({ name, operation: 'set', value }))
  return (_own, table, badValue) => edited({}, changes, table, badValue)
}

export function changedBy(changes: readonly ConfigChange[]): ConfigEdit {
  return (own, table, badValue) => edited(own, changes, table, badValue)
}

function edited(own: ConfigTexts, changes: readonly ConfigChange[], table: AlterableConfigs, badValue: ErrorName): ConfigTexts {
  if (new Set(changes.map(({ name }) => name)).size < changes.length)
    throw new Refusal('INVALID_REQUEST', 'a config is named more than once for one resource')
  const texts = new Map(Object.entries(own))
  try {
    for (const change of changes) apply(change, texts, table)
    const result = Object.fromEntries(texts)
    table.checkTogether(result)
    return result
  } catch (error) {
    throw error instanceof InvalidConfig ? new Refusal(badValue, error.message) : error
  }
}

function apply({ name, operation, value }: ConfigChange, texts: Map<string, string>, table: AlterableConfigs): void {
  if (operation === 'delete') {
    texts.delete(name)
    return
  }
  if (value === null) throw new Refusal('INVALID_REQUEST', `config "${name}" has no value`)
  const row = table.row(name)
  if (operation !== 'set' && row.type !== 'LIST')
    throw new Refusal('INVALID_CONFIG', `${name} is no list: nothing can be appended to it or subtracted from it`)
  const text = operation === 'set' ? value : editedList(texts.get(name) ?? table.inherited(name), operation, value)
  if (Buffer.byteLength(text) > BYTES_MAX) throw new InvalidConfig(`${name} must not be longer than ${BYTES_MAX} bytes`)
  texts.set(name, parseValue(name, row, text).text)
}

function editedList(text: string, operation: 'append' | 'subtract', value: string): string {
  const [present, asked] = [text, value].map((list) => list.split(',').map((each) => each.trim())) as [string[], string[]]
  const kept = operation === 'subtract' ? present.filter((each) => !asked.includes(each)) : [...present, ...asked]
  return [...new Set(kept)].filter((each) => each !== '').join(',')
}
