// Writes the source of a decoder: one function per struct and per array, named by the path of its field, so that a profile reads like the schema.
// Nothing is allocated for a length that the bytes that are left could not hold.

import { defaultSource, fieldsOf, hasFixedSize, quoted, tagged, untagged } from './codec-source.ts'
import type { Format, NamedField } from './codec-source.ts'
import { boolAt, FIXED_SIZES, float64At, int16At, int32At, int64At, int8At, uint16At, uuidAt } from './fixed-size.ts'
import { Malformed } from './reader.ts'
import type { Reader } from './reader.ts'
import type { Field, Fields, FieldType } from './schema.ts'

const STRING_SIZE_MAX = 0x7fff // Kafka's, also where a varint could say more
const ELEMENT_COUNT_MAX = 2 ** 22 // of a whole message: small elements take much more memory than they have bytes

/** What a decoder calls besides the Reader. */
export const decoderLibrary = {
  NO_BYTES: Buffer.alloc(0),
  boolAt,
  int8At,
  int16At,
  uint16At,
  int32At,
  int64At,
  float64At,
  uuidAt,
  skipTaggedFields,

  present(size: number, path: string): number {
    if (size < 0) throw new Malformed(`${path} is null`)
    return size
  },

  string(reader: Reader, size: number, path: string): string {
    if (size < 0) throw new Malformed(`${path} is null`)
    if (size > STRING_SIZE_MAX) throw new Malformed(`${path} is ${size} bytes long`)
    const text = reader.string(size)
    // Each byte that is not UTF-8 has become three, and the answer may have to hold the same string.
    if (size > STRING_SIZE_MAX / 3 && Buffer.byteLength(text) > STRING_SIZE_MAX) throw new Malformed(`${path} is too long, made UTF-8`)
    return text
  },

  /** Negative when the array is null. */
  arrayCount(reader: Reader, count: number, elementSizeMin: number, path: string): number {
    if (count < 0) return count
    reader.elementCount += count
    if (count * elementSizeMin > reader.remaining || reader.elementCount > ELEMENT_COUNT_MAX)
      throw new Malformed(`${path} has ${count} elements, and ${reader.remaining} bytes are left`)
    return count
  },

  /** A tagged field must be as long as it says: its reader may know less of it than its writer, but not more. */
  checkEnd(reader: Reader, end: number, path: string): void {
    if (reader.position !== end) throw new Malformed(`a tagged field of ${path} is not as long as it says`)
  },
}

/** Passes over tagged fields of which none is known here. */
export function skipTaggedFields(reader: Reader): void {
  for (let left = reader.unsignedVarint(); left > 0; left--) {
    reader.unsignedVarint()
    reader.skip(reader.unsignedVarint())
  }
}

/** Declarations of functions; the one called `path` takes a Reader and answers the value of `root`. */
export function decoderSource(path: string, root: Field, format: Format): string {
  const functions: string[] = []

  /** An expression that reads a value. */
  function read(type: FieldType, path: string, isNullable: boolean): string {
    if (hasFixedSize(type)) return `reader.${type.kind}()`
    switch (type.kind) {
      case 'struct':
        functions.push(structFunction(type.fields, path, format, read))
        return isNullable ? `reader.int8() < 0 ? null : ${path}(reader)` : `${path}(reader)`
      case 'array': {
        const element = read(type.element, path, false)
        functions.push(arrayFunction(element, minimumSize(type.element, format), path, format, isNullable))
        return `${path}_array(reader)`
      }
      case 'string': {
        const size = format.isFlexible ? 'reader.unsignedVarint() - 1' : 'reader.int16()'
        if (isNullable) return `(size = ${size}) < 0 ? null : string(reader, size, ${quoted(path)})`
        return `string(reader, ${size}, ${quoted(path)})`
      }
      case 'bytes':
      case 'records': {
        const size = format.isFlexible ? 'reader.unsignedVarint() - 1' : 'reader.int32()'
        if (isNullable) return `(size = ${size}) < 0 ? null : reader.bytes(size)`
        return `reader.bytes(present(${size}, ${quoted(path)}))`
      }
    }
  }

  read(root.type, path, false)
  return functions.join('\n')
}

type Read = (type: FieldType, path: string, isNullable: boolean) => string

function structFunction(struct: Fields, path: string, format: Format, read: Read): string {
  const fields = fieldsOf(struct, format)
  const reading = (field: NamedField): string => read(field.type, `${path}_${field.name}`, field.isNullable)
  const known = tagged(fields)
  const readingTagged = (field: NamedField): string => {
    if (field.type.kind !== 'struct' || !field.isNullable) return reading(field)
    return `reader.int8() <= 0 ? null : ${read(field.type, `${path}_${field.name}`, false)}` // a struct that is null is 0 here, and -1 everywhere else
  }
  const members = fields.map((field) => `${field.name}: ${field.isPresent ? field.variable : defaultSource(field)}`)
  return `function ${path}(reader) {
    const { buffer } = reader
    let at, size
    ${readInOrder(untagged(fields), reading)}
    ${known.map((field) => `let ${field.variable} = ${defaultSource(field)}`).join('\n')}
    ${format.isFlexible ? taggedLoop(known, path, readingTagged) : ''}
    return { ${members.join(', ')} }
  }`
}

/** Neighbours of fixed size are checked for together, which halves the time that they take. */
function readInOrder(fields: readonly NamedField[], reading: (field: NamedField) => string): string {
  const lines: string[] = []
  let run: string[] = []
  let runSize = 0
  const endRun = (): void => {
    if (runSize > 0) lines.push(`at = reader.skip(${runSize})`, ...run)
    run = []
    runSize = 0
  }
  for (const field of fields) {
    if (hasFixedSize(field.type)) {
      run.push(`const ${field.variable} = ${field.type.kind}At(buffer, at + ${runSize})`)
      runSize += FIXED_SIZES[field.type.kind]
    } else {
      endRun()
      lines.push(`const ${field.variable} = ${reading(field)}`)
    }
  }
  endRun()
  return lines.join('\n')
}

function taggedLoop(known: readonly (NamedField & { tag: number })[], path: string, reading: (field: NamedField) => string): string {
  if (known.length === 0) return 'skipTaggedFields(reader)'
  return `for (let left = reader.unsignedVarint(); left > 0; left--) {
      const tag = reader.unsignedVarint()
      const taggedSize = reader.unsignedVarint()
      const end = reader.position + taggedSize
      switch (tag) {
        ${known.map((field) => `case ${field.tag}: ${field.variable} = ${reading(field)}; break`).join('\n')}
        default: reader.skip(taggedSize)
      }
      checkEnd(reader, end, ${quoted(path)})
    }`
}

function arrayFunction(element: string, elementSizeMin: number, path: string, format: Format, isNullable: boolean): string {
  const count = format.isFlexible ? 'reader.unsignedVarint() - 1' : 'reader.int32()'
  const checked = `arrayCount(reader, ${count}, ${Math.max(1, elementSizeMin)}, ${quoted(path)})`
  return `function ${path}_array(reader) {
    let size
    const count = ${isNullable ? checked : `present(${checked}, ${quoted(path)})`}
    ${isNullable ? 'if (count < 0) return null' : ''}
    const list = []
    for (let index = 0; index < count; index++) list.push(${element})
    return list
  }`
}

/** The fewest bytes that a value of the type can take. */
function minimumSize(type: FieldType, format: Format): number {
  if (hasFixedSize(type)) return FIXED_SIZES[type.kind]
  switch (type.kind) {
    case 'struct': {
      const sizes = untagged(fieldsOf(type.fields, format)).map((field) =>
        field.isNullable && field.type.kind === 'struct' ? 1 : minimumSize(field.type, format),
      )
      return sizes.reduce((sum, size) => sum + size, format.isFlexible ? 1 : 0)
    }
    case 'string':
      return format.isFlexible ? 1 : 2
    case 'array':
    case 'bytes':
    case 'records':
      return format.isFlexible ? 1 : 4
  }
}
