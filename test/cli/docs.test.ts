import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { apisMarkdown } from '../../src/cli/docs/apis-page.ts'
import { temporaryFolder } from './ottla-for-commands.ts'
import { runCommand } from './played-terminal.ts'

let checkout: string
beforeEach(() => {
  checkout = temporaryFolder()
  mkdirSync(join(checkout, 'src/handlers'), { recursive: true })
  mkdirSync(join(checkout, 'docs'))
  writeFileSync(
    join(checkout, 'src/handlers/list-offsets.ts'),
    `// ListOffsets v1-11: the offset for a timestamp.
// - Latest answers the high watermark,
//   as readers expect.
// - Earliest answers the first offset.
// Differs from Kafka: there is no tiered storage.

import nothing
`,
  )
  writeFileSync(join(checkout, 'src/handlers/handler.ts'), '// What a handler is.\n')
  writeFileSync(join(checkout, 'src/handlers/produce.ts'), '// Produce v3-13: appends.\n')
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(checkout, { recursive: true })
})

const inCheckout = (...commandLine: string[]) => {
  vi.spyOn(process, 'cwd').mockReturnValue(checkout)
  return runCommand(commandLine)
}

describe('docs/apis.md', () => {
  it('is what the handlers say of themselves, in the order of the protocol', () => {
    expect(apisMarkdown(join(checkout, 'src/handlers'))).toContain(`| key | API | versions |
| --- | --- | --- |
| 0 | [Produce](#produce) | 3-13 |
| 2 | [ListOffsets](#listoffsets) | 1-11 |

## Produce

Versions 3-13. Appends.

## ListOffsets

Versions 1-11. The offset for a timestamp.

- Latest answers the high watermark, as readers expect.
- Earliest answers the first offset.

**Differs from Kafka:** there is no tiered storage.
`)
  })
})

describe('ottla docs', () => {
  it('writes the pages, and is content with them', async () => {
    expect((await inCheckout('docs', '--check')).said).toMatch(
      /^error: docs\/configs\.md, docs\/cli\.md, docs\/apis\.md, docs\/metrics\.md: not what the source says/,
    )
    expect((await inCheckout('docs')).printed).toBe('wrote docs/configs.md\nwrote docs/cli.md\nwrote docs/apis.md\nwrote docs/metrics.md\n')
    expect(await inCheckout('docs', '--check')).toEqual({ code: 0, printed: '', said: '' })
    expect(await inCheckout('docs')).toMatchObject({ printed: '' })
  })

  it('notices a page that is stale', async () => {
    await inCheckout('docs')
    writeFileSync(join(checkout, 'docs/cli.md'), 'old')
    expect(await inCheckout('docs', '--check')).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^error: docs\/cli\.md: not what the source says/),
    })
  })

  it('has every config and every command in them', async () => {
    await inCheckout('docs')
    const page = (name: string) => readFileSync(join(checkout, 'docs', name), 'utf8')
    for (const name of ['segment.bytes', 'retention.ms', 'log.dirs', 'data.dir', '--port <port>', 'OTTLA_LOG_SEGMENT_BYTES'])
      expect(page('configs.md')).toContain(name)
    for (const command of ['start', 'topic create', 'topic list', 'topic describe', 'topic delete', 'produce', 'consume', 'group reset']) {
      expect(page('cli.md')).toContain(`\n## ottla ${command}\n\n\`\`\`\nUsage: ottla ${command} `)
    }
    expect(page('cli.md')).not.toContain('ottla docs')
  })
})
