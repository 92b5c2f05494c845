import { describe, expect, it } from 'vitest'
import { SharedSyncs } from '../../src/disk/shared-syncs.ts'

/** Each sync takes until it is told how it ends. */
function controlled() {
  const begun: { path: string; end: (error?: Error) => void }[] = []
  const syncs = new SharedSyncs(
    (path) =>
      new Promise((resolve, reject) => {
        begun.push({ path, end: (error) => (error === undefined ? resolve() : reject(error)) })
      }),
  )
  return { syncs, begun, paths: () => begun.map(({ path }) => path) }
}

const isDone = async (promise: Promise<void>): Promise<boolean> => {
  const later = new Promise((resolve) => setImmediate(resolve)).then(() => false)
  return Promise.race([promise.then(() => true), later])
}

describe('shared syncs', () => {
  it('serve all who ask while one is under way by the next, which begins after they asked', async () => {
    const { syncs, begun, paths } = controlled()
    const first = syncs.sync('/data')
    const others = [syncs.sync('/data'), syncs.sync('/data'), syncs.sync('/data')]
    begun[0]!.end()
    await first
    expect(await isDone(others[0]!)).toBe(false)
    expect(paths()).toEqual(['/data', '/data'])
    const late = syncs.sync('/data')
    begun[1]!.end()
    await Promise.all(others)
    expect(await isDone(late)).toBe(false)
    begun[2]!.end()
    await late
    expect(paths()).toHaveLength(3)
  })

  it('are each folder’s own, and begin at once when none is under way', async () => {
    const { syncs, begun, paths } = controlled()
    const both = [syncs.sync('/a'), syncs.sync('/b')]
    expect(paths()).toEqual(['/a', '/b'])
    for (const { end } of begun) end()
    await Promise.all(both)
    void syncs.sync('/a')
    expect(paths()).toEqual(['/a', '/b', '/a'])
  })

  it('fail together, and are not tried again for those who had asked', async () => {
    const { syncs, begun, paths } = controlled()
    const asked = [syncs.sync('/data'), syncs.sync('/data')]
    const outcomes = Promise.allSettled(asked)
    begun[0]!.end(new Error('EIO'))
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(paths()).toEqual(['/data'])
    void syncs.sync('/data')
    expect(paths()).toHaveLength(2)
  })
})
