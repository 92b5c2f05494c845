// docs/apis.md: the opening comments of the handlers, one API each: `// Name v1-11: what it does.`, a bullet for each thing worth knowing, `// Differs from Kafka: …`.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { apisByKey } from '../../wire/messages/all.ts'

interface DocumentedApi {
  readonly name: string
  readonly versions: string
  readonly summary: string
  readonly bullets: readonly string[]
  readonly differences: string | undefined
}

export function apisMarkdown(handlersFolder: string): string {
  const files = readdirSync(handlersFolder).filter((name) => name.endsWith('.ts'))
  const documented = files.flatMap((name) => documentedApi(readFileSync(join(handlersFolder, name), 'utf8')) ?? [])
  const keys = new Map([...apisByKey.values()].map(({ name, key }) => [name, key]))
  const sorted = documented.sort((a, b) => (keys.get(a.name) ?? Infinity) - (keys.get(b.name) ?? Infinity))
  return `# APIs

What of the Kafka protocol is served, in which versions, and where it differs from Kafka. Any other API, and any other version, closes the connection, as in Kafka.

| key | API | versions |
| --- | --- | --- |
${sorted.map(({ name, versions }) => `| ${keys.get(name) ?? ''} | [${name}](#${name.toLowerCase()}) | ${versions} |`).join('\n')}

${sorted.map(section).join('\n\n')}
`
}

function documentedApi(source: string): DocumentedApi | undefined {
  const lines = /^(?:\/\/.*\n)+/.exec(source)?.[0].trimEnd().split('\n') ?? []
  const paragraphs: string[] = []
  for (const line of lines.map((text) => text.replace(/^\/\/ ?/, ''))) {
    const begins = paragraphs.length === 0 || /^(- |Differs from Kafka: )/.test(line)
    if (begins) paragraphs.push(line)
    else paragraphs.push(`${paragraphs.pop()!} ${line.trim()}`)
  }
  const title = /^(?<name>[A-Z]\w+) v(?<versions>\d+(?:-\d+)?): (?<summary>.+)$/s.exec(paragraphs[0] ?? '')?.groups
  if (title === undefined) return undefined
  const differences = paragraphs.find((paragraph) => paragraph.startsWith('Differs from Kafka: '))
  return {
    name: title.name!,
    versions: title.versions!,
    summary: title.summary!,
    bullets: paragraphs.filter((paragraph) => paragraph.startsWith('- ')),
    differences: differences?.replace('Differs from Kafka: ', ''),
  }
}

function section({ name, versions, summary, bullets, differences }: DocumentedApi): string {
  return [
    `## ${name}`,
    `Versions ${versions}. ${capitalized(summary)}`,
    ...(bullets.length === 0 ? [] : [bullets.join('\n')]),
    ...(differences === undefined ? [] : [`**Differs from Kafka:** ${differences}`]),
  ].join('\n\n')
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
