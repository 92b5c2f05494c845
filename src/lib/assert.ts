// Assertions guard against our own bugs, never against input: what a client or a disk can cause is a Refusal, Malformed or an operating error.

export class AssertionFailed extends Error {
  override name = 'AssertionFailed'
}

/** `message` is a function, so that a check that holds costs no string. */
export function assert(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new AssertionFailed(message())
}
