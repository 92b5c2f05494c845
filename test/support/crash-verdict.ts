// What a log may hold after its broker was killed, judged from what its producers sent and what was acknowledged to them. Pure.

/** A record is known by its producer and its number; a producer numbers its records from 0, in the order in which it sends them to one partition. */
interface SentRecord {
  readonly producer: string
  readonly number: number
}

export interface AcknowledgedRecord extends SentRecord {
  readonly offset: number
}

export interface FoundRecord extends SentRecord {
  readonly offset: number
}

export interface PartitionHistory {
  readonly acknowledged: readonly AcknowledgedRecord[]
  /** Of each producer, how many records it has sent, acknowledged or not; those of one that is not here were never sent. */
  readonly sentCounts: ReadonlyMap<string, number>
  /** Producers whose records must not be there twice. */
  readonly idempotent: ReadonlySet<string>
  /** What a reader finds, in its order. */
  readonly found: readonly FoundRecord[]
}

/** A sentence for each broken promise; none when all were kept. */
export function brokenPromises(history: PartitionHistory): string[] {
  return [
    ...lostRecords(history),
    ...strangers(history),
    ...repeated(history),
    ...outOfOrder(history),
    ...holes(history),
    ...offsetGaps(history),
  ]
}

const nameOf = ({ producer, number }: SentRecord): string => `record ${number} of ${producer}`

function lostRecords({ acknowledged, found }: PartitionHistory): string[] {
  const byOffset = new Map(found.map((record) => [record.offset, record]))
  return acknowledged.flatMap((record) => {
    const there = byOffset.get(record.offset)
    if (there === undefined) return [`${nameOf(record)} was acknowledged at offset ${record.offset}, where nothing is`]
    if (there.producer === record.producer && there.number === record.number) return []
    return [`${nameOf(record)} was acknowledged at offset ${record.offset}, where ${nameOf(there)} is`]
  })
}

function strangers({ sentCounts, found }: PartitionHistory): string[] {
  return found
    .filter(({ producer, number }) => number < 0 || number >= (sentCounts.get(producer) ?? 0))
    .map((record) => `${nameOf(record)} is at offset ${record.offset}, and was never sent`)
}

function repeated({ idempotent, found }: PartitionHistory): string[] {
  const seen = new Map<string, number>()
  const broken: string[] = []
  for (const record of found) {
    const name = nameOf(record)
    const earlier = seen.get(name)
    if (earlier !== undefined && idempotent.has(record.producer)) broken.push(`${name} is at offsets ${earlier} and ${record.offset}`)
    seen.set(name, record.offset)
  }
  return broken
}

/** A producer that sends a record again may put it behind later ones; the first time each record appears, it is after those sent before it. */
function outOfOrder({ found }: PartitionHistory): string[] {
  const highest = new Map<string, number>()
  const broken: string[] = []
  const seen = new Set<string>()
  for (const record of found) {
    const name = nameOf(record)
    if (seen.has(name)) continue
    seen.add(name)
    const before = highest.get(record.producer) ?? -1
    if (record.number < before) broken.push(`${name} is at offset ${record.offset}, behind record ${before}`)
    highest.set(record.producer, Math.max(before, record.number))
  }
  return broken
}

/** An idempotent producer sends again what was not acknowledged: nothing of it may be there before what it sent earlier. */
function holes({ idempotent, found }: PartitionHistory): string[] {
  const highest = new Map<string, number>()
  const broken: string[] = []
  for (const record of found) {
    if (!idempotent.has(record.producer)) continue
    const before = highest.get(record.producer) ?? -1
    if (record.number > before + 1) broken.push(`${nameOf(record)} is at offset ${record.offset}, before record ${before + 1}`)
    highest.set(record.producer, Math.max(before, record.number))
  }
  return broken
}

function offsetGaps({ found }: PartitionHistory): string[] {
  return found.flatMap(({ offset }, index) => (offset === index ? [] : [`offset ${offset} stands where ${index} belongs`])).slice(0, 1)
}
