// One file descriptor that is kept for what is opened for a moment, when connections have taken all others: the sync of a folder, which ends a log when it
// fails, or a checkpoint. In its place one such file at a time can be opened.

import fs from 'node:fs'
import { devNull } from 'node:os'

export class SpareDescriptor {
  #descriptor: number | undefined

  /** As fs.open. Whoever has closed what it opened calls `keep`. */
  async open(path: string, flags: number, mode: number): Promise<number> {
    this.keep()
    try {
      return await new Promise<number>((resolve, reject) => {
        fs.open(path, flags, mode, (error, opened) => (error === null ? resolve(opened) : reject(error)))
      })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (this.#descriptor === undefined || (code !== 'EMFILE' && code !== 'ENFILE')) throw error
      fs.closeSync(this.#descriptor)
      this.#descriptor = undefined
      return fs.openSync(path, flags, mode) // within this turn: the next connection would take it
    }
  }

  /** Has it again, where that is possible. */
  keep(): void {
    try {
      this.#descriptor ??= fs.openSync(devNull, fs.constants.O_RDONLY)
    } catch {
      // there is none; the next time, perhaps
    }
  }
}
