// Packages with a binary inside: on a platform without one they are as good as not installed, and whoever wanted them does without.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** Undefined, or what the package exports: callers know its type. */
export function loadPackage(name: string): unknown {
  try {
    return require(name)
  } catch {
    return undefined
  }
}

/** Loaded on the first call, as each takes a few milliseconds. */
export function lazyPackage(name: string): () => unknown {
  let loaded: { readonly package: unknown } | undefined
  return () => (loaded ??= { package: loadPackage(name) }).package
}
