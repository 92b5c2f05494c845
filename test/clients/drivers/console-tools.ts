// Kafka's ConsoleProducer and ConsoleConsumer, with separators that no test record contains.

import type { KafkaTools } from './kafka-tools.ts'
import type { ReadFrom, ReadRecord, TestRecord } from './records.ts'

const NULL = '\x01'
const FIELD = '\x1f'
const HEADER = '\x1d'
const RECORD_END = '\x1e'
const properties = (option: string, values: Record<string, string>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`])

/** Values must not hold a line end: the producer reads lines. */
export async function produceWithConsole(
  tools: KafkaTools,
  bootstrap: string,
  topic: string,
  records: readonly TestRecord[],
  options: readonly string[] = [],
): Promise<void> {
  const reader = {
    'parse.key': 'true',
    'key.separator': FIELD,
    'parse.headers': 'true',
    'headers.delimiter': FIELD,
    'headers.separator': HEADER,
    'headers.key.separator': ':',
    'null.marker': NULL,
  }
  const line = ({ key, value, headers }: TestRecord): string => {
    const headerField = headers.length === 0 ? NULL : headers.map(([name, text]) => `${name}:${text ?? NULL}`).join(HEADER)
    return [headerField, key ?? NULL, value ?? NULL].join(FIELD)
  }
  const toolArguments = ['--bootstrap-server', bootstrap, '--topic', topic, ...properties('--reader-property', reader), ...options]
  await tools.output('ConsoleProducer', toolArguments, records.map(line).join('\n') + '\n')
}

/** ConsoleConsumer knows no timestamps: GetOffsetShell tells it where to start. */
export async function consumeWithConsole(
  tools: KafkaTools,
  bootstrap: string,
  topic: string,
  from: ReadFrom,
  count: number,
): Promise<ReadRecord[]> {
  const offset = 'offset' in from ? from.offset : await offsetForTimestamp(tools, bootstrap, topic, from.timestamp)
  const formatter = {
    'print.timestamp': 'true',
    'print.offset': 'true',
    'print.headers': 'true',
    'print.key': 'true',
    'key.separator': FIELD,
    'headers.separator': HEADER,
    'line.separator': RECORD_END,
    'null.literal': NULL,
  }
  const where = ['--bootstrap-server', bootstrap, '--topic', topic, '--partition', '0', '--offset', String(offset)]
  const limits = ['--max-messages', String(count), '--timeout-ms', '20000', '--command-property', 'fetch.max.wait.ms=20'] // its last fetch is waited for
  const output = await tools.output('consumer.ConsoleConsumer', [...where, ...limits, ...properties('--formatter-property', formatter)])
  return output
    .split(RECORD_END)
    .filter((line) => line !== '')
    .map(parseLine)
}

export async function offsetForTimestamp(tools: KafkaTools, bootstrap: string, topic: string, timestamp: number): Promise<number> {
  const output = await tools.output('GetOffsetShell', [
    '--bootstrap-server',
    bootstrap,
    '--topic',
    topic,
    '--partitions',
    '0',
    '--time',
    String(timestamp),
  ])
  return Number(output.trim().split(':').at(-1))
}

function parseLine(line: string): ReadRecord {
  const [time, offset, headers, key, value] = line.split(FIELD) as [string, string, string, string, string]
  const nullable = (text: string): string | null => (text === NULL ? null : text)
  return {
    offset: Number(offset.slice('Offset:'.length)),
    timestamp: Number(time.slice('CreateTime:'.length)),
    key: nullable(key),
    value: nullable(value),
    headers:
      headers === 'NO_HEADERS'
        ? []
        : headers.split(HEADER).map((pair) => {
            const colon = pair.indexOf(':')
            return [pair.slice(0, colon), nullable(pair.slice(colon + 1))] as const
          }),
  }
}
