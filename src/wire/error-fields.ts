// The error codes of a response, wherever its schema has an `errorCode`: for counting them without knowing the API.

import type { Field, FieldType } from './schema.ts'

type Visit = (value: unknown, found: (code: number) => void) => void

/** Calls `found` with every error code of a response that is not 0. */
export function errorFields(response: Field): (response: object, found: (code: number) => void) => void {
  return visitorOf(response.type) ?? ((): void => undefined)
}

/** undefined for a type that holds none. */
function visitorOf(type: FieldType): Visit | undefined {
  if (type.kind === 'array') {
    const visit = visitorOf(type.element)
    return visit && ((elements, found) => (elements as readonly unknown[]).forEach((element) => visit(element, found)))
  }
  if (type.kind !== 'struct') return undefined
  const inner = Object.entries(type.fields).flatMap(([name, field]) => {
    const visit = name === 'errorCode' ? visitCode : visitorOf(field.type)
    return visit === undefined ? [] : [{ name, visit }]
  })
  if (inner.length === 0) return undefined
  return (value, found) => {
    for (const { name, visit } of inner) {
      const field = (value as Readonly<Record<string, unknown>>)[name]
      if (field !== undefined && field !== null) visit(field, found)
    }
  }
}

const visitCode: Visit = (code, found) => {
  if (code !== 0) found(code as number)
}
