// What the places of groups were given by whom commits, and when: so what may be there after a broker's life that ended at any moment. Moments are numbers that
// grow: positions on the way of a disk (fault-disk.ts), or counted questions and answers.

import { isAnswered, isAsked } from '../power/promises.ts'

export interface Place {
  readonly groupId: string
  readonly topic: string
  readonly partitionIndex: number
}

/** A place is given an offset, or nothing (null). */
export interface Given extends Place {
  readonly offset: number | null
}

interface GivenEvent extends Given {
  readonly askedAt: number
  /** Infinity: never. */
  answeredAt: number
  /** Answered, or refused. */
  endedAt: number
}

const isSame = (one: Place, other: Place): boolean =>
  one.groupId === other.groupId && one.topic === other.topic && one.partitionIndex === other.partitionIndex

export class Account {
  #events: GivenEvent[] = []

  asked(given: readonly Given[], at: number): GivenEvent[] {
    const events = given.map((one) => ({ ...one, askedAt: at, answeredAt: Infinity, endedAt: Infinity }))
    this.#events.push(...events)
    return events
  }

  /** That is what it has: what was before does not matter any more. */
  found(place: Place, offset: number | null): void {
    this.#events = this.#events.filter((event) => !isSame(event, place))
    this.#events.push({ ...place, offset, askedAt: -1, answeredAt: -1, endedAt: -1 })
  }

  get places(): Place[] {
    return this.#events.filter((event, index) => this.#events.findIndex((other) => isSame(event, other)) === index)
  }

  /** What may be found at a place after a life that ended at `position`: what was asked for by then, and not followed by something that was answered. */
  possible(place: Place, position: number): Set<number | null> {
    const events = this.#events.filter((event) => isSame(event, place) && isAsked(position)(event))
    const isOver = isAnswered(position)
    const last = events.filter(({ endedAt }, index) => !events.slice(index + 1).some((later) => isOver(later) && later.askedAt >= endedAt))
    return new Set([...(events.some(isOver) ? [] : [null]), ...last.map(({ offset }) => offset)])
  }
}
