import { describe, expect, it } from 'vitest'
import { readyLine, readyText } from '../../src/cli/ready-text.ts'
import { resolveBrokerConfig } from '../../src/config/resolve.ts'

const ready = (
  flags: Record<string, string> = {},
  bootstrapServers = 'localhost:9092',
  missing: { name: string; consequence: string }[] = [],
  uncountedPartitions = 0,
) => ({
  broker: { bootstrapServers, summary: { topics: 3, partitions: 12, bytes: 1_200_000_000, uncountedPartitions } },
  config: resolveBrokerConfig({ flags }).config,
  readyMs: 84,
  missing,
})
const withoutVersion = (text: string) => text.replace(/Ottla \S+/, 'Ottla')

describe('what start says', () => {
  it('is where the broker is and what it holds, in as few words as that takes', () => {
    expect(withoutVersion(readyText(ready()))).toBe(
      `Ottla is ready on localhost:9092 (84 ms)
  data        ./ottla-data   3 topics, 12 partitions, 1.2 GB
  durability  fsync          every acknowledged record is on disk
  stop it with Ctrl-C; try: ottla topic list`,
    )
  })

  it('is not more than it knows, after a crash', () => {
    expect(readyText(ready({}, 'localhost:9092', [], 5))).toContain('3 topics, 12 partitions, at least 1.2 GB (5 to be checked)\n')
    expect(readyLine(ready({}, 'localhost:9092', [], 5), 0).fields).toMatchObject({ bytes: 1_200_000_000, uncountedPartitions: 5 })
  })

  it.each([
    [{ host: '127.0.0.1' }, '127.0.0.1:9092', '127.0.0.1:9092', ''],
    [{ port: '0' }, 'localhost:41077', 'localhost:41077', ' --bootstrap localhost:41077'],
    [{ listeners: ':9092' }, 'localhost:9092', '*:9092', ''],
    [
      { listeners: 'A://[::1]:1,B://:2', 'listener.security.protocol.map': 'A:PLAINTEXT,B:PLAINTEXT' },
      '[::1]:1,localhost:2',
      '[::1]:1,*:2',
      ' --bootstrap [::1]:1',
    ],
    [{ host: '0.0.0.0', port: '7' }, 'localhost:7', '0.0.0.0:7', ' --bootstrap localhost:7'],
    [{ host: '10.0.0.1' }, '10.0.0.1:9092', '10.0.0.1:9092', ' --bootstrap 10.0.0.1:9092'],
  ])('names the address, and how to reach it, with %j', (flags, bootstrapServers, address, flag) => {
    const text = withoutVersion(readyText(ready(flags, bootstrapServers)))
    expect(text).toMatch(/^Ottla is ready on (\S+) /)
    expect(/^Ottla is ready on (\S+) /.exec(text)![1]).toBe(address)
    expect(text.endsWith(`try: ottla topic list${flag}`)).toBe(true)
  })

  it('includes what this machine lacks, and what follows from it', () => {
    const missing = [{ name: 'zstd', consequence: 'such batches are refused' }]
    expect(readyText(ready({}, undefined, missing))).toContain('\n  missing     zstd           such batches are refused\n')
    expect(readyLine(ready({}, undefined, missing), 0).fields).toMatchObject({ missing: 'zstd' })
    expect(readyLine(ready(), 0).fields).not.toHaveProperty('missing')
  })
})
