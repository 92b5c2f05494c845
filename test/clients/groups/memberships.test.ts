// What a group's members go through besides coming and going: another protocol member by member, restarts of static members, and being too slow.

import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { newTopic } from '../../support/broker-process.ts'
import type { GroupBreach, GroupEvent } from '../../support/group-judge.ts'
import { describeWith } from '../../support/test-clients.ts'
import { GroupBroker } from './group-broker.ts'
import { confluentMembers, type GroupClient, SESSION_TIMEOUT_MS, verifiableConsumers } from './group-clients.ts'
import { GroupRun } from './group-run.ts'
import type { Member } from './member.ts'
import { TopicWriter } from './topic-writer.ts'

const PARTITIONS = 6
const SIZE = 3
const consumer = verifiableConsumers('consumer', 'uniform')

/** For static members: longer than it takes a JVM to start on a busy machine. */
const LONG_SESSION_MS = 45_000

const WITHIN_MS = 300_000

describeWith('kafka', 'confluent-kafka')('the members of a group', () => {
  vi.setConfig({ testTimeout: WITHIN_MS })
  let broker: GroupBroker
  let patient: GroupBroker

  beforeAll(async () => {
    ;[broker, patient] = await Promise.all([
      GroupBroker.start(),
      GroupBroker.start({ 'group.consumer.session.timeout.ms': LONG_SESSION_MS }),
    ])
  })

  afterAll(() => Promise.all([broker?.stop(), patient?.stop()]))

  async function judged(name: string, live: (run: GroupRun) => Promise<void>, { bootstrap } = broker): Promise<GroupBreach[]> {
    const writer = await TopicWriter.start(bootstrap, newTopic(name), PARTITIONS)
    const run = new GroupRun(bootstrap, writer, newTopic(name))
    try {
      await live(run)
      await run.committed()
      return await run.finish(await writer.stop())
    } finally {
      await run.abandon()
    }
  }

  async function startAll(run: GroupRun, client: GroupClient, instanceId?: (index: number) => string): Promise<Member[]> {
    const members = Array.from({ length: SIZE }, (_, index) => run.start(client, instanceId?.(index)))
    await run.settled()
    await run.caughtUp()
    return members
  }

  /** One leaves, one comes by the other client, and so on. */
  async function replaceEach(run: GroupRun, members: readonly Member[], client: GroupClient): Promise<Member[]> {
    const replacements: Member[] = []
    for (const member of members) {
      await run.leave(member)
      replacements.push(run.start(client))
      await run.settled()
      await run.caughtUp()
    }
    return replacements
  }

  it.concurrent.each([
    ['an eager', 'RangeAssignor'],
    ['a cooperative', 'CooperativeStickyAssignor'],
  ])('change to the consumer protocol from %s classic one, and back, one by one, without losing their place', async (_, assignor) => {
    const classic = verifiableConsumers('classic', assignor)
    const breaches = await judged('migration', async (run) => {
      const members = await replaceEach(run, await startAll(run, classic), consumer)
      await replaceEach(run, members, classic)
    })
    expect(breaches).toEqual([])
  })

  // A killed one's instance id is free in the consumer protocol only once its session has ended.
  it.concurrent.each([
    ['classic', verifiableConsumers('classic', 'RangeAssignor', LONG_SESSION_MS), ['leave', 'kill']],
    ['consumer', consumer, ['leave']],
  ] as const)(
    'are static in the %s protocol: one that restarts takes up what it had, and the others notice nothing',
    async (_, client, ends) => {
      const breaches = await judged(
        'static',
        async (run) => {
          const members = await startAll(run, client, instanceOf)
          for (const [index, end] of ends.entries()) {
            const member = members[index]!
            const [had, count] = [new Set(member.owned), run.eventCount]
            await run[end](member)
            const restarted = run.start(client, instanceOf(index))
            await run.settled()
            await run.caughtUp()
            expect(restarted.owned).toEqual(had)
            const others = ({ member: name }: GroupEvent): boolean => name !== restarted.name && name !== member.name
            expect(run.changesSince(count).filter(others)).toEqual([])
          }
        },
        patient,
      )
      expect(breaches).toEqual([])
    },
  )

  // librdkafka gives nothing back in the consumer protocol before it is polled again.
  it.concurrent.each([
    ['classic', { 'session.timeout.ms': SESSION_TIMEOUT_MS }, 'outlast'],
    ['consumer', { 'group.protocol': 'consumer' }, 'slowDown'],
  ] as const)('leave when they do not poll, in the %s protocol, and come back', async (_, config, act) => {
    const breaches = await judged('slow', async (run) => {
      const slow = confluentMembers({ ...config, 'max.poll.interval.ms': SESSION_TIMEOUT_MS }, 2 * SESSION_TIMEOUT_MS)
      const [member] = (await startAll(run, slow)) as [Member]
      await run[act](member)
      await run.caughtUp()
    })
    expect(breaches).toEqual([])
  })
})

const instanceOf = (index: number): string => `instance-${index}`
