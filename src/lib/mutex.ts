// One at a time, in the order of arrival: for short sequences of steps that must not interleave.

export class Mutex {
  #tail: Promise<unknown> = Promise.resolve()

  /** Runs `action` when every earlier one has settled; a failed one holds up nobody. */
  run<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(action)
    this.#tail = result.catch(() => undefined)
    return result
  }
}
