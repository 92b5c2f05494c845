// A broker that is started once and warmed up, and then put under load, in each run with a topic of its own.

import type { Scenario } from '../case.ts'
import { CONTENDERS } from '../contenders.ts'
import type { Load } from '../loads.ts'

const SETTINGS = ['auto.create.topics.enable=false', 'log.segment.delete.delay.ms=500']
const WARM_UP_SECONDS = 12 // until its code is compiled

export const warmedUp =
  (load: Load): Scenario =>
  async ({ contender, folder, sizes: { seconds }, isProfiled }) => {
    const broker = await CONTENDERS[contender].start(folder, { settings: SETTINGS, isWatched: true, isProfiled })
    await load({ broker, topic: 'warm-up', seconds: WARM_UP_SECONDS })
    return {
      tellsProfile: true,
      async run(number) {
        await broker.stalls() // from now on
        const found = await load({ broker, topic: `run-${number}`, seconds })
        return { ...found, ...(await broker.stalls()) }
      },
      end: () => broker.stop(),
    }
  }
