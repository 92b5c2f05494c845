import { describe, expect, it } from 'vitest'
import { type GroupReport, reportText, topicsText } from '../../../src/cli/group/describe-text.ts'
import { parseDuration } from '../../../src/cli/group/duration.ts'
import { offsetsCsv, parseOffsetsCsv } from '../../../src/cli/group/offsets-csv.ts'
import { collectTopics } from '../../../src/cli/group/topic-choice.ts'

describe('offsets as CSV', () => {
  const rows = [
    { topic: 'orders', partition: 0, offset: 12 },
    { topic: 'pay.ments', partition: 10, offset: 0 },
  ]

  it('are read as they were written', () => {
    expect(offsetsCsv(rows)).toBe('orders,0,12\npay.ments,10,0')
    expect(parseOffsetsCsv(`${offsetsCsv(rows)}\n`, 'billing')).toEqual(rows)
  })

  it('are those of the group, where rows name one', () => {
    const text = '"a, ""b""",orders,0,12\r\nother,orders,1,13\r\n\r\n"a, ""b""", orders ,2,14'
    expect(parseOffsetsCsv(text, 'a, "b"')).toEqual([
      { topic: 'orders', partition: 0, offset: 12 },
      { topic: 'orders', partition: 2, offset: 14 },
    ])
  })

  it.each(['orders,0', 'orders,0,x', 'orders,-1,2', ',0,1', 'a,b,c,0,1', 'topic,partition,offset'])('are not %s', (line) => {
    expect(() => parseOffsetsCsv(`orders,0,1\n${line}\n`, 'billing')).toThrow(/^line 2 is not topic,partition,offset/)
  })
})

describe('a duration', () => {
  it.each([
    ['PT1H', 3_600_000],
    ['P7D', 604_800_000],
    ['P1DT2H3M4.5S', 93_784_500],
    ['pt90s', 90_000],
  ])('may be %s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['P', 'PT', '1H', 'P1H', 'P1DT', 'PT1H1', '-PT1H', ''])('is not %s', (text) => {
    expect(() => parseDuration(text)).toThrow('It must be a duration')
  })
})

describe('topics and partitions', () => {
  it('are gathered as they are named', () => {
    expect(collectTopics('orders:0,1,0', collectTopics('payments'))).toEqual([
      { topic: 'payments', partitions: undefined },
      { topic: 'orders', partitions: [0, 1] },
    ])
  })

  it.each(['', ':1', 'orders:', 'orders:a', 'orders:1,'])('are not %j', (text) => {
    expect(() => collectTopics(text)).toThrow('It must be a topic')
  })

  it('are printed with ranges', () => {
    expect(topicsText([{ topic: 'orders', partitions: [5, 1, 2, 3, 10] }])).toBe('orders:1-3,5,10')
    expect(topicsText([{ topic: 'orders', partitions: [] }])).toBe('-')
    expect(
      topicsText([
        { topic: 'a', partitions: [1] },
        { topic: 'b', partitions: [0, 1] },
      ]),
    ).toBe('a:1 b:0-1')
    expect(topicsText(null)).toBe('?')
  })
})

describe('the text of a described group', () => {
  const member = {
    memberId: 'reader-1',
    groupInstanceId: null,
    clientId: 'reader',
    host: '10.0.0.1',
    memberEpoch: 7,
    protocol: 'consumer',
    assignment: [{ topic: 'orders', partitions: [0] }],
    targetAssignment: [{ topic: 'orders', partitions: [0] }],
  } as const
  const event = (second: number, reason: string) => ({
    timeMs: Date.UTC(2026, 0, 31, 12, 0, second),
    kind: 'expired',
    memberId: 'reader-2',
    clientId: 'reader',
    generation: 7,
    reason,
  })
  const place = { topic: 'orders', metadata: '', leaderEpoch: -1 }
  const report: GroupReport = {
    group: {
      groupId: 'billing',
      type: 'consumer',
      protocolType: 'consumer',
      state: 'Stable',
      assignor: 'uniform',
      groupEpoch: 7,
      members: [member],
      history: Array.from({ length: 12 }, (_, index) => event(index, `session timed out after ${index} s`)),
    },
    coordinator: { brokerId: 1, host: 'localhost', port: 9092 },
    offsets: [
      { ...place, partition: 0, committedOffset: 10, logEndOffset: 12, lag: 2, member },
      { ...place, partition: 1, committedOffset: null, logEndOffset: 5, lag: null, member: null },
    ],
  }

  it('has the group, its offsets and lag, its members and what happened last', () => {
    expect(reportText(report, undefined))
      .toBe(`group "billing" is Stable: 1 member, consumer protocol, assigned by uniform, epoch 7, coordinated by broker 1 (localhost:9092)

TOPIC   PARTITION  COMMITTED  LOG END  LAG  CLIENT  HOST      MEMBER
orders          0  10              12  2    reader  10.0.0.1  reader-1
orders          1  -                5  -    -       -         -
2 records behind in 2 partitions, of which 1 has nothing committed

MEMBER    CLIENT  HOST      EPOCH  PARTITIONS
reader-1  reader  10.0.0.1      7  orders:0

TIME                      EVENT    GENERATION  MEMBER    REASON
${[2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
  .map(
    (second) =>
      `2026-01-31T12:00:${String(second).padStart(2, '0')}.000Z  expired           7  reader-2  session timed out after ${second} s`,
  )
  .join('\n')}`)
  })

  it('has the parts that were asked for, and those whole', () => {
    const text = reportText(report, new Set(['history'] as const))
    expect(text).toContain('session timed out after 0 s')
    expect(text).not.toContain('TOPIC')
    expect(text).not.toContain('PARTITIONS')
  })

  it('shows what a member is to have, while that is something else', () => {
    const moving = { ...member, targetAssignment: [{ topic: 'orders', partitions: [0, 1] }] }
    expect(reportText({ ...report, group: { ...report.group, members: [moving] } }, new Set(['members'] as const))).toMatch(
      /PARTITIONS {2}TO BE\n.*orders:0 +orders:0-1$/,
    )
  })

  it('says what there is nothing of', () => {
    const empty = { ...report, offsets: [], group: { ...report.group, members: [], history: [] } }
    expect(reportText(empty, undefined)).toMatch(/\n\nnothing is committed$/)
    expect(reportText(empty, new Set(['members', 'history'] as const))).toMatch(/no members\n\nno history is known/)
  })
})
