import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/program.ts'
import { OttlaForCommands } from './ottla-for-commands.ts'
import { PlayedTerminal } from './played-terminal.ts'

let ottla: OttlaForCommands
beforeAll(async () => {
  ottla = await OttlaForCommands.start()
  await ottla.run(['topic', 'create', 'three', '--partitions', '3'])
})
afterAll(() => ottla.stop())

const produce = (typed: (string | Buffer)[], ...commandLine: string[]) => ottla.run(['produce', ...commandLine], { typed })
const consume = async (topic: string, ...flags: string[]) => (await ottla.run(['consume', topic, ...flags])).printed

describe('ottla produce', () => {
  it('writes the lines of standard input, and says so once they are acknowledged', async () => {
    await ottla.run(['topic', 'create', 'a'])
    expect(await produce(['one\ntw', 'o\n', 'three'], 'a')).toEqual({ code: 0, printed: 'wrote 3 records (11 bytes) to "a"\n', said: '' })
    expect(await consume('a')).toBe('one\ntwo\nthree\n')
  })

  it('writes the lines of files, in their order, and of standard input as -', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ottla-produce-'))
    writeFileSync(join(folder, 'one'), '1\n2\n')
    writeFileSync(join(folder, 'two'), '3')
    expect((await produce(['0\n'], 'b', '-', join(folder, 'one'), join(folder, 'two'))).printed).toBe('wrote 4 records (4 bytes) to "b"\n')
    expect(await consume('b')).toBe('0\n1\n2\n3\n')
    rmSync(folder, { recursive: true })
  })

  it('says when the broker has created the topic for it', async () => {
    expect((await produce(['x\n'], 'new-one')).said).toBe('created topic "new-one" with 1 partition, as the broker does by itself\n')
    expect((await produce(['x\n'], 'new-one')).said).toBe('')
  })

  it('parts keys from values, and keeps each key in one partition', async () => {
    await produce(['a:1\nb:2\na:3\n'], 'three', '--key-separator', ':')
    await produce(['a\t4\n'], 'three', '--key-separator', '\\t')
    const records = (await consume('three', '--json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; value: string; partition: number })
    expect(records.filter(({ key }) => key === 'a').map(({ value }) => value)).toEqual(['1', '3', '4'])
    expect(new Set(records.filter(({ key }) => key === 'a').map(({ partition }) => partition)).size).toBe(1)
  })

  it('writes to the partition that was asked for', async () => {
    const { printed } = await produce(['x\ny\n'], 'three', '--partition', '2', '--json')
    expect(JSON.parse(printed)).toMatchObject({ topic: 'three', records: 2, bytes: 2, partitions: [{ partition: 2, records: 2 }] })
    expect(await produce(['x\n'], 'three', '--partition', '3')).toMatchObject({
      code: 4,
      said: 'error: topic "three" has no partition 3 (UNKNOWN_TOPIC_OR_PARTITION)\n',
    })
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('compresses with %s', async (codec) => {
    await produce([`${'x'.repeat(1000)}\n`.repeat(100)], `with-${codec}`, '--codec', codec)
    expect(await consume(`with-${codec}`)).toBe(`${'x'.repeat(1000)}\n`.repeat(100))
  })

  it('takes what consume prints as JSON, byte for byte', async () => {
    await produce([Buffer.from([0xff, 0x00, 0x0a]), '{"x":1}\n'], 'raw')
    const printed = await consume('raw', '--json')
    await produce([printed], 'copy', '--format', 'json')
    const withoutTopic = (text: string) => text.replaceAll(/"topic":"\w+"/g, '')
    expect(withoutTopic(await consume('copy', '--json'))).toBe(withoutTopic(printed))
    expect(printed).toContain('{"base64":"/wA="}')
  })

  it('names the line that it could not take, and writes those before it', async () => {
    const { code, said } = await produce(['{"value":"1"}\n{"value":"2"}\nthree\n'], 'broken', '--format', 'json')
    expect(code).toBe(1)
    expect(said).toContain('error: line 3 of standard input: it is not JSON. 2 records had been written before\n')
    expect(await consume('broken')).toBe('1\n2\n')
  })

  it('passes on what the broker refuses', async () => {
    await ottla.run(['topic', 'create', 'keyed', '--config', 'cleanup.policy=compact'])
    const { code, said } = await produce(['no key\n'], 'keyed')
    expect(code).toBe(4)
    expect(said).toMatch(/^error: .*\(INVALID_RECORD\)/)
  })

  it('fails for a file that is not there', async () => {
    expect(await produce([], 'three', '/no/such/file')).toMatchObject({ code: 1, said: 'error: there is no file /no/such/file\n' })
  })

  it('that is interrupted writes what it has read, and ends well', async () => {
    const terminal = new PlayedTerminal()
    const input = new PassThrough()
    const ended = run(['produce', 'cut', '--bootstrap', ottla.bootstrap], Object.assign(terminal, { input }))
    input.write('one\ntwo\nthr')
    while (!terminal.hasInterruptListener) await new Promise((resolve) => setImmediate(resolve))
    while (input.readableLength > 0) await new Promise((resolve) => setImmediate(resolve))
    terminal.interrupt()
    expect(await ended).toBe(0)
    expect(await consume('cut')).toBe('one\ntwo\n')
  })

  it('shows its progress to a person who waits, and leaves nothing of it', async () => {
    const terminal = new PlayedTerminal()
    const input = new PassThrough()
    terminal.errors.isTTY = true
    const ended = run(['produce', 'slow', '--bootstrap', ottla.bootstrap], Object.assign(terminal, { input }))
    input.write('one\n')
    while (!terminal.said.includes('1 record, 3 bytes')) await new Promise((resolve) => terminal.errors.once('data', resolve))
    input.end()
    expect(await ended).toBe(0)
    expect(terminal.said.endsWith('\r\u001B[K')).toBe(true)
  })
})
