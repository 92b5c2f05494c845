// What becomes of what was acknowledged when one byte of the journal is another than was written, or a file of it is cut short or gone: the second table of
// docs/disk-format.md.

/**
 * `whole`: every record is served. `offline`: the partition that was hit is, and says why; what the journal has of it from there on is kept in an
 * `.unreplayed` file; the others are whole. `refused`: the broker does not start, and nothing was changed. `ends there`: the journal counts up to the byte
 * that was hit, as after a torn write.
 */
export type JournalOutcome = 'whole' | 'offline' | 'refused' | 'ends there'

export interface JournalDamageRow {
  readonly name: string
  readonly what: string
  readonly killed: readonly JournalOutcome[]
  readonly powerLoss: readonly JournalOutcome[]
}

const FILE = { name: '`journal/*.journal`' }

export const JOURNAL_DAMAGE = {
  header: { ...FILE, what: 'header: the first entry bears it out', killed: ['whole'], powerLoss: ['whole'] },
  entry: { ...FILE, what: 'header of an entry', killed: ['refused'], powerLoss: ['refused'] },
  batches: { ...FILE, what: 'batches of an entry', killed: ['whole'], powerLoss: ['offline'] },
  lastRound: { ...FILE, what: 'entries that were written last, in one write', killed: ['whole'], powerLoss: ['ends there'] },
  padding: {
    ...FILE,
    what: 'what fills an entry up to a multiple of 8 bytes, and what follows the last',
    killed: ['whole'],
    powerLoss: ['whole'],
  },
  cut: { ...FILE, what: 'cut short, or gone; there is a later file', killed: ['whole', 'refused'], powerLoss: ['offline', 'refused'] },
  lastCut: { ...FILE, what: 'cut short, or gone; it is the last file', killed: ['whole'], powerLoss: ['whole', 'ends there'] },
  firstNumber: {
    name: '`journal/first-number`',
    what: 'any, or gone: all is replayed, what the logs have is skipped',
    killed: ['whole'],
    powerLoss: ['whole'],
  },
} as const satisfies Readonly<Record<string, JournalDamageRow>>

/** As it stands in docs/disk-format.md. */
export function formatJournalTable(): string {
  const rows: readonly JournalDamageRow[] = Object.values(JOURNAL_DAMAGE)
  const lines = rows.map(
    ({ name, what, killed, powerLoss }) => `| ${name} | ${what} | ${killed.join(' or ')} | ${powerLoss.join(' or ')} |`,
  )
  return ['| file | what is damaged | after a kill: the segments have it all | after a power loss |', '|---|---|---|---|', ...lines].join(
    '\n',
  )
}
