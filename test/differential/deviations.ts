// Where Ottla means to answer differently from Kafka 4.3.1: the case, why, and Ottla's answer.

export interface Deviation {
  readonly reason: string
  readonly answer: unknown
}

export const deviations: Readonly<Record<string, Deviation>> = {}
