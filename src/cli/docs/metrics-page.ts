// docs/metrics.md: the table of what a broker counts.

import { METRICS } from '../../broker-counters.ts'

export function metricsMarkdown(): string {
  return `# Metrics

What a broker counts about itself: \`ottla status\` shows it of a running one, \`ottla status --json\` gives all of it to programs, and \`broker.status()\` to a program that has the broker inside. A counter grows from 0 at each start; a gauge is what it is now; a histogram has \`count\`, \`sum\`, \`max\`, the quantiles \`p50\`, \`p90\`, \`p99\` and \`p999\` (at most an eighth too high), and \`buckets\`, each with how many durations (\`count\`) were below its bound (\`le\`) and not below that of the one before. Durations are in seconds, sizes in bytes. A name keeps its meaning from version to version.

| name | type | labels | meaning |
| --- | --- | --- | --- |
${METRICS.map(({ name, type, labels = [], doc }) => `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${doc} |`).join('\n')}
`
}
