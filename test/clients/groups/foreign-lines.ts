// What the clients that are not ours to write tell of themselves: kcat's, ConsoleConsumer's and VerifiableConsumer's lines as events.

import type { ToldEvent } from './member.ts'

interface VerifiableLine {
  readonly name: string
  readonly timestamp: number
  readonly partition?: number
  readonly offset?: number
  readonly value?: string
  readonly success?: boolean
  readonly partitions?: readonly { readonly partition: number }[]
  readonly offsets?: readonly { readonly partition: number; readonly offset: number }[]
}

export const ownLine = (line: string): ToldEvent[] => (/^\{"at": ?\d/.test(line) ? [JSON.parse(line) as ToldEvent] : [])

export function verifiableConsumerLine(line: string): ToldEvent[] {
  if (!line.startsWith('{')) return []
  const told = JSON.parse(line) as VerifiableLine
  const at = told.timestamp
  const partitions = (told.partitions ?? []).map(({ partition }) => partition)
  switch (told.name) {
    case 'partitions_assigned':
      return [{ at, event: 'assigned', partitions }]
    case 'partitions_revoked':
      return [{ at, event: 'revoked', partitions }]
    case 'record_data':
      return [{ at, event: 'record', partition: told.partition!, offset: told.offset!, value: told.value! }]
    case 'offsets_committed':
      return told.success ? told.offsets!.map(({ partition, offset }) => ({ at, event: 'committed', partition, offset })) : []
    default:
      return []
  }
}

export function consoleConsumerLine(line: string): ToldEvent[] {
  const record = /^Partition:(\d+)\tOffset:(\d+)\t(.*)$/.exec(line)
  return record ? [{ event: 'record', partition: Number(record[1]), offset: Number(record[2]), value: record[3]! }] : []
}

/** It tells nobody of its assignments; the log of the consumer below it does. */
export function javaLogLine(line: string): ToldEvent[] {
  const assigned = /(?:Adding newly assigned partitions|Added partitions \(assigned - owned\)): +(.*)$/.exec(line)
  if (assigned) return [{ event: 'assigned', partitions: partitionsIn(assigned[1]!, LISTED) }]
  if (line.includes(' to FENCED.')) return [{ event: 'gone' }] // put out of the group: what that costs it it does not list
  const revoked = /(?:Revoke|Revoking|Lost) previously assigned partitions:? (.*)$/.exec(line)
  return revoked ? [{ event: 'revoked', partitions: partitionsIn(revoked[1]!, LISTED) }] : []
}

/** Records as `KCAT_FORMAT` prints them, and what it says of the group on its standard error. */
export const KCAT_FORMAT = '%p:%o:%s\n'
export function kcatLine(line: string): ToldEvent[] {
  const record = /^(\d+):(\d+):(.*)$/.exec(line)
  if (record) return [{ event: 'record', partition: Number(record[1]), offset: Number(record[2]), value: record[3]! }]
  const rebalance = /^% Group .* (assigned|revoked|incremental assignment|incremental revoke)\b.*: (.*)$/.exec(line)
  if (!rebalance) return []
  const event = rebalance[1]!.includes('assign') ? 'assigned' : 'revoked'
  return [{ event, partitions: partitionsIn(rebalance[2]!, /\[(\d+)\]/g) }]
}

/** A partition as Java prints it, in a list. */
const LISTED = /-(\d+)(?=,|\]|$)/g

const partitionsIn = (text: string, pattern: RegExp): number[] => [...text.matchAll(pattern)].map((match) => Number(match[1]))
