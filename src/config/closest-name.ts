// "Did you mean": the name that a mistyped one is most likely to stand for.

/** The candidate fewest edits away (insert, delete, replace, swap neighbours), if that is at most a third of the name's length. */
export function closestName(name: string, candidates: Iterable<string>): string | undefined {
  let closest: string | undefined
  let fewest = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= fewest) continue
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (edits >= fewest) continue
    closest = candidate
    fewest = edits
  }
  return closest
}

function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = last[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1)
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(last[column]! + 1, current[column - 1]! + 1, replaced, isSwap ? beforeLast[column - 2]! + 1 : Infinity)
    }
    beforeLast = last
    last = current
  }
  return last[to.length]!
}
