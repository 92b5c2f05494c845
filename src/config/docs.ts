// docs/configs.md, from the tables.

import { brokerConfigs } from './broker-configs.ts'
import { groupConfigs } from './group-configs.ts'
import type { Row } from './row-kinds.ts'
import { environmentVariable } from './settings.ts'
import { topicConfigs } from './topic-configs.ts'

export function configsMarkdown(): string {
  const stored = Object.entries<Row<unknown>>(topicConfigs).filter(([, row]) => row.stored === true)
  const honoured = Object.entries<Row<unknown>>(topicConfigs).filter(([, row]) => row.stored !== true)
  return `# Configs

Names, types, defaults and limits are Kafka's, but for a few that are Ottla's own: \`durability\`, \`durability.interval.ms\`, \`host\`, \`port\`, \`log.level\`, \`log.format\`,
\`max.decompressed.batch.bytes\`, \`min.free.bytes\`, \`journal.max.bytes\`, \`journal.checkpoint.interval.ms\`.

## Broker configs

A broker config is set, from the strongest to the weakest, by

1. a flag of \`ottla start\`: those in the table, or \`--set name=value\` for any of them;
2. the environment: \`OTTLA_\` and the name in capitals, as \`${environmentVariable('log.segment.bytes')}\`;
3. a properties file, \`ottla start --config FILE\`, with Kafka's syntax. Names without a meaning here warn and are ignored, so Kafka's own \`server.properties\` works.

Those marked as alterable can be altered while the broker runs, by any Kafka client or Kafka's \`kafka-configs\` (entity type brokers): of one broker, or of all
(the default). Stronger than every other setting, they are kept in the data folder, and hold at once for all topics that do not say otherwise.

${table(['name', 'type', 'default', 'alterable', 'flag', 'meaning'], [...brokerConfigs].filter(([, row]) => row.stored !== true).map(brokerRow))}

These can be altered while the broker runs as they can in Kafka; they are kept and reported, and nothing acts on them:
${[...brokerConfigs].flatMap(([name, row]) => (row.stored === true ? [code(name)] : [])).join(', ')}.

## Topic configs

Set when a topic is created (\`ottla topic create orders --config segment.bytes=104857600\`, or any Kafka client) or later (\`ottla topic alter\`), and hold from
the next record on; otherwise the broker config beside it counts.

${table(['name', 'type', 'default', 'broker config', 'meaning'], honoured.map(topicRow))}

These are kept and reported, and nothing acts on them yet:

${table(['name', 'type', 'default', 'broker config', 'meaning'], stored.map(topicRow))}

## Group configs

Set of a group, whether it exists or not, by any Kafka client or Kafka's \`kafka-configs\` (entity type groups). There are no groups yet: they are kept and reported.

${table(['name', 'type', 'default', 'meaning'], Object.entries<Row<unknown>>(groupConfigs).map(groupRow))}
`
}

function brokerRow([name, row]: [string, Row<unknown>]): string[] {
  const names = [name, ...(row.aliases ?? [])].map(code).join(' or ')
  return [names, typeOf(row), code(row.default), row.dynamic === true ? 'yes' : '', row.flag === undefined ? '' : code(row.flag), row.doc]
}

function groupRow([name, row]: [string, Row<unknown>]): string[] {
  return [code(name), typeOf(row), code(row.default), row.doc]
}

function topicRow([name, row]: [string, Row<unknown>]): string[] {
  const brokerNames = [...(row.broker === undefined ? [] : [row.broker]), ...Object.keys(row.brokerInstead ?? {})]
  return [code(name), typeOf(row), code(row.default), brokerNames.map(code).join(', '), row.doc]
}

/** The type, with the limits where it has some that it does not imply. */
function typeOf({ type, takes }: Row<unknown>): string {
  const isImplied = takes === 'text' || takes === 'true or false' || takes === 'a whole number'
  return `${type.toLowerCase()}${isImplied ? '' : `: ${takes}`}`
}

function code(text: string | null): string {
  return text === null || text === '' ? '' : `\`${text}\``
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map(tableLine).join('\n')
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
