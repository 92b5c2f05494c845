// Offsets as CSV, as Kafka's kafka-consumer-groups writes with --export and reads with --from-file: topic,partition,offset, or with the group before, without a header.

import type { TopicPartition } from '../../client/groups/committed-offsets.ts'
import { Failure } from '../failure.ts'

export interface OffsetRow extends TopicPartition {
  readonly offset: number
}

export function offsetsCsv(rows: readonly OffsetRow[]): string {
  return rows.map(({ topic, partition, offset }) => `${topic},${partition},${offset}`).join('\n') // a topic's name has no comma and no quote
}

/** The rows of one group: where rows name their group, those of others are passed over. Throws a Failure that says which line is wrong. */
export function parseOffsetsCsv(text: string, groupId: string): OffsetRow[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '') return []
    const fields = fieldsOf(line)
    const [offset, partition, topic, group = groupId] = fields.toReversed()
    const isRow =
      fields.length >= 3 && fields.length <= 4 && topic !== '' && [partition, offset].every((number) => /^\d{1,15}$/.test(number!))
    if (!isRow)
      throw new Failure(
        'usage',
        `line ${index + 1} is not topic,partition,offset or group,topic,partition,offset but "${line.slice(0, 100)}"`,
      )
    return group === groupId ? [{ topic: topic!, partition: Number(partition), offset: Number(offset) }] : []
  })
}

/** A field in quotes may have commas, and quotes twice. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    (quoted?.replaceAll('""', '"') ?? plain!).trim(),
  )
}
