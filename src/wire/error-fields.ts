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
    return visit && ((elements, found) => visitAll(visit, elements as readonly unknown[], found))
  }
  if (type.kind !== 'struct') return undefined
  const visits = Object.entries(type.fields).flatMap(([name, field]) => {
    const visit = name === 'errorCode' ? visitCode : visitorOf(field.type)
    return visit === undefined ? [] : [visitField(name, visit)]
  })
  return visits.length === 1
    ? visits[0]
    : visits.length === 0
      ? undefined
      : (value, found) => visits.forEach((visit) => visit(value, found))
}

function visitField(name: string, visit: Visit): Visit {
  return (value, found) => {
    const field = (value as Readonly<Record<string, unknown>>)[name]
    if (field !== undefined && field !== null) visit(field, found)
  }
}

function visitAll(visit: Visit, elements: readonly unknown[], found: (code: number) => void): void {
  for (let index = 0; index < elements.length; index++) visit(elements[index], found) // as often as a partition is answered: no iterator
}

const visitCode: Visit = (code, found) => {
  if (code !== 0) found(code as number)
}
