// What a partition may hold after its broker was killed, judged record by record from what was sent to it, what was acknowledged, and what readers were
// shown. Pure. A record is known by its producer and its number; a producer numbers its records from 0, in the order in which it sends them.

export interface SentRecord {
  readonly producer: string
  readonly number: number
}

export interface Sender {
  sentCount: number
  /** Whether its records must not be there twice. */
  readonly isIdempotent: boolean
  /** By number, how many times more a record was sent because no answer came. */
  readonly sentAgain: ReadonlyMap<number, number>
}

/** The one account of a partition, kept from its creation on. */
export interface Ledger {
  /** By offset: acknowledged to its producer, or seen by a reader. */
  readonly promised: Map<number, SentRecord>
  readonly senders: Map<string, Sender>
}

export interface FoundRecord {
  readonly offset: number
  readonly leaderEpoch: number
  /** undefined when its bytes are not what any producer sends. */
  readonly record: SentRecord | undefined
}

export type BreachKind = 'lost' | 'invented' | 'repeated' | 'misplaced'

export interface Breach {
  readonly kind: BreachKind
  readonly message: string
}

const nameOf = ({ producer, number }: SentRecord): string => `record ${number} of ${producer}`

/** Takes the records of a partition in the order of their offsets, from `nextOffset` on; may go on where it stopped after the next kill. */
export class PartitionJudge {
  readonly #ledger: Ledger
  readonly #seen = new Map<string, { highest: number; again: Map<number, number> }>()
  #leaderEpoch = -1
  #nextOffset: number

  constructor(ledger: Ledger, nextOffset = 0) {
    this.#ledger = ledger
    this.#nextOffset = nextOffset
  }

  get nextOffset(): number {
    return this.#nextOffset
  }

  /** The log begins here now: what was before may be gone. */
  beginAt(logStartOffset: number): void {
    if (logStartOffset <= this.#nextOffset) return
    this.#nextOffset = logStartOffset
    this.#seen.clear()
  }

  take({ offset, leaderEpoch, record }: FoundRecord): Breach[] {
    const breaches: Breach[] = []
    const tell = (kind: BreachKind, message: string): void => void breaches.push({ kind, message })
    if (offset !== this.#nextOffset) tell('misplaced', `offset ${offset} stands where ${this.#nextOffset} belongs`)
    if (leaderEpoch < this.#leaderEpoch) tell('misplaced', `offset ${offset} has leader epoch ${leaderEpoch}, after ${this.#leaderEpoch}`)
    this.#nextOffset = offset + 1
    this.#leaderEpoch = leaderEpoch
    breaches.push(...againstPromise(this.#ledger, offset, record), ...this.#againstSender(offset, record))
    return breaches
  }

  /** After the last record: what was promised at or past the end is lost. */
  end(highWatermark: number): Breach[] {
    if (this.#nextOffset !== highWatermark)
      return [{ kind: 'misplaced', message: `the high watermark is ${highWatermark}, but the records end at ${this.#nextOffset}` }]
    return lostPast(this.#ledger, highWatermark)
  }

  #againstSender(offset: number, record: SentRecord | undefined): Breach[] {
    if (record === undefined) return []
    const sender = this.#ledger.senders.get(record.producer)
    if (sender === undefined || record.number < 0 || record.number >= sender.sentCount) {
      return [{ kind: 'invented', message: `${nameOf(record)} is at offset ${offset}, and was never sent` }]
    }
    const seen = this.#seen.get(record.producer)
    if (seen === undefined) this.#seen.set(record.producer, { highest: record.number, again: new Map() })
    else if (record.number > seen.highest) {
      const isHole = sender.isIdempotent && record.number > seen.highest + 1
      seen.highest = record.number
      if (isHole) return [{ kind: 'misplaced', message: `${nameOf(record)} is at offset ${offset}, before those sent earlier` }]
    } else {
      const times = (seen.again.get(record.number) ?? 0) + 1
      seen.again.set(record.number, times)
      if (times > (sender.sentAgain.get(record.number) ?? 0))
        return [
          { kind: 'repeated', message: `${nameOf(record)} is at offset ${offset} once more, or too late, behind record ${seen.highest}` },
        ]
    }
    return []
  }
}

/** What was found stays so. */
function againstPromise({ promised }: Ledger, offset: number, record: SentRecord | undefined): Breach[] {
  if (record === undefined) return [{ kind: 'invented', message: `the bytes at offset ${offset} are no record that was sent` }]
  const before = promised.get(offset)
  promised.set(offset, record)
  if (before === undefined || (before.producer === record.producer && before.number === record.number)) return []
  return [{ kind: 'lost', message: `${nameOf(before)} was promised at offset ${offset}, where ${nameOf(record)} is` }]
}

export function lostPast({ promised }: Ledger, highWatermark: number): Breach[] {
  const lost = [...promised].filter(([offset]) => offset >= highWatermark)
  for (const [offset] of lost) promised.delete(offset)
  return lost.map(([offset, record]) => ({
    kind: 'lost',
    message: `${nameOf(record)} was promised at offset ${offset}, but the log ends at ${highWatermark}`,
  }))
}

/** For a log that begins later than anyone asked for. */
export function lostBelow({ promised }: Ledger, logStartOffset: number, mayBeginAt: number): Breach[] {
  const lost = [...promised].filter(([offset]) => offset < logStartOffset && offset >= mayBeginAt)
  for (const [offset] of promised) if (offset < logStartOffset) promised.delete(offset)
  return lost.map(([offset, record]) => ({
    kind: 'lost',
    message: `${nameOf(record)} was promised at offset ${offset}, but the log begins at ${logStartOffset}`,
  }))
}
