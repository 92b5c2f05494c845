import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/program.ts'
import { OttlaForCommands } from './ottla-for-commands.ts'
import { PlayedTerminal } from './played-terminal.ts'

let ottla: OttlaForCommands
const TIMES = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z']

beforeAll(async () => {
  ottla = await OttlaForCommands.start()
  await ottla.run(['topic', 'create', 'days', 'pair', 'empty', '--partitions', '1'])
  await ottla.run(['topic', 'create', 'parts', '--partitions', '2'])
  const lines = TIMES.map((timestamp, index) => JSON.stringify({ key: `k${index}`, value: `v${index}`, timestamp, headers: { h: 'x' } }))
  await ottla.run(['produce', 'days', '--format', 'json'], { typed: [`${lines.join('\n')}\n`] })
  await ottla.run(['produce', 'parts', '--partition', '0'], { typed: ['a0\na1\na2\na3\n'] })
  await ottla.run(['produce', 'parts', '--partition', '1'], { typed: ['b0\n'] })
})
afterAll(() => ottla.stop())

const consume = (...commandLine: string[]) => ottla.run(['consume', ...commandLine])

describe('ottla consume', () => {
  it('prints every record that is there, and ends', async () => {
    expect(await consume('days')).toEqual({ code: 0, printed: 'v0\nv1\nv2\n', said: '' })
    expect(await consume('empty')).toEqual({ code: 0, printed: '', said: '' })
  })

  it.each([
    ['1', 'v1\nv2\n'],
    ['3', ''],
    ['latest', ''],
    ['earliest', 'v0\nv1\nv2\n'],
    ['2026-01-02T00:00:00Z', 'v1\nv2\n'],
    ['2026-01-02T00:00:00.001Z', 'v2\n'],
    ['2026-01-02T01:00:00+01:00', 'v1\nv2\n'],
    ['2025-01-01', 'v0\nv1\nv2\n'],
    ['2999-01-01', ''],
  ])('begins at %s', async (start, printed) => {
    expect(await consume('days', '--from', start)).toEqual({ code: 0, printed, said: '' })
  })

  it('takes a time without a zone for local time', async () => {
    const local = new Date(Date.parse(TIMES[1]!))
    const two = (value: number) => String(value).padStart(2, '0')
    const text = `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())}T${two(local.getHours())}:${two(local.getMinutes())}`
    expect((await consume('days', '--from', text)).printed).toBe('v1\nv2\n')
  })

  it('ends after as many records as were asked for', async () => {
    expect((await consume('days', '--max', '2')).printed).toBe('v0\nv1\n')
    expect((await consume('days', '--max', '0')).printed).toBe('')
  })

  it('prints keys, or everything as JSON', async () => {
    expect((await consume('days', '--max', '1', '--format', 'key:value')).printed).toBe('k0:v0\n')
    expect((await consume('days', '--max', '1', '--key-separator', ' => ')).printed).toBe('k0 => v0\n')
    expect(JSON.parse((await consume('days', '--max', '1', '--json')).printed)).toEqual({
      topic: 'days',
      partition: 0,
      offset: 0,
      timestamp: '2026-01-01T00:00:00.000Z',
      key: 'k0',
      value: 'v0',
      headers: [{ key: 'h', value: 'x' }],
    })
  })

  it('reads the partitions that were asked for', async () => {
    expect((await consume('parts', '--partition', '1')).printed).toBe('b0\n')
    expect((await consume('parts')).printed.split('\n').sort((a, b) => a.localeCompare(b))).toEqual(['', 'a0', 'a1', 'a2', 'a3', 'b0'])
    expect(await consume('parts', '--partition', '2')).toMatchObject({
      code: 4,
      said: expect.stringContaining('topic "parts" has no partition 2'),
    })
  })

  it('says of which partitions it found no such offset, and fails when none has it', async () => {
    expect(await consume('parts', '--from', '3')).toEqual({
      code: 0,
      printed: 'a3\n',
      said: 'partition 1 of "parts" ends before offset 1\n',
    })
    expect(await consume('parts', '--from', '9')).toMatchObject({
      code: 4,
      printed: '',
      said: expect.stringMatching(/^error: there is no offset 9: /),
    })
  })

  it('with --follow goes on with what is written, until it is interrupted', async () => {
    const terminal = new PlayedTerminal()
    const ended = run(['consume', 'pair', '--follow', '--bootstrap', ottla.bootstrap], terminal)
    await ottla.run(['produce', 'pair'], { typed: ['first\n'] })
    await terminal.waitFor(/^first\n$/)
    await ottla.run(['produce', 'pair'], { typed: ['second\n'] })
    await terminal.waitFor(/^first\nsecond\n$/)
    terminal.interrupt()
    expect(await ended).toBe(0)
  })

  it('ends quietly when nobody reads any more', async () => {
    const terminal = new PlayedTerminal()
    terminal.output.once('data', () => terminal.output.destroy())
    expect(await run(['consume', 'days', '--follow', '--bootstrap', ottla.bootstrap], terminal)).toBe(0)
    expect(terminal.said).toBe('')
  })

  it('names the topic that was probably meant', async () => {
    expect(await consume('day')).toMatchObject({
      code: 4,
      said: `error: there is no topic "day" on ${ottla.bootstrap}. Did you mean "days"?\n`,
    })
  })
})
