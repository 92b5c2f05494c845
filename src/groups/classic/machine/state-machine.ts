// The state machine of classic groups: a state and an event make the next state and what is to be done. It reads no clock and waits for nothing.

import type { ClassicState } from './classic-state.ts'
import type { ClassicEvent, Limits, Step } from './effects.ts'
import { join } from './joining.ts'
import { leave, sessionExpired } from './leaving.ts'
import { completeJoin, initialDelayOver, prepareRebalance, syncTimeOver } from './rebalance.ts'
import { memberStored } from './static-members.ts'
import { assignmentStored, sync } from './syncing.ts'
import { Transition } from './transition.ts'

type Handlers = { readonly [Kind in ClassicEvent['kind']]: (turn: Transition, event: Extract<ClassicEvent, { kind: Kind }>) => void }

const HANDLERS: Handlers = {
  join,
  sync,
  leave,
  assignmentStored,
  memberStored,
  syncTimeOver,
  sessionExpired: (turn, { memberId }) => sessionExpired(turn, memberId),
  initialDelayOver: (turn, { delayMs, remainingMs }) => initialDelayOver(turn, delayMs, remainingMs),
  joinTimeOver: completeJoin,
  rebalance: (turn, { reason }) => prepareRebalance(turn, { memberId: null, clientId: null, reason }),
}

export function step(state: ClassicState, event: ClassicEvent, limits: Limits): Step {
  const turn = new Transition(state, limits)
  const handle = HANDLERS[event.kind] as (turn: Transition, event: ClassicEvent) => void
  handle(turn, event)
  return turn.done()
}
