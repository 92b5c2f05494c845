// Why a log is not opened: something below the recovery point is not as it was, or the folder is another's. The log is left as it is, for people to look at.

export class Damaged extends Error {
  override name = 'Damaged'
}

/** For people: why a log could not be opened, and what to do. */
export function whyUnopened(error: unknown): string {
  if (error instanceof Damaged)
    return `${error.message}. Nothing was changed; the other partitions are not affected. ottla verify tells more.`
  const advice = 'See that the broker can read and write the folder and all in it, and start again; the other partitions are not affected.'
  return `the log could not be opened: ${String(error)}. ${advice}`
}
