// How a command ends when it does not do what was asked: one sentence that says what happened and what to do, and an exit code that programs can tell apart.

import { InvalidConfig } from '../config/row-kinds.ts'
import { Disconnected, formatAddress } from '../client/connection.ts'
import { Unreadable } from '../client/fetch.ts'
import { Refusal } from '../wire/error-codes.ts'

export const EXIT_CODES = {
  /** Something else: a broker that could not start, a file that could not be read. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No broker was reached, or the connection was lost. */
  connection: 3,
  /** The broker refused. */
  refused: 4,
  /** The broker that was started here stopped by itself, because it could not go on safely. */
  stopped: 5,
} as const

export type FailureKind = keyof typeof EXIT_CODES

export class Failure extends Error {
  override name = 'Failure'
  readonly kind: FailureKind

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

const NOBODY_LISTENS = new Set(['ECONNREFUSED', 'ENOENT'])
/** Thrown by startBroker, in sentences that say what to do. */
const CANNOT_START = new Set(['FolderInUse', 'UnusableDataFolder', 'JournalDamaged'])

/** What `error` means to a person; undefined for what is a bug of ours. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error
  if (error instanceof InvalidConfig) return new Failure('usage', error.message)
  if (error instanceof Refusal) return new Failure('refused', `${error.message} (${error.error})`)
  if (error instanceof Disconnected) {
    const start = NOBODY_LISTENS.has(error.code) ? '. Is one running there? Start one with: ottla start' : ''
    const name = error.code === 'ENOTFOUND' ? `. Is the name right? ${formatAddress(error.address)}` : ''
    return new Failure('connection', `${error.message}${start}${name}`)
  }
  if (error instanceof Unreadable) return new Failure('failed', error.message)
  if (!(error instanceof Error)) return undefined
  if (error.name === 'CannotListen') return new Failure('failed', cannotListen(error as Error & { code: string }))
  if (CANNOT_START.has(error.name)) return new Failure('failed', error.message)
  const { code, path } = error as NodeJS.ErrnoException
  if (code !== undefined && path !== undefined) return new Failure('failed', `${OPERATING_ERRORS[code] ?? `${code}:`} ${path}`)
  return undefined
}

const OPERATING_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no file',
  EACCES: 'no permission for',
  EPERM: 'no permission for',
  EROFS: 'the file system is read-only:',
  EEXIST: 'this is a file, not a folder:',
  EISDIR: 'this is a folder, not a file:',
  ENOTDIR: 'a part of this path is not a folder:',
  ENOSPC: 'the disk is full:',
}

function cannotListen({ code, message }: Error & { code: string }): string {
  if (code === 'EADDRINUSE') return `${message}. Choose one with --port, or 0 for any free one.`
  if (code === 'EACCES') return `${message}. Choose one above 1023 with --port.`
  return `${message}. Choose an address with --host.`
}
