// How a member tells of itself: a line of JSON an event, with the time at which it happened. Pipes are written synchronously, so that a kill loses nothing.

export const asked = JSON.parse(process.argv[2])

export function tell(event, rest = {}) {
  process.stdout.write(JSON.stringify({ at: Date.now(), event, ...rest }) + '\n')
}

/** What it held until now, and what it holds from now on. */
export function tellAssignment(held, partitions, rest = {}) {
  if (held.length > 0) tell('revoked', { partitions: held })
  tell('assigned', { partitions, ...rest })
  return partitions
}

export function leaveOnTerm(leave) {
  process.once('SIGTERM', () => {
    leave().then(
      () => process.exit(0),
      (error) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}
