// Syncs of one folder, shared: a sync covers what was done before it began, so all who ask while one is under way are served by the next, together. When
// 10,000 partitions are made or deleted, the folder that holds them all is synced some hundred times.

export class SharedSyncs {
  readonly #sync: (path: string) => Promise<void>
  readonly #running = new Map<string, Promise<void>>()
  readonly #next = new Map<string, Promise<void>>()

  constructor(sync: (path: string) => Promise<void>) {
    this.#sync = sync
  }

  /** Resolves when a sync that began after the call is done. One that fails is not tried again: those who wait for the next fail with it. */
  sync(path: string): Promise<void> {
    const next = this.#next.get(path)
    if (next !== undefined) return next
    const running = this.#running.get(path)
    return running === undefined ? this.#run(path) : this.#runAfter(running, path)
  }

  #run(path: string): Promise<void> {
    const running = this.#sync(path).finally(() => this.#running.delete(path))
    this.#running.set(path, running)
    return running
  }

  #runAfter(running: Promise<void>, path: string): Promise<void> {
    const next = running.finally(() => this.#next.delete(path)).then(() => this.#run(path))
    this.#next.set(path, next)
    return next
  }
}
