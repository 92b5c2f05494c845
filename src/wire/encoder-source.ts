// Writes the source of an encoder: one function per struct and per array, named by the path of its field. What a draft leaves out is written as its
// default; a null where the version has none, or a required field that is missing, is a bug of ours and named by its path.
//
// An encoder in steps is a generator: it stops after every few elements of the message's own arrays, and of the arrays in these, so that a long message need
// not be written in one go.

import { AssertionFailed } from '../lib/assert.ts'
import { defaultSource, fieldsOf, hasFixedSize, quoted, tagged, untagged } from './codec-source.ts'
import type { Format, NamedField } from './codec-source.ts'
import type { Field, Fields, FieldType } from './schema.ts'
import type { Writer } from './writer.ts'

/** What an encoder calls besides the Writer. */
export const encoderLibrary = {
  NO_BYTES: Buffer.alloc(0),

  missing(path: string): never {
    throw new AssertionFailed(`${path} is missing`)
  },

  sizeOf(chunks: Buffer | readonly Buffer[]): number {
    if (Buffer.isBuffer(chunks)) return chunks.length
    let size = 0
    for (const chunk of chunks) size += chunk.length
    return size
  },

  writeChunks(writer: Writer, chunks: Buffer | readonly Buffer[]): void {
    if (Buffer.isBuffer(chunks)) writer.bytes(chunks)
    else for (const chunk of chunks) writer.bytes(chunk)
  },
}

const STEP_LEVELS = 4 // the message, its arrays, what is in them, and the arrays of that
const ELEMENTS_PER_STEP = 16 // of up to 10 KB: configs of a topic, with documentation
const SHORT_ARRAY = 100

/** Declarations of functions; the one called `path` takes a Writer and a draft of `root`. */
export function encoderSource(path: string, root: Field, format: Format, { isInSteps = false } = {}): string {
  const functions: string[] = []

  /** Statements that write what `value` evaluates to; `levels` is how many of them are written in steps. */
  function write(type: FieldType, value: string, path: string, isNullable: boolean, levels: number): string {
    if (isNullable) {
      const mark = type.kind === 'struct' ? 'writer.int8(1); ' : ''
      return `if (${value} === null) ${writeNull(type, format)}\nelse { ${mark}${write(type, value, path, false, levels)} }`
    }
    if (hasFixedSize(type)) return `writer.${type.kind}(${value})`
    const call = levels > 0 ? `yield* ${path}` : path
    switch (type.kind) {
      case 'struct':
        functions.push(structFunction(type.fields, path, format, levels, write))
        return `${call}(writer, ${value})`
      case 'array':
        functions.push(arrayFunction(write(type.element, 'list[index]', path, false, levels - 1), path, format, levels))
        return `${call}_array(writer, ${value})`
      case 'string':
        return format.isFlexible ? `writer.compactString(${value})` : `writer.string(${value})`
      case 'bytes':
      case 'records':
        return `${writeCount(`sizeOf(${value})`, format)}; writeChunks(writer, ${value})`
    }
  }

  write(root.type, 'value', path, false, isInSteps ? STEP_LEVELS : 0)
  return functions.join('\n')
}

/** An expression that is true of a draft `value` that had better be written in steps. */
export function isLongSource(root: Field, format: Format): string {
  const counts = arraysOf(root.type, format).map(({ name, type }) => {
    const inner = arraysOf(type.element, format).map((array) => ` + (one.${array.name}?.length ?? 0)`)
    return inner.length === 0
      ? `(value.${name}?.length ?? 0)`
      : `(value.${name}?.reduce((count, one) => count + 1${inner.join('')}, 0) ?? 0)`
  })
  return counts.length === 0 ? 'false' : `${counts.join(' + ')} > ${SHORT_ARRAY}`
}

function arraysOf(type: FieldType, format: Format): (NamedField & { type: FieldType & { kind: 'array' } })[] {
  if (type.kind !== 'struct') return []
  return untagged(fieldsOf(type.fields, format)).flatMap((field) => (field.type.kind === 'array' ? [{ ...field, type: field.type }] : []))
}

type Write = (type: FieldType, value: string, path: string, isNullable: boolean, levels: number) => string

const functionWord = (levels: number): string => (levels > 0 ? 'function*' : 'function')

const writeCount = (count: string, { isFlexible }: Format): string =>
  isFlexible ? `writer.unsignedVarint(${count} + 1)` : `writer.int32(${count})`

function writeNull(type: FieldType, { isFlexible }: Format): string {
  if (type.kind === 'struct') return 'writer.int8(-1)'
  if (isFlexible) return 'writer.unsignedVarint(0)'
  return type.kind === 'string' ? 'writer.int16(-1)' : 'writer.int32(-1)'
}

function arrayFunction(writeElement: string, path: string, format: Format, levels: number): string {
  const stop = levels > 0 ? `\nif (index % ${ELEMENTS_PER_STEP} === ${ELEMENTS_PER_STEP - 1}) yield` : ''
  return `${functionWord(levels)} ${path}_array(writer, list) {
    ${writeCount('list.length', format)}
    for (let index = 0; index < list.length; index++) { ${writeElement}${stop} }
  }`
}

function structFunction(members: Fields, path: string, format: Format, levels: number, write: Write): string {
  const fields = fieldsOf(members, format)
  const declaration = (field: NamedField): string => `const ${field.variable} = ${valueSource(field, `${path}_${field.name}`)}`
  const writing = (field: NamedField): string => write(field.type, field.variable, `${path}_${field.name}`, field.isNullable, levels - 1)
  const writingTagged = (field: NamedField): string => {
    if (field.type.kind !== 'struct' || !field.isNullable) return writing(field)
    return `if (${field.variable} === null) writer.int8(0)\nelse { ${writing(field)} }` // a struct that is null is 0 here, and -1 everywhere else
  }
  const lines = untagged(fields).map((field) => `${declaration(field)}\n${writing(field)}`)
  if (format.isFlexible) {
    const known = tagged(fields)
    for (const field of known) lines.push(declaration(field), `const has${field.variable} = !(${isDefault(field, field.variable, format)})`)
    lines.push(`writer.unsignedVarint(${['0', ...known.map((field) => `(has${field.variable} ? 1 : 0)`)].join(' + ')})`)
    for (const field of known) {
      const section = `const section = writer.openSection()\n${writingTagged(field)}\nwriter.closeSection(section)`
      lines.push(`if (has${field.variable}) { writer.unsignedVarint(${field.tag})\n${section} }`)
    }
  }
  return `${functionWord(levels)} ${path}(writer, value) {\n${lines.join('\n')}\n}`
}

/** An expression for the value that the draft `value` gives a field. */
function valueSource(field: NamedField, path: string): string {
  const given = `value.${field.name}`
  const missing = `missing(${quoted(path)})`
  const checked = field.isNullable ? given : `${given} ?? ${missing}`
  if (field.isOptional) return `${given} === undefined ? ${defaultSource(field)} : ${checked}`
  return field.isNullable ? `${given} === undefined ? ${missing} : ${given}` : checked
}

/** An expression that is true when `value`, of the field's type, is what a decoder assumes when it finds nothing. */
function isDefault(field: NamedField, value: string, format: Format): string {
  if (field.options.defaultValue !== undefined) return `${value} === ${defaultSource(field)}`
  const conditions = field.isNullable ? [`${value} !== null`] : []
  const { type } = field
  if (type.kind === 'struct') {
    const members = fieldsOf(type.fields, format).filter((member) => member.isPresent)
    for (const member of members) {
      const given = `${value}.${member.name}`
      conditions.push(`(${member.isOptional ? `${given} === undefined || ` : ''}${isDefault(member, given, format)})`)
    }
  } else if (type.kind === 'array' || type.kind === 'bytes') conditions.push(`${value}.length === 0`)
  else conditions.push(`${value} === ${defaultSource(field)}`)
  return ['true', ...conditions].join(' && ')
}
