// Many pieces of work, so many of them at once: each worker takes the next piece when it is done with one.

/** `items` is shared by the workers. Rejects with the first failure; the worker that failed takes no more, the others go on. */
export async function atOnce<Item>(count: number, items: IterableIterator<Item>, work: (item: Item) => Promise<unknown>): Promise<void> {
  const workOff = async (): Promise<void> => {
    for (const item of items) await work(item)
  }
  await Promise.all(Array.from({ length: count }, workOff))
}
