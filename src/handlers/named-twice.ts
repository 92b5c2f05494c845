// Which things a request names more than once. Found in one pass: a request may hold a million names, and comparing each with each would take hours.

export function namedTwice<Asked, Key>(asked: Iterable<Asked>, keyOf: (one: Asked) => Key): ReadonlySet<Key> {
  const seen = new Set<Key>()
  const twice = new Set<Key>()
  for (const one of asked) {
    const key = keyOf(one)
    if (seen.has(key)) twice.add(key)
    else seen.add(key)
  }
  return twice
}
