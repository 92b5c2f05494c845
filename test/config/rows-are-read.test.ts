// A setting that nobody reads is a promise that nobody keeps.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ownConfigNames } from '../../src/config/broker-configs.ts'
import { topicConfigs } from '../../src/config/topic-configs.ts'

const SOURCE_ROOT = fileURLToPath(new URL('../../src', import.meta.url))
const sourceWithout = (pattern: RegExp): string =>
  readdirSync(SOURCE_ROOT, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !pattern.test(name))
    .map((name) => readFileSync(join(SOURCE_ROOT, name), 'utf8'))
    .join('\n')

const COMPRESSION_LEVEL = /^compression\.(gzip|lz4|zstd)\.level$/ // read with the codec in the name
const isReadIn = (source: string, name: string): boolean =>
  [`['${name}']`, `config.${name}`, `{ ${name} }`].some((use) => source.includes(use)) ||
  (COMPRESSION_LEVEL.test(name) && source.includes('config[`compression.${compressionType}.level`]'))

describe('the config tables', () => {
  it('have no broker config that nothing reads', () => {
    const source = sourceWithout(/^config[/\\](broker|topic)-configs\.ts$/)
    expect(ownConfigNames.filter((name) => !isReadIn(source, name))).toEqual([])
  })

  it('mark every topic config that nothing reads as stored, and no other', () => {
    const source = sourceWithout(/^config[/\\]/)
    const marks = Object.entries(topicConfigs).map(([name, row]) => ({ name, isStored: 'stored' in row }))
    expect(marks.filter(({ name, isStored }) => isStored === isReadIn(source, name)).map(({ name }) => name)).toEqual([])
  })
})
