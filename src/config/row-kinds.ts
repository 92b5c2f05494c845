// The kinds of rows of the config tables. A row is all that is known of one setting: parsing, limits, DescribeConfigs, flags and docs/configs.md come from it.
// A value has a typed form, which the broker uses, and a text, which is reported: a long beyond 2^53 keeps its text, its number is cut to the safe range.

export class InvalidConfig extends Error {
  override name = 'InvalidConfig'
}

export type ConfigType = 'BOOLEAN' | 'STRING' | 'INT' | 'LONG' | 'DOUBLE' | 'LIST'

export interface Parsed<T> {
  readonly value: T
  /** The value as Kafka would write it: trimmed, without a plus sign, booleans in lower case. */
  readonly text: string
}

interface RowNotes {
  readonly doc: string
  /** Of a topic or group config: the broker config that is its default. Of a topic config, the broker's row is derived from this one. */
  readonly broker?: string
  /** Of a topic config: broker configs that stand in when `broker` is not set, in this order, each with what its value is multiplied by. */
  readonly brokerInstead?: Readonly<Record<string, number>>
  /** Kept and reported, but nothing in the broker acts on it. */
  readonly stored?: true
  /** Of a broker config: can be altered while the broker runs. */
  readonly dynamic?: true
  /** Of a broker config: other names for it. */
  readonly aliases?: readonly string[]
  /** Of a broker config: its flag of `ottla start`, as `--name <value>`. */
  readonly flag?: string
}

export interface Row<T> extends RowNotes {
  readonly type: ConfigType
  readonly default: string | null
  /** What a value must be, to end the sentence "… must be". */
  readonly takes: string
  /** undefined when `text` is no such value. */
  readonly read: (text: string) => Parsed<T> | undefined
}

/** Of a topic config, whose default is the broker config `B`: its name is known to the compiler, for the options of startBroker. */
export type DefaultFrom<B extends string, T> = Row<T> & { readonly broker?: B }

export type ValueOf<R> = R extends Row<infer T> ? T : never

/** A default of null makes the value nullable. */
type OrNull<T, D> = D extends null ? T | null : T

interface NumberLimits {
  readonly atLeast?: number
  readonly atMost?: number
  /** One more value, outside the limits. */
  readonly or?: number
}

export const INT_MAX = 2 ** 31 - 1
export const LONG_MAX = '9223372036854775807'
const INT_RANGE = { low: -(2n ** 31n), high: 2n ** 31n - 1n }
const LONG_RANGE = { low: -(2n ** 63n), high: 2n ** 63n - 1n }

export function int<D extends number | null, const B extends string = never>(
  options: NumberLimits & RowNotes & { readonly default: D; readonly broker?: B },
): DefaultFrom<B, OrNull<number, D>> {
  return wholeNumber('INT', INT_RANGE, options)
}

/** A default beyond 2^53 is given as text. */
export function long<D extends number | string | null, const B extends string = never>(
  options: NumberLimits & RowNotes & { readonly default: D; readonly broker?: B },
): DefaultFrom<B, OrNull<number, D>> {
  return wholeNumber('LONG', LONG_RANGE, options)
}

function wholeNumber<T, B extends string>(
  type: 'INT' | 'LONG',
  range: { low: bigint; high: bigint },
  {
    atLeast,
    atMost,
    or,
    default: byDefault,
    ...notes
  }: NumberLimits & RowNotes & { readonly default: number | string | null; readonly broker?: B },
): DefaultFrom<B, T> {
  const low = atLeast === undefined ? range.low : BigInt(atLeast)
  const high = atMost === undefined ? range.high : BigInt(atMost)
  const read = (text: string): Parsed<T> | undefined => {
    if (!/^\s*[+-]?\d{1,40}\s*$/.test(text)) return undefined
    const exact = BigInt(text.trim().replace(/^\+/, ''))
    if ((exact < low || exact > high) && exact !== BigInt(or ?? low)) return undefined
    return { value: withinSafeRange(exact) as T, text: String(exact) }
  }
  const limits =
    atLeast === undefined && atMost === undefined ? '' : high === LONG_RANGE.high ? ` of at least ${low}` : ` from ${low} to ${high}`
  const takes = `a whole number${limits}${or === undefined ? '' : ` or ${or}`}`
  return { ...notes, type, default: byDefault === null ? null : String(byDefault), takes, read }
}

function withinSafeRange(exact: bigint): number {
  return Math.min(Math.max(Number(exact), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

/** As Java writes it: with a fraction, or an exponent. */
function textOfDouble(value: number): string {
  const text = String(value)
  if (text.includes('e')) return text.replace(/e\+?/, 'E')
  return Number.isInteger(value) ? `${text}.0` : text
}

export function double<const B extends string = never>({
  atLeast = -Number.MAX_VALUE,
  atMost = Number.MAX_VALUE,
  default: byDefault,
  ...notes
}: RowNotes & { default: number; atLeast?: number; atMost?: number; readonly broker?: B }): DefaultFrom<B, number> {
  const read = (text: string): Parsed<number> | undefined => {
    const value = text.trim() === '' ? NaN : Number(text)
    return value >= atLeast && value <= atMost ? { value, text: textOfDouble(value) } : undefined
  }
  return {
    ...notes,
    type: 'DOUBLE',
    default: textOfDouble(byDefault),
    takes: atMost === Number.MAX_VALUE ? 'a number' : `a number from ${atLeast} to ${atMost}`,
    read,
  }
}

export function boolean<const B extends string = never>({
  default: byDefault,
  only,
  ...notes
}: RowNotes & { default: boolean; only?: boolean; readonly broker?: B }): DefaultFrom<B, boolean> {
  const read = (text: string): Parsed<boolean> | undefined => {
    const lower = text.trim().toLowerCase()
    const isRead = lower === 'true' || lower === 'false'
    return isRead && (only === undefined || lower === String(only)) ? { value: lower === 'true', text: lower } : undefined
  }
  return { ...notes, type: 'BOOLEAN', default: String(byDefault), takes: only === undefined ? 'true or false' : String(only), read }
}

export function string<const T extends string, D extends T | null, const B extends string = never>({
  oneOf,
  default: byDefault,
  ...notes
}: RowNotes & { readonly default: D; readonly oneOf?: readonly T[]; readonly broker?: B }): DefaultFrom<B, OrNull<T, D>> {
  const read = (text: string): Parsed<OrNull<T, D>> | undefined => {
    const trimmed = text.trim()
    return oneOf === undefined || oneOf.some((value) => value === trimmed) ? { value: trimmed as OrNull<T, D>, text: trimmed } : undefined
  }
  return { ...notes, type: 'STRING', default: byDefault, takes: oneOf === undefined ? 'text' : `one of ${oneOf.join(', ')}`, read }
}

/** Comma-separated. Values are trimmed, repeated ones kept once; none at all is an empty list. */
export function list<const T extends string, const B extends string = never>({
  accepts,
  default: byDefault,
  takes,
  ...notes
}: RowNotes & {
  readonly default: string
  readonly takes: string
  readonly accepts: (values: readonly string[]) => boolean
  readonly broker?: B
}): DefaultFrom<B, readonly T[]> {
  const read = (text: string): Parsed<readonly T[]> | undefined => {
    const values = text.trim() === '' ? [] : text.split(',').map((value) => value.trim())
    if (values.includes('') || !accepts(values)) return undefined
    const unique = [...new Set(values)] as T[]
    return { value: unique, text: unique.join(',') }
  }
  return { ...notes, type: 'LIST', default: byDefault, takes, read }
}

interface CustomOptions<T, D> extends RowNotes {
  readonly type: ConfigType
  readonly default: D
  readonly takes: string
  /** Of a trimmed text; undefined when it is no such value. */
  readonly parse: (text: string) => T | undefined
}

export function custom<T, D extends string | null>({ parse, default: byDefault, ...rest }: CustomOptions<T, D>): Row<OrNull<T, D>> {
  const read = (text: string): Parsed<OrNull<T, D>> | undefined => {
    const value = parse(text.trim())
    return value === undefined ? undefined : { value: value as OrNull<T, D>, text: text.trim() }
  }
  return { ...rest, default: byDefault, read }
}

/** Throws InvalidConfig with a sentence that calls the setting `label`: its name, its flag or its environment variable. */
export function parseValue<T>(label: string, row: Row<T>, text: string): Parsed<T> {
  const parsed = row.read(text)
  if (parsed === undefined) throw new InvalidConfig(`${label} must be ${row.takes}, not "${shortened(text)}"`)
  return parsed
}

function shortened(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`
}
