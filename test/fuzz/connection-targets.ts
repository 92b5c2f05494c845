// Whole connections: several frames on each, cut anywhere, pipelined, the client leaving as clients do. Checked is that everything is answered in order with
// something that can be read, or the connection ended for a reason.

import { below, chance, pick, type Random } from '../support/random.ts'
import { converse, framesIn, LEAVES, type Conversation } from './conversation.ts'
import { chunksOf, cutsOf } from './decoder-targets.ts'
import { wrongAnswer } from './expected-answers.ts'
import { REQUEST_BYTES_MAX, type FuzzedBroker } from './fuzzed-broker.ts'
import { randomFrame, veryLongFrame } from './random-frames.ts'
import { target, type Target } from './target.ts'

const FRAMES_MAX = 16
const CUTS_MAX = 8

function conversation(random: Random, broker: FuzzedBroker): Conversation {
  const frames = Array.from({ length: 1 + below(random, FRAMES_MAX) }, () => randomFrame(random, broker))
  const whole = Buffer.concat(frames)
  const bytes = chance(random, 0.1) ? whole.subarray(0, below(random, whole.length)) : whole
  const leave = chance(random, 0.8) ? 'finish' : pick(random, LEAVES)
  return { bytes, cuts: cutsOf(random, bytes.length, CUTS_MAX), leave }
}

export const connectionTargets = (broker: FuzzedBroker): readonly Target[] => {
  const aboutConnections = {
    frameCount: ({ bytes }: Conversation) => Math.max(1, framesIn(bytes, REQUEST_BYTES_MAX).length),
    async try({ bytes, cuts, leave }: Conversation) {
      const answers = await converse(broker.port, chunksOf(bytes, cuts), leave)
      const complaints = broker.takeComplaints()
      if (complaints.length > 0) throw new Error(`the broker complains: ${complaints.join('; ')}`)
      if (answers === undefined) return
      const wrong = wrongAnswer(framesIn(bytes, REQUEST_BYTES_MAX), answers, broker.served)
      if (wrong !== undefined) throw new Error(wrong)
    },
  }
  return [
    target<Conversation>({ name: 'connection', weight: 1000, make: (random) => conversation(random, broker), ...aboutConnections }),
    target<Conversation>({
      name: 'long request',
      weight: 2,
      make: (random) => ({ bytes: veryLongFrame(random, broker), cuts: [], leave: 'finish' }),
      ...aboutConnections,
    }),
  ]
}
