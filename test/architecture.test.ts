// The rules of docs/architecture.md as a test: who may import whom, who touches disk, network and time, how large a file may grow, how it is named.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SOURCE_ROOT = fileURLToPath(new URL('../src', import.meta.url))
const LINES_MAX = 400

/** Rooms, and files with rules of their own, with the rooms that they may import besides themselves. Downwards only. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  wire: ['lib'],
  config: ['lib'],
  disk: ['lib'],
  log: ['disk', 'wire', 'lib'],
  upkeep: ['log', 'disk', 'wire', 'lib'],
  topics: ['log', 'upkeep', 'wire', 'config', 'lib', 'disk'],
  groups: ['topics', 'wire', 'config', 'lib'],
  transactions: ['topics', 'wire', 'config', 'lib'],
  handlers: ['topics', 'groups', 'transactions', 'wire', 'config', 'lib'],
  server: ['handlers', 'wire', 'config', 'lib'],
  client: ['wire', 'lib'],
  'broker-counters.ts': ['handlers', 'groups', 'lib', 'disk', 'log', 'topics', 'upkeep', 'server'],
  'broker-storage.ts': ['lib', 'config', 'disk', 'log', 'upkeep', 'topics', 'transactions'],
  'broker.ts': [
    'broker-storage.ts',
    'broker-counters.ts',
    'lib',
    'wire',
    'config',
    'disk',
    'log',
    'topics',
    'groups',
    'transactions',
    'handlers',
    'server',
  ],
  'start-broker.ts': ['broker.ts', 'config', 'lib'],
  'index.ts': ['start-broker.ts', 'broker.ts', 'config', 'disk', 'lib', 'server', 'topics'],
  cli: ['broker.ts', 'broker-counters.ts', 'client', 'config', 'wire', 'log', 'upkeep', 'topics', 'disk', 'lib'],
}

const BANNED_NAMES = /(^|-)(utils?|helpers?|common|manager|misc|impl)(-|\.)/

interface SourceFile {
  path: string // relative to src, with /
  room: string
  text: string
  imports: string[] // relative to src, or node:… or a package
}

const files: SourceFile[] = readdirSync(SOURCE_ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => {
    const path = name.split(sep).join('/')
    const text = readFileSync(join(SOURCE_ROOT, name), 'utf8')
    const specifiers = [
      ...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\s*\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g),
    ]
    const imports = specifiers.map((match) => {
      const specifier = (match[1] ?? match[2] ?? match[3])!
      return specifier.startsWith('.')
        ? relative(SOURCE_ROOT, join(SOURCE_ROOT, dirname(name), specifier))
            .split(sep)
            .join('/')
        : specifier
    })
    return { path, room: path.split('/')[0]!, text, imports }
  })

const isOurs = (specifier: string): boolean => specifier.endsWith('.ts')
const code = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')
const offenders = (isOffence: (file: SourceFile) => boolean): string[] => files.filter(isOffence).map((file) => file.path)
const importing = (modules: RegExp, allowed: RegExp): string[] =>
  offenders((file) => !allowed.test(file.path) && file.imports.some((specifier) => modules.test(specifier)))

describe('the architecture', () => {
  it('knows every room', () => {
    expect([...new Set(files.map((file) => file.room))].filter((room) => !(room in MAY_IMPORT))).toEqual([])
  })

  it('imports downwards only', () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .filter(isOurs)
        .filter((target) => target.split('/')[0] !== file.room && !MAY_IMPORT[file.room]?.includes(target.split('/')[0]!))
        .map((target) => `${file.path} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('has no import cycles', () => {
    const byPath = new Map(files.map((file) => [file.path, file]))
    const state = new Map<string, 'open' | 'done'>()
    const cycles: string[] = []
    const visit = (path: string, trail: string[]): void => {
      if (state.get(path) === 'done') return
      if (state.get(path) === 'open') return void cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
      state.set(path, 'open')
      for (const target of byPath.get(path)?.imports.filter(isOurs) ?? []) visit(target, [...trail, path])
      state.set(path, 'done')
    }
    for (const file of files) visit(file.path, [])
    expect(cycles).toEqual([])
  })

  it('touches the disk only in disk/, and in the cli for files that the user names', () => {
    expect(importing(/^node:fs/, /^(disk|cli)\//)).toEqual([])
  })

  it('opens sockets only in server/listener.ts and client/, and for the lock of a folder', () => {
    expect(importing(/^node:(net|tls|http|dgram)/, /^(server\/(listener|connection|adopt)\.ts|client\/|disk\/lock-socket\.ts)/)).toEqual([])
    expect(
      offenders(
        (file) => /\b(createServer|createConnection|connect)\(/.test(code(file.text)) && /^server\/(connection|adopt)\.ts$/.test(file.path),
      ),
    ).toEqual([])
  })

  it('reads the time only in lib/clock.ts, and in the cli', () => {
    const readsTime = /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bset(Timeout|Interval)\(|process\.hrtime/
    expect(offenders((file) => !/^(lib\/clock\.ts|cli\/)/.test(file.path) && readsTime.test(code(file.text)))).toEqual([])
  })

  it('ends the process only in the cli', () => {
    expect(offenders((file) => file.room !== 'cli' && /process\.(exit|abort)\b/.test(code(file.text)))).toEqual([])
  })

  it('reads environment variables only in the cli, in config, and for the size of the thread pool', () => {
    expect(
      offenders((file) => !/^(cli\/|config\/|lib\/thread-pool\.ts$)/.test(file.path) && /process\.env\b/.test(code(file.text))),
    ).toEqual([])
  })

  it(`keeps every file under ${LINES_MAX} lines, and opens it with what it is`, () => {
    expect(offenders((file) => file.text.split('\n').length > LINES_MAX)).toEqual([])
    expect(offenders((file) => !file.text.startsWith('// '))).toEqual([])
  })

  it('names files by the kebab-case noun of what they hold', () => {
    expect(offenders((file) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(file.path))).toEqual([])
    expect(offenders((file) => BANNED_NAMES.test(file.path.split('/').at(-1)!))).toEqual([])
  })

  it('splits a room past 15 files, handlers and messages excepted', () => {
    const counts = new Map<string, number>()
    for (const file of files) counts.set(dirname(file.path), (counts.get(dirname(file.path)) ?? 0) + 1)
    expect([...counts].filter(([folder, count]) => count > 15 && !/(^|\/)(handlers|messages)$/.test(folder))).toEqual([])
  })
})
