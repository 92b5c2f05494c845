// Many partitions on disk, the same bytes for all contenders: how soon a broker is ready after a clean stop and after kill -9, and its memory then.
// Ready means the same for all: every partition has a leader, and a record of one is read; `all` is when each of them has told its end besides, which takes
// that it was checked. An Ottla writes the segments once. Kafka gets them as hard links, in place of those of topics that it created; nobody writes afterwards.
// A kill finds nothing that is known to be synced: Kafka scans the active segments anyhow, and ours loses the file that says how far it had synced.

import { copyFileSync, existsSync, linkSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { RECOVERY_POINTS } from '../../../src/log/checkpoints.ts'
import { askAll, askForLeaders, createAll, fetchOne, type FilledTopic, fillAll, filledTopics } from '../../partitions/filled-topics.ts'
import type { Scenario, Setup } from '../case.ts'
import { CONTENDERS, isOurs, type MeasuredBroker } from '../contenders.ts'
import type { Figures } from '../figures.ts'
import { residentMegabytes } from '../../../test/support/resident.ts'
import { askAgain, startAndAsk } from './round-trip.ts'

const WRITTEN_WITH = 'os'

export const manyPartitions: Scenario = async ({ contender, folder, sharedFolder, sizes }) => {
  const topics = filledTopics(sizes.partitions)
  const bytesPerPartition = 1000 * sizes.kilobytesPerPartition
  const filledFolder = await filled(sharedFolder, topics, bytesPerPartition)
  if (!isOurs(contender)) await giveSegments(filledFolder, { contender, folder }, topics)
  const dataFolder = isOurs(contender) ? filledFolder : folder
  const started = (port = 0): Promise<MeasuredBroker> => CONTENDERS[contender].start(dataFolder, { settings: [], port, isWatched: true })
  const first = await started() // Kafka learns what it was given
  await first.stop()

  const timedStart = async (): Promise<{ broker: MeasuredBroker; readyMs: number; allReadyMs: number }> => {
    const { broker, connection, answeredMs } = await startAndAsk(started, async (connection) => {
      await askForLeaders(connection, topics)
      await fetchOne(connection, topics)
    })
    await broker.stalls() // from now on: what is done before a broker is there holds up nobody
    const beforeMs = performance.now()
    await askAgain(() => askAll(connection, topics, bytesPerPartition)) // a leader of Kafka's may not know yet what it may show
    const allReadyMs = answeredMs + performance.now() - beforeMs
    connection.close()
    return { broker, readyMs: answeredMs, allReadyMs }
  }

  return {
    async run(): Promise<Figures> {
      const afterStop = await timedStart()
      await setTimeout(1000 * sizes.seconds)
      const megabytes = residentMegabytes(afterStop.broker.pid)
      await afterStop.broker.kill()
      if (isOurs(contender)) rmSync(join(dataFolder, RECOVERY_POINTS))
      const afterKill = await timedStart()
      const stalls = await afterKill.broker.stalls()
      await afterKill.broker.stop()
      return {
        readyMs: afterStop.readyMs,
        allReadyMs: afterStop.allReadyMs,
        readyAfterKillMs: afterKill.readyMs,
        allReadyAfterKillMs: afterKill.allReadyMs,
        residentMegabytes: megabytes,
        ...stalls,
      }
    },
    end: () => Promise.resolve(),
  }
}

/** An Ottla's folder, cleanly stopped: written by the first contender that needs it. */
async function filled(sharedFolder: string, topics: readonly FilledTopic[], bytesPerPartition: number): Promise<string> {
  const folder = join(sharedFolder, 'filled')
  if (existsSync(folder)) return folder
  const broker = await CONTENDERS[WRITTEN_WITH].start(folder, { settings: [] })
  await createAll(broker.bootstrap, topics)
  await fillAll(broker.bootstrap, topics, bytesPerPartition)
  await broker.stop()
  return folder
}

/** The records as hard links, so that they are there once; indexes as copies, since a broker writes into those of its own. */
async function giveSegments(
  filledFolder: string,
  { contender, folder }: Pick<Setup, 'contender' | 'folder'>,
  topics: readonly FilledTopic[],
): Promise<void> {
  const broker = await CONTENDERS[contender].start(folder, { settings: [] })
  await createAll(broker.bootstrap, topics)
  await broker.stop()
  for (const { name, partitions } of topics)
    for (let index = 0; index < partitions; index++) {
      const [source, target] = [join(filledFolder, `${name}-${index}`), join(broker.dataFolder, `${name}-${index}`)]
      const isOfTopic = (file: string): boolean => file === 'partition.metadata'
      for (const file of readdirSync(target)) if (!isOfTopic(file)) rmSync(join(target, file))
      for (const file of readdirSync(source)) {
        if (isOfTopic(file)) continue
        const give = file.endsWith('.log') ? linkSync : copyFileSync
        give(join(source, file), join(target, file))
      }
    }
}
