import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OttlaForCommands } from '../ottla-for-commands.ts'

let ottla: OttlaForCommands

beforeAll(async () => {
  ottla = await OttlaForCommands.start()
  await ottla.run(['topic', 'create', 'orders', '--partitions', '2'])
  await ottla.run(['produce', 'orders', '--partition', '0'], { typed: ['a\nb\nc\n'] })
})
afterAll(() => ottla.stop())

const group = (...commandLine: string[]) => ottla.run(['group', ...commandLine])

describe('ottla group', () => {
  it('says that there is none, and which was probably meant', async () => {
    expect(await group('list')).toEqual({ code: 0, printed: `no groups on ${ottla.bootstrap}\n`, said: '' })
    await group('reset', 'billing', '--to', 'earliest', '--topic', 'orders', '--execute')
    expect(await group('describe', 'biling')).toEqual({
      code: 4,
      printed: '',
      said: `error: there is no group "biling" on ${ottla.bootstrap}. Did you mean "billing"?\n`,
    })
    expect(await group('list', '--state', 'stable')).toMatchObject({ printed: `no such groups on ${ottla.bootstrap}\n` })
    expect((await group('list', '--type', 'CLASSIC')).printed).toBe(
      'GROUP    STATE  TYPE     PROTOCOL  MEMBERS\nbilling  Empty  classic                  0\n',
    )
  })

  it('changes nothing until it is told to, and says so', async () => {
    await group('reset', 'dry', '--to', '1', '--topic', 'orders:0', '--execute')
    const plan = await group('reset', 'dry', '--to', 'latest', '--topic', 'orders:0')
    expect(plan).toEqual({
      code: 0,
      printed: 'TOPIC   PARTITION  IS  WOULD BE\norders          0   1         3\n',
      said: 'nothing was changed. To do it: --execute\n',
    })
    expect(await group('reset', 'dry', '--to', 'latest', '--topic', 'orders:0', '--dry-run')).toEqual(plan)
    expect((await group('describe', 'dry')).printed).toMatch(/orders +0 +1 +3 +2 /)
    expect((await group('reset', 'dry', '--to', '9', '--execute')).said).toBe(
      'warning: partition 0 of "orders" ends at offset 3: that is taken instead of 9\n',
    )
    expect((await group('describe', 'dry')).printed).toMatch(/orders +0 +3 +3 +0 /)
  })

  it.each<[string, string[], number, string]>([
    ['no place to go to', ['reset', 'g'], 2, 'give one of --to, --by-duration, --shift-by and --from-file'],
    ['two of them', ['reset', 'g', '--to', 'latest', '--shift-by', '1'], 2, 'give one of'],
    ['to do it and not', ['reset', 'g', '--to', 'latest', '--dry-run', '--execute'], 2, 'cannot be used with'],
    [
      'nothing that is committed',
      ['reset', 'g', '--to', 'latest'],
      4,
      'group "g" has committed nothing. Say where it is to begin with --topic',
    ],
    ['a topic that is not there', ['reset', 'g', '--to', 'latest', '--topic', 'ordrs'], 4, 'there is no topic "ordrs"'],
    [
      'a partition that is not there',
      ['reset', 'g', '--to', 'latest', '--topic', 'orders:2'],
      4,
      'topic "orders" has no partition 2, but 2 partitions',
    ],
    ['a file that is not there', ['reset', 'g', '--from-file', '/nowhere.csv'], 1, 'there is no file /nowhere.csv'],
    ['no group to describe', ['describe'], 2, 'name a group, or give --all'],
    ['no group to delete', ['delete', 'nobody'], 4, 'there is no group "nobody"'],
  ])('refuses %s', async (_, commandLine, code, said) => {
    expect(await group(...commandLine)).toMatchObject({ code, said: expect.stringContaining(said) })
  })

  it('deletes groups, and is content without them if it may be', async () => {
    await group('reset', 'gone', '--to', 'earliest', '--topic', 'orders', '--execute')
    expect(await group('delete', 'gone', 'gone', '--if-exists')).toEqual({
      code: 0,
      printed: 'deleted group "gone"\ndid not find group "gone"\n',
      said: '',
    })
    expect((await group('delete', 'gone', '--if-exists', '--json')).printed).toBe('{"deleted":[]}\n')
  })

  it.each(['classic', 'consumer'])('shows what a member of the %s protocol has read, and that it left', async (protocol) => {
    const name = `read-by-${protocol}`
    const consume = () => ottla.run(['consume', 'orders', '--group', name, '--group-protocol', protocol])
    expect(await consume()).toEqual({ code: 0, printed: 'a\nb\nc\n', said: '' })
    expect(await consume()).toEqual({ code: 0, printed: '', said: '' })
    const [described] = JSON.parse((await group('describe', name, '--json')).printed) as [{ history: { kind: string }[] }]
    expect(described).toMatchObject({
      type: protocol,
      state: 'Empty',
      totalLag: 0,
      offsets: [{ committedOffset: 3 }, { committedOffset: 0 }],
    })
    expect(described.history.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['joined', 'rebalance', 'left']))
  })

  it('refuses a partition of its own to a member of a group', async () => {
    expect(await ottla.run(['consume', 'orders', '--group', 'g', '--partition', '1'])).toMatchObject({ code: 2 })
    expect(await ottla.run(['consume', 'orders', '--group-protocol', 'classic'])).toMatchObject({ code: 2 })
  })
})
