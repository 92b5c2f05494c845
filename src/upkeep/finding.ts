// What a check of files found: where, and in words to a person.

/** `damage`: something is not as it was written. `note`: the next start mends it by itself, or it is no harm. */
export type Level = 'damage' | 'note'

export interface Finding {
  readonly level: Level
  /** Below the folder that is checked. */
  readonly file: string
  /** Of the first byte that is wrong, where that is known. */
  readonly position?: number
  readonly offset?: number
  readonly message: string
}

export type Report = (finding: Finding) => void
