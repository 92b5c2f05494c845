// Packages with a binary inside: on a platform without one they are as good as not installed, and whoever wanted them does without.

import { createRequire } from 'node:module'
import { join } from 'node:path'

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

/** Whether a package is there with its binary for this platform, without loading it: each takes two or three megabytes. */
export function isInstalled(name: string): boolean {
  try {
    const entry = require.resolve(name)
    const { optionalDependencies = {} } = require(
      join(entry.slice(0, entry.lastIndexOf(join(name)) + name.length), 'package.json'),
    ) as Manifest
    const binaries = Object.keys(optionalDependencies).filter((dependency) => dependency.includes(PLATFORM))
    const { resolve } = createRequire(entry)
    return binaries.some((binary) => canResolve(resolve, binary))
  } catch {
    return false
  }
}

interface Manifest {
  /** One package for each platform, with its name in theirs. */
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const PLATFORM = `${process.platform}-${process.arch}`

function canResolve(resolve: (name: string) => string, name: string): boolean {
  try {
    resolve(name)
    return true
  } catch {
    return false
  }
}
