import { describe, expect, it } from 'vitest'
import { runCommand } from './played-terminal.ts'

const COMMANDS = [['start'], ['topic', 'create'], ['topic', 'list'], ['topic', 'describe'], ['topic', 'delete'], ['produce'], ['consume']]

describe('the command line', () => {
  it('without a command shows its commands, as a usage error', async () => {
    const { code, said } = await runCommand([])
    expect(code).toBe(2)
    for (const [command] of COMMANDS) expect(said).toContain(`  ${command}`)
    expect(said).not.toContain('docs')
  })

  it.each(COMMANDS)('has help with examples for %s %s', async (...command) => {
    const { code, printed } = await runCommand([...command.filter((word) => word !== undefined), '--help'])
    expect(code).toBe(0)
    expect(printed).toMatch(/^Usage: ottla /)
    expect(printed).toMatch(/\nExamples:\n {2}\$ /)
    expect(printed.split('\n').filter((line) => line.length > 110 && !line.includes('$ '))).toEqual([])
  })

  it('prints its version', async () => {
    const { code, printed } = await runCommand(['--version'])
    expect({ code, printed }).toEqual({ code: 0, printed: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })

  it.each([
    [['tpoic', 'list'], "unknown command 'tpoic'\n(Did you mean topic?)"],
    [['topic', 'create', 'a', '--partition', '3'], "unknown option '--partition'\n(Did you mean --partitions?)"],
    [['topic', 'create'], "missing required argument 'name'"],
    [['topic', 'create', 'a', '--partitions', '0'], 'It must be a whole number above 0.'],
    [['topic', 'create', 'a', '--config', 'x'], 'It must be name=value'],
    [['consume', 'a', '--from', 'yesterday'], 'It must be earliest, latest, an offset, or a time'],
    [['consume', 'a', '--partition', 'x'], 'It must be a partition number'],
    [['produce', 'a', '--codec', 'rar'], 'Allowed choices are none, gzip, snappy, lz4, zstd.'],
    [['consume', 'a', '--bootstrap', 'a:b:c'], '--bootstrap must be an address as localhost:9092, or several with commas, not "a:b:c"'],
    [['start', '--port', 'x'], '--port must be a whole number from 0 to 65535, not "x"'],
    [['start', '--set', 'log.segment.bytes=1'], 'log.segment.bytes must be a whole number from 1048576 to 2147483647, not "1"'],
  ])('answers a mistake in %j with what is wrong, and exit code 2', async (commandLine, sentence) => {
    const { code, said, printed } = await runCommand(commandLine)
    expect(said).toMatch(/^error: /)
    expect(said).toContain(sentence)
    expect({ code, printed }).toEqual({ code: 2, printed: '' })
  })

  it('answers a broker that is not there with what to do, and exit code 3', async () => {
    const { code, said } = await runCommand(['topic', 'list', '--bootstrap', '127.0.0.1:1'])
    expect(code).toBe(3)
    expect(said).toBe('error: cannot reach a broker at 127.0.0.1:1 (ECONNREFUSED). Is one running there? Start one with: ottla start\n')
  })

  it('answers a file that is not there with its name, and exit code 1', async () => {
    const { code, said } = await runCommand(['start', '--config', '/no/such.properties'])
    expect({ code, said }).toEqual({ code: 1, said: 'error: there is no file /no/such.properties\n' })
  })
})
