// Java's .properties syntax, which Kafka's server.properties has: `key=value`, `key: value` or `key value`; # and ! begin a comment line; a backslash at the
// end of a line continues it, and escapes elsewhere (\n, \t, \u00e9, \=). A key that is repeated has its last value.

export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const separator = /^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*/s.exec(line)!
    properties.set(unescaped(separator[1]!), unescaped(line.slice(separator[0].length)))
  }
  return properties
}

function* logicalLines(text: string): Generator<string> {
  let begun: string | undefined // the lines so far of one that continues
  for (const line of text.split(/\r\n|\r|\n/)) {
    const trimmed = line.replace(/^[ \t\f]+/, '')
    if (begun === undefined && (trimmed === '' || /^[#!]/.test(trimmed))) continue
    const whole: string = (begun ?? '') + trimmed
    const isContinued = /(^|[^\\])(\\\\)*\\$/.test(trimmed)
    begun = isContinued ? whole.slice(0, -1) : undefined
    if (!isContinued) yield whole
  }
  if (begun !== undefined) yield begun
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f' }

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, hex?: string, character?: string) =>
    hex === undefined ? (ESCAPES[character!] ?? character!) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
