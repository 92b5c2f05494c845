// Where broker configs are set: a flag is stronger than the environment (OTTLA_ and the name, as OTTLA_LOG_SEGMENT_BYTES), which is stronger than the
// properties file. Names without a row warn and are passed over, since a file made for Kafka has many of them.

import { brokerConfigs } from './broker-configs.ts'
import { closestName } from './closest-name.ts'
import { parseProperties } from './properties.ts'
import { InvalidConfig } from './row-kinds.ts'

type NamedValues = Readonly<Record<string, string | number | boolean | undefined>>

export interface ConfigSources {
  /** A properties file: its text, and its name for what is said about it. */
  readonly file?: { readonly name: string; readonly text: string } | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Of the command line, by config name. */
  readonly flags?: NamedValues
  /** Of a program, by config name. */
  readonly options?: NamedValues
}

/** From the weakest to the strongest. */
const STRENGTHS = ['file', 'environment', 'flag', 'option'] as const

export interface Setting {
  readonly name: string
  /** What a person calls it: `--port`, `OTTLA_PORT`, `port in ottla.properties`. */
  readonly label: string
  readonly text: string
  /** Of two settings the one with the greater strength counts. */
  readonly strength: number
}

interface Mention {
  readonly label: string
  /** As it was written. */
  readonly asked: string
  /** The broker config that is meant, if there is one. */
  readonly name: string | undefined
  readonly text: string
}

/** The strongest setting of each broker config that was set at all, by its name. */
export function collectSettings({ file, env = {}, flags = {}, options = {} }: ConfigSources): {
  settings: Map<string, Setting>
  warnings: string[]
} {
  const inFile = file === undefined ? [] : [...parseProperties(file.text)]
  const inEnvironment = Object.entries(env).filter(([variable]) => variable.startsWith('OTTLA_'))
  const mentions: Readonly<Record<(typeof STRENGTHS)[number], Mention[]>> = {
    file: inFile.map(([asked, text]) => ({ label: `${asked} in ${file!.name}`, asked, name: namesByAlias.get(asked), text })),
    environment: inEnvironment.map(([asked, text = '']) => ({ label: asked, asked, name: namesByVariable.get(asked), text })),
    flag: namedMentions(flags, (asked) => flagOf(asked) ?? asked),
    option: namedMentions(options, (asked) => asked),
  }
  const settings = new Map<string, Setting>()
  const warnings: string[] = []
  for (const [strength, source] of STRENGTHS.entries()) {
    for (const { label, asked, name, text } of mentions[source]) {
      if (name === undefined) {
        warnings.push(`${label} means nothing to Ottla and is ignored${suggestion(asked)}`)
        continue
      }
      const earlier = settings.get(name)
      if (earlier?.strength === strength && earlier.text !== text) {
        throw new InvalidConfig(`${earlier.label} and ${label} are the same setting; give one of them`)
      }
      settings.set(name, { name, label, text, strength })
    }
  }
  return { settings, warnings }
}

function namedMentions(values: NamedValues, labelOf: (asked: string) => string): Mention[] {
  return Object.entries(values).flatMap(([asked, value]) =>
    value === undefined ? [] : [{ label: labelOf(asked), asked, name: namesByAlias.get(asked), text: String(value) }],
  )
}

const namesByAlias = new Map(
  [...brokerConfigs]
    .filter(([, row]) => row.stored !== true)
    .flatMap(([name, row]) => [name, ...(row.aliases ?? [])].map((alias) => [alias, name] as const)),
)
const namesByVariable = new Map([...namesByAlias].map(([alias, name]) => [environmentVariable(alias), name]))

export function environmentVariable(name: string): string {
  return `OTTLA_${name.toUpperCase().replaceAll('.', '_')}`
}

function flagOf(asked: string): string | undefined {
  return brokerConfigs.get(namesByAlias.get(asked) ?? '')?.flag?.split(' ')[0]
}

function suggestion(asked: string): string {
  const closest = closestName(asked, asked.startsWith('OTTLA_') ? namesByVariable.keys() : namesByAlias.keys())
  return closest === undefined ? '' : `; did you mean ${closest}?`
}
