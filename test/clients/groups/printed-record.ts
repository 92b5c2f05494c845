// A record of `__consumer_offsets` as Kafka's tools print it, in the form in which those of two brokers can be compared.

import { type History, RETENTION_MS } from './printed-history.ts'

export interface PrintedRecord {
  readonly key: { readonly type: string | number; readonly data: Readonly<Record<string, unknown>> }
  /** null for a tombstone. */
  readonly value: unknown
}

/** What a broker chooses, by what it is called in the history; times by whether they are of it. */
export function comparable(printed: string, { names, startedAt, endedAt }: History): string {
  const timeOf = (digits: string): string => {
    const [time, name] = Number(digits) > endedAt ? [Number(digits) - RETENTION_MS, '"later"'] : [Number(digits), '"then"']
    return time >= startedAt && time <= endedAt ? name : digits
  }
  return [...names]
    .reduce((text, [id, name]) => text.replaceAll(id, name), printed)
    .replaceAll(/(?<=:)\d{13}\b/g, timeOf)
    .replaceAll(/(?<="metadataHash":)-?\d+/g, '"hash"') // of topic ids, and each broker's own
}

/** ConsoleConsumer's output, which has no ends of lines. */
export const formattedRecords = (output: string): PrintedRecord[] =>
  inOrder(
    output
      .trim()
      .split(/(?<=\})\s*(?=\{"key":)/)
      .map((text) => JSON.parse(text) as PrintedRecord),
  )

/** DumpLogSegments' output, with lines about files and batches between those of records. */
export const dumpedRecords = (output: string): PrintedRecord[] =>
  inOrder(
    [...output.matchAll(/\bkey: (.*) payload: (.*)$/gm)].map(([, key, value]) => ({
      key: JSON.parse(key!) as PrintedRecord['key'],
      value: value === '<DELETE>' ? null : (JSON.parse(value!) as unknown),
    })),
  )

/** Kafka's keeps members, and the offsets that it deletes together, in no order. */
function inOrder(records: readonly PrintedRecord[]): PrintedRecord[] {
  const ordered: PrintedRecord[] = []
  let deleted: PrintedRecord[] = []
  const endRun = (): void => void ordered.push(...deleted.splice(0).sort(byText))
  for (const record of records.filter((one) => !isOfNoGeneration(one))) {
    if (record.value === null && 'topic' in record.key.data) deleted.push(record)
    else {
      endRun()
      ordered.push({ ...record, value: withMembersInOrder(record.value) })
    }
  }
  endRun()
  return ordered
}

/** Kafka writes one when the first member asks to join, so that its timeline has the group; Ottla begins with the first generation. */
const isOfNoGeneration = ({ value }: PrintedRecord): boolean => /"protocolType":"","generation":0,/.test(JSON.stringify(value))

function withMembersInOrder(value: unknown): unknown {
  const { data } = (value ?? {}) as { data?: { members?: unknown[] } }
  return data?.members === undefined ? value : { ...(value as object), data: { ...data, members: data.members.toSorted(byText) } }
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
