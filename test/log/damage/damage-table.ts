// What becomes of a log when one byte of a file of its folder is another than was written, or the file is cut short or gone: the table of docs/disk-format.md.
// A new kind of file is one more row.

/**
 * `whole`: every record is served. `refused`: all but those of the batch that was hit, which are CORRUPT_MESSAGE. `offline`: nothing is served, and nothing
 * was changed. `cut`: the log ends where the batch that was hit begins, and the rest is kept in `.cut` files.
 */
export type Outcome = 'whole' | 'refused' | 'offline' | 'cut'

export interface DamageRow {
  readonly file: RegExp
  readonly name: string
  /** What the bytes are. */
  readonly what: string
  /** Of a batch: the bytes from `from` up to `to`; all bytes of other files. */
  readonly from?: number
  readonly to?: number
  /** Where everything was synced. */
  readonly synced: readonly Outcome[]
  /** Where the recovery point had not come to, after a crash. */
  readonly unsynced: readonly Outcome[]
}

const MADE_AGAIN = { synced: ['whole'], unsynced: ['whole'] } as const
const BATCH = { file: /\.log$/, name: '`<base>.log`' }

const DAMAGE_TABLE: readonly DamageRow[] = [
  { ...BATCH, what: 'base offset: the neighbours bear it out', from: 0, to: 8, synced: ['refused', 'offline'], unsynced: ['cut'] },
  { ...BATCH, what: 'batch length', from: 8, to: 12, synced: ['refused', 'offline'], unsynced: ['cut'] },
  {
    ...BATCH,
    what: 'leader epoch: the neighbours and the list of epochs bear it out; nothing does for the newest batches after a crash',
    from: 12,
    to: 16,
    synced: ['refused', 'offline'],
    unsynced: ['cut', 'whole', 'refused', 'offline'],
  },
  { ...BATCH, what: 'magic', from: 16, to: 17, synced: ['refused', 'offline'], unsynced: ['cut'] },
  { ...BATCH, what: 'checksum, and all that it covers', from: 17, to: Infinity, synced: ['refused', 'offline'], unsynced: ['cut'] },
  { file: /\.index$/, name: '`<base>.index`', what: 'any: only what the batches bear out is used', ...MADE_AGAIN },
  { file: /\.timeindex$/, name: '`<base>.timeindex`', what: 'any: only what the batches bear out is used', ...MADE_AGAIN },
  { file: /\.snapshot$/, name: '`<offset>.snapshot`', what: 'any: it has a checksum', ...MADE_AGAIN },
  { file: /leader-epoch-checkpoint$/, name: '`leader-epoch-checkpoint`', what: 'any: the batches are believed', ...MADE_AGAIN },
  { file: /partition\.metadata$/, name: '`partition.metadata`', what: 'any', synced: ['whole', 'offline'], unsynced: ['whole', 'offline'] },
  {
    file: /recovery-point-offset-checkpoint$/,
    name: '`recovery-point-offset-checkpoint`',
    what: 'any: it has a checksum; when that is wrong, every log is checked from its start',
    ...MADE_AGAIN,
  },
  {
    file: /log-start-offset-checkpoint$/,
    name: '`log-start-offset-checkpoint`',
    what: 'any: it has a checksum; when that is wrong, logs begin where their first segment does, and what was deleted by request may be there again',
    ...MADE_AGAIN,
  },
  { file: /\.ottla-cleanshutdown$/, name: '`.ottla-cleanshutdown`', what: 'any', ...MADE_AGAIN },
]

export function rowOf(file: string, positionInBatch: number): DamageRow {
  const row = DAMAGE_TABLE.find(
    ({ file: names, from = 0, to = Infinity }) => names.test(file) && from <= positionInBatch && positionInBatch < to,
  )
  if (row === undefined) throw new Error(`the table says nothing of ${file}`)
  return row
}

/** As it stands in docs/disk-format.md. */
export function formatTable(): string {
  const lines = DAMAGE_TABLE.map(
    ({ name, what, synced, unsynced }) => `| ${name} | ${what} | ${synced.join(' or ')} | ${unsynced.join(' or ')} |`,
  )
  return ['| file | bytes | synced | after a crash, not known to be synced |', '|---|---|---|---|', ...lines].join('\n')
}
