// What groups must live through: members join, leave, are killed and frozen, and the broker is killed below them all.

import type { GroupBreach } from '../../support/group-judge.ts'
import { newTopic } from '../../support/broker-process.ts'
import { GroupBroker } from './group-broker.ts'
import type { GroupClient } from './group-clients.ts'
import { GroupRun } from './group-run.ts'
import { TopicWriter } from './topic-writer.ts'

const PARTITIONS = 9 // one for the member that comes late, too

/** A member is started by each of the group's clients in turn. */
export interface ChurnedGroup {
  readonly clients: readonly GroupClient[]
  readonly size: number
}

/** All of them at once, below one broker: for each group the breaches of its rules, or why it did not come to an end. */
export async function churn(groups: Readonly<Record<string, ChurnedGroup>>): Promise<Record<string, () => GroupBreach[]>> {
  const broker = await GroupBroker.start()
  try {
    const writer = await TopicWriter.start(broker.bootstrap, newTopic('churn'), PARTITIONS)
    const runs = Object.entries(groups).map(([name, { clients, size }]) => {
      const run = new GroupRun(broker.bootstrap, writer, name)
      let next = 0
      return { name, run, size, start: () => run.start(clients[next++ % clients.length]!) }
    })
    const failures = new Map<string, unknown>()
    const inEach = async (act: (group: (typeof runs)[number]) => Promise<unknown>): Promise<void> => {
      const acting = runs.filter(({ name }) => !failures.has(name))
      await Promise.all(acting.map((group) => act(group).catch((failure: unknown) => failures.set(group.name, failure))))
    }
    await inEach(liveThroughMembers)
    await broker.killAndRestart()
    await inEach(liveThroughRestart)
    const topic = await writer.stop()
    const verdicts: Record<string, () => GroupBreach[]> = {}
    await inEach(async ({ name, run }) => {
      const breaches = await run.finish(topic)
      verdicts[name] = () => breaches
    })
    for (const { name, run } of runs) {
      if (!failures.has(name)) continue
      await run.abandon()
      verdicts[name] = () => {
        throw failures.get(name)
      }
    }
    return verdicts
  } finally {
    await broker.stop()
  }
}

interface Acting {
  readonly run: GroupRun
  readonly size: number
  readonly start: () => ReturnType<GroupRun['start']>
}

async function liveThroughMembers({ run, size, start }: Acting): Promise<void> {
  const members = [start()]
  await run.settled()
  while (members.length < size) members.push(start())
  await run.settled()
  await run.caughtUp()
  const [killed, frozen] = members as [(typeof members)[0], (typeof members)[0] | undefined]
  await run.kill(killed)
  if (frozen !== undefined) run.freeze(frozen)
  start()
  await run.settled()
  if (frozen !== undefined) run.thaw(frozen)
  await run.settled()
  await run.caughtUp()
}

async function liveThroughRestart({ run, start }: Acting): Promise<void> {
  await run.caughtUp()
  const late = start()
  await run.settled()
  await run.leave(late)
  await run.settled()
  await run.committed()
}
