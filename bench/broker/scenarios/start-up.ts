// A broker with a topic on disk: how soon it is of use, and what it takes when nobody uses it. Each run starts it anew.

import { setTimeout } from 'node:timers/promises'
import { createTopics } from '../../../test/support/create-topics.ts'
import { WireConnection } from '../../../test/support/wire-connection.ts'
import type { Scenario, Setup } from '../case.ts'
import { CONTENDERS, type MeasuredBroker } from '../contenders.ts'
import { residentMegabytes } from '../../../test/support/resident.ts'
import { roundTrip, startAndAsk } from './round-trip.ts'

const TOPIC = 'first'

/** From the start of its process until a client that was waiting has written a record and read it. */
export const startUp: Scenario = async (setup) => {
  const start = await preparedStart(setup)
  return {
    async run() {
      const { broker, connection, answeredMs } = await startAndAsk(start, (connection) => roundTrip(connection, TOPIC))
      connection.close()
      await broker.stop()
      return { firstRoundTripMs: answeredMs }
    },
    end: () => Promise.resolve(),
  }
}

export const idle: Scenario = async (setup) => {
  const start = await preparedStart(setup)
  return {
    async run() {
      const broker = await start(0)
      await setTimeout(1000 * setup.sizes.seconds)
      const megabytes = residentMegabytes(broker.pid)
      await broker.stop()
      return { residentMegabytes: megabytes }
    },
    end: () => Promise.resolve(),
  }
}

async function preparedStart({ contender, folder }: Setup): Promise<(port: number) => Promise<MeasuredBroker>> {
  const start = (port: number): Promise<MeasuredBroker> => CONTENDERS[contender].start(folder, { settings: [], port })
  const broker = await start(0)
  const connection = await WireConnection.connect(broker.bootstrap)
  await createTopics(connection, [TOPIC])
  connection.close()
  await broker.stop()
  return start
}
