// The last offset of each key in a stretch of a log, in one buffer of a given size, whatever the keys are: 24 bytes a key, by open addressing. Keys are told
// apart by 16 bytes of their SHA-256, so that nobody can make two that are taken for one. A full map is no error: the stretch ends there.
//
//   bytes 0-15    the first half of the key's SHA-256; where the search for a free place begins
//   bytes 16-23   offset + 1, so that zeros are a free place

import { hash } from 'node:crypto'
import { assert } from '../../lib/assert.ts'
import type { JobTurn } from '../scheduler.ts'

const ENTRY_WORDS = 6
const ENTRY_SIZE = 4 * ENTRY_WORDS
const WORD = 2 ** 32
const CLEARED_WORDS = 1 << 18

export class OffsetMap {
  readonly #words: Int32Array
  readonly #slotCount: number
  readonly #countMax: number
  #count = 0
  #h0 = 0
  #h1 = 0
  #h2 = 0
  #h3 = 0

  /** `loadFactor` is the share of the places that may be taken; few free ones make for long searches. */
  constructor(sizeBytes: number, loadFactor: number) {
    this.#slotCount = Math.max(2, Math.floor(sizeBytes / ENTRY_SIZE))
    this.#countMax = Math.max(1, Math.min(this.#slotCount - 1, Math.floor(this.#slotCount * loadFactor)))
    this.#words = new Int32Array(this.#slotCount * ENTRY_WORDS)
  }

  get isFull(): boolean {
    return this.#count >= this.#countMax
  }

  get count(): number {
    return this.#count
  }

  /** Not for a full map. */
  put(key: Buffer, offset: number): void {
    assert(!this.isFull, () => `the map of ${this.#countMax} keys is full`)
    const word = this.#find(key)
    const words = this.#words
    if (words[word + 4] === 0 && words[word + 5] === 0) {
      this.#count++
      words[word] = this.#h0
      words[word + 1] = this.#h1
      words[word + 2] = this.#h2
      words[word + 3] = this.#h3
    }
    words[word + 4] = Math.floor((offset + 1) / WORD)
    words[word + 5] = ((offset + 1) % WORD) | 0
  }

  /** -1 when it has no such key. */
  get(key: Buffer): number {
    const word = this.#find(key)
    return this.#words[word + 4]! * WORD + (this.#words[word + 5]! >>> 0) - 1
  }

  /** As if it were new; gives way between pieces of a megabyte. */
  async clear(turn: JobTurn): Promise<void> {
    if (this.#count === 0) return
    for (let start = 0; start < this.#words.length; start += CLEARED_WORDS) {
      await turn.step()
      this.#words.fill(0, start, start + CLEARED_WORDS)
    }
    this.#count = 0
  }

  /** Where the key is, or the free place where it would be. */
  #find(key: Buffer): number {
    const digest = hash('sha256', key, 'binary') // a text costs a third of a buffer: there is one for every record
    this.#h0 = wordAt(digest, 0)
    this.#h1 = wordAt(digest, 4)
    this.#h2 = wordAt(digest, 8)
    this.#h3 = wordAt(digest, 12)
    const words = this.#words
    let slot = (this.#h0 >>> 0) % this.#slotCount
    for (;;) {
      const word = slot * ENTRY_WORDS
      if (words[word + 4] === 0 && words[word + 5] === 0) return word
      if (words[word] === this.#h0 && words[word + 1] === this.#h1 && words[word + 2] === this.#h2 && words[word + 3] === this.#h3)
        return word
      slot = slot + 1 === this.#slotCount ? 0 : slot + 1
    }
  }
}

/** Of a text whose characters are bytes. */
function wordAt(digest: string, index: number): number {
  return (
    digest.charCodeAt(index) |
    (digest.charCodeAt(index + 1) << 8) |
    (digest.charCodeAt(index + 2) << 16) |
    (digest.charCodeAt(index + 3) << 24)
  )
}
