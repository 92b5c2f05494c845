import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OttlaForCommands } from './ottla-for-commands.ts'

let ottla: OttlaForCommands
beforeAll(async () => {
  ottla = await OttlaForCommands.start({ 'num.partitions': 2 })
})
afterAll(() => ottla.stop())

const run = (...commandLine: string[]) => ottla.run(commandLine)
const json = async (...commandLine: string[]): Promise<unknown> => JSON.parse((await run(...commandLine, '--json')).printed)

describe('ottla topic create', () => {
  it('creates topics with what was asked, and the broker’s defaults otherwise', async () => {
    expect(await run('topic', 'create', 'a1', 'a2')).toEqual({
      code: 0,
      printed: 'created topic "a1" with 2 partitions\ncreated topic "a2" with 2 partitions\n',
      said: '',
    })
    await run('topic', 'create', 'a3', '--partitions', '5', '--config', 'cleanup.policy=compact', '--config', 'flush.ms=7')
    expect(await json('topic', 'describe', 'a3')).toMatchObject({
      partitions: { length: 5 },
      configs: expect.arrayContaining([
        { name: 'cleanup.policy', value: 'compact', source: 'topic' },
        { name: 'flush.ms', value: '7', source: 'topic' },
      ]),
    })
  })

  it('refuses a topic that is there, unless that is fine', async () => {
    await run('topic', 'create', 'b')
    const { code, said } = await run('topic', 'create', 'b')
    expect({ code, said }).toEqual({
      code: 4,
      said: `error: topic "b" exists already on ${ottla.bootstrap}. To be content with that: --if-not-exists\n`,
    })
    expect(await run('topic', 'create', 'b', '--if-not-exists')).toMatchObject({ code: 0, printed: 'found topic "b" with 2 partitions\n' })
    expect(await json('topic', 'create', 'b', 'b2', '--if-not-exists')).toMatchObject([
      { name: 'b', partitions: 2, replicationFactor: 1, isNew: false },
      { name: 'b2', partitions: 2, replicationFactor: 1, isNew: true },
    ])
  })

  it('passes on what the broker says against it', async () => {
    expect(await run('topic', 'create', 'c', '--config', 'segment.byte=5')).toMatchObject({
      code: 4,
      said: 'error: there is no topic config "segment.byte"; did you mean "segment.bytes"? (INVALID_CONFIG)\n',
    })
    expect((await run('topic', 'create', 'c', '--replication-factor', '3')).said).toMatch(/^error: .*\(INVALID_REPLICATION_FACTOR\)\n$/)
  })
})

describe('ottla topic list', () => {
  it('is a table for people and a list for programs', async () => {
    await run('topic', 'create', 'list-me', '--partitions', '12')
    const { printed } = await run('topic', 'list')
    expect(printed).toMatch(/^NAME +PARTITIONS +REPLICAS\n/)
    expect(printed).toMatch(/\nlist-me +12 +1\n/)
    expect(await json('topic', 'list')).toContainEqual({
      name: 'list-me',
      partitions: 12,
      replicationFactor: 1,
      topicId: expect.stringMatching(/^[\w-]{22}$/),
      isInternal: false,
    })
  })

  it('says how to begin when there is none', async () => {
    const empty = await OttlaForCommands.start()
    expect((await empty.run(['topic', 'list'])).printed).toBe(
      `no topics on ${empty.bootstrap}. Create one with: ottla topic create orders\n`,
    )
    await empty.stop()
  })
})

describe('ottla topic describe', () => {
  it('shows partitions, offsets and what was configured', async () => {
    await run('topic', 'create', 'd', '--partitions', '1', '--config', 'segment.bytes=2000000')
    await ottla.run(['produce', 'd'], { typed: ['1\n2\n3\n'] })
    const { printed } = await run('topic', 'describe', 'd')
    expect(printed).toMatch(/^topic "d", id [\w-]{22}\n\n/)
    expect(printed).toMatch(/\n +0 +1 +1 +0 +3\n/)
    expect(printed).toMatch(/\nCONFIG +VALUE +SET BY\nsegment.bytes +2000000 +topic\n$/)
    expect(printed).not.toContain('retention.ms')
    expect((await run('topic', 'describe', 'd', '--all-configs')).printed).toContain('retention.ms')
  })

  it('names the topic that was probably meant', async () => {
    await run('topic', 'create', 'orders')
    expect(await run('topic', 'describe', 'ordrs')).toEqual({
      code: 4,
      printed: '',
      said: `error: there is no topic "ordrs" on ${ottla.bootstrap}. Did you mean "orders"?\n`,
    })
  })
})

describe('ottla topic alter', () => {
  async function ownConfigs(name: string): Promise<{ partitions: number; configs: string[] }> {
    type Described = { partitions: unknown[]; configs: { name: string; value: string; source: string }[] }
    const { partitions, configs } = (await json('topic', 'describe', name)) as Described
    const own = configs.filter(({ source }) => source === 'topic').map((config) => `${config.name}=${config.value}`)
    return { partitions: partitions.length, configs: own }
  }

  it('gives a topic more partitions and other configs, and says so', async () => {
    await run('topic', 'create', 'alter', '--partitions', '1', '--config', 'flush.ms=7')
    const changes = ['--partitions', '3', '--set', 'retention.ms=5000', '--set', 'cleanup.policy=compact,delete', '--unset', 'flush.ms']
    expect(await run('topic', 'alter', 'alter', ...changes)).toEqual({
      code: 0,
      printed: 'altered topic "alter": 3 partitions, retention.ms=5000, cleanup.policy=compact,delete, flush.ms unset\n',
      said: '',
    })
    expect(await ownConfigs('alter')).toEqual({ partitions: 3, configs: ['cleanup.policy=compact,delete', 'retention.ms=5000'] })
    expect(await json('topic', 'alter', 'alter', '--set', 'flush.ms=9')).toEqual({
      name: 'alter',
      partitions: null,
      set: { 'flush.ms': '9' },
      unset: [],
    })
  })

  it('changes nothing when a part of it is refused', async () => {
    await run('topic', 'create', 'alter-not', '--partitions', '2')
    expect(await run('topic', 'alter', 'alter-not', '--partitions', '1', '--set', 'flush.ms=7')).toMatchObject({
      code: 4,
      said: 'error: topic "alter-not" has 2 partitions: it cannot shrink to 1 (INVALID_PARTITIONS)\n',
    })
    expect(await run('topic', 'alter', 'alter-not', '--partitions', '3', '--set', 'flush.ms=x')).toMatchObject({ code: 4 })
    expect(await ownConfigs('alter-not')).toEqual({ partitions: 2, configs: [] })
  })

  it('wants to be told what to alter, and of which topic', async () => {
    await run('topic', 'create', 'payments')
    expect(await run('topic', 'alter', 'payments')).toMatchObject({
      code: 2,
      said: expect.stringContaining('there is nothing to alter. Give --partitions, --set or --unset'),
    })
    expect((await run('topic', 'alter', 'paymnts', '--partitions', '3')).said).toContain('Did you mean "payments"?')
    expect((await run('topic', 'alter', 'payments', '--unset', 'flush.ms=7')).said).toContain('It must be a name alone, as flush.ms.')
  })
})

describe('ottla topic delete', () => {
  it('deletes, and says so', async () => {
    await run('topic', 'create', 'e1', 'e2')
    expect(await run('topic', 'delete', 'e1')).toEqual({ code: 0, printed: 'deleted topic "e1"\n', said: '' })
    expect(await json('topic', 'delete', 'e1', 'e2', '--if-exists')).toEqual({ deleted: ['e2'] })
  })

  it('fails for a topic that is not there', async () => {
    expect(await run('topic', 'delete', 'nothing-like-it')).toMatchObject({
      code: 4,
      said: `error: there is no topic "nothing-like-it" on ${ottla.bootstrap}. To be content with that: --if-exists\n`,
    })
  })
})
