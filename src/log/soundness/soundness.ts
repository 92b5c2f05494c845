// What is known of a segment file since it was opened: which of its bytes were found sound, or were written by this process, and which were not.
// A few ranges, not a set of batches: whoever reads on where a check ended makes one range longer. What is forgotten is checked again.

const CHECKED_RANGES_MAX = 16

/** Batches that are not as they were written, or offsets that are missing. */
export interface DamagedPart {
  readonly position: number
  /** In bytes; 0 when the batches are not there at all. */
  readonly size: number
  readonly fromOffset: number
  /** Exclusive. */
  readonly toOffset: number
  readonly message: string
}

interface CheckedRange {
  start: number
  end: number
}

const NO_DAMAGE: readonly DamagedPart[] = []

export class Soundness {
  #checked: CheckedRange[] = [] // by position, apart from each other
  #damaged = NO_DAMAGE // by position

  /** By position. */
  get damaged(): readonly DamagedPart[] {
    return this.#damaged
  }

  get hasDamage(): boolean {
    return this.#damaged.length > 0
  }

  /** Up to where the batches from `position` on need no check; -1 when that one does. */
  checkedEnd(position: number): number {
    return this.#checked.find(({ start, end }) => start <= position && position < end)?.end ?? -1
  }

  /** The bytes between were checked, or written just now. */
  note(start: number, end: number): void {
    const touching = this.#checked.filter((range) => range.start <= end && start <= range.end)
    if (touching.length === 1 && touching[0]!.start <= start) {
      touching[0]!.end = Math.max(touching[0]!.end, end)
      return
    }
    const merged = {
      start: touching.reduce((least, range) => Math.min(least, range.start), start),
      end: touching.reduce((greatest, range) => Math.max(greatest, range.end), end),
    }
    const others = this.#checked.filter((range) => !touching.includes(range))
    if (others.length >= CHECKED_RANGES_MAX) others.splice(others.indexOf(smallestOf(others)), 1)
    this.#checked = [...others, merged].toSorted((a, b) => a.start - b.start)
  }

  /** False when it was known already. */
  noteDamage(part: DamagedPart): boolean {
    if (this.#damaged.some(({ position, size }) => position === part.position && size === part.size)) return false
    this.#damaged = [...this.#damaged, part].toSorted((a, b) => a.position - b.position)
    return true
  }

  damageHolding(offset: number): DamagedPart | undefined {
    return this.#damaged.find(({ fromOffset, toOffset }) => fromOffset <= offset && offset < toOffset)
  }

  /** At `position`, or around it. */
  damageAt(position: number): DamagedPart | undefined {
    return this.#damaged.find((part) => part.position === position || (part.position < position && position < part.position + part.size))
  }

  /** The file ends there now. */
  cut(position: number): void {
    this.#checked = this.#checked.filter(({ start }) => start < position).map(({ start, end }) => ({ start, end: Math.min(end, position) }))
    this.#damaged = this.#damaged.filter((part) => part.position + part.size <= position)
  }
}

function smallestOf(ranges: readonly CheckedRange[]): CheckedRange {
  return ranges.reduce((smallest, range) => (range.end - range.start < smallest.end - smallest.start ? range : smallest))
}
