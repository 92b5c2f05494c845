// A socket in the data folder on which the holder of the lock listens: the kernel stops to lead there when the process ends, however it ends, and whatever
// its pid is called where one asks. Nobody says anything: that a connection is taken is the answer. It works among all processes of one kernel.
// It is bound under another name, so that a file `….sock` has always listened: one that refuses is of a process that is gone, and may be removed.

import fs from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { hasCode } from './disk.ts'

/** Of a Unix domain socket's path, on macOS; Linux takes four more. */
const PATH_BYTES_MAX = 103

const SOCKET_NAME = /^\.lock-[0-9a-f]{8}\.sock$/
const socketName = (token: string): string => `.lock-${token.slice(0, 8)}.sock`

export interface LockSocket {
  close(): Promise<void>
}

/** undefined where there are no such sockets: on Windows, and on some network and shared file systems. It keeps no process from ending. */
export async function openLockSocket(folder: string, token: string): Promise<LockSocket | undefined> {
  if (process.platform === 'win32') return undefined
  const server = createServer((connection) => connection.on('error', () => undefined).destroy())
  const path = join(folder, socketName(token))
  const socket: LockSocket = {
    async close() {
      await new Promise((done) => server.close(done))
      await fs.promises.rm(path, { force: true })
    },
  }
  try {
    await withShortPath(folder, `${socketName(token)}.tmp`, (draft) => listen(server, draft))
    await fs.promises.rename(`${path}.tmp`, path)
    if (await isListening(folder, token)) return socket // there are file systems where one can listen and not be reached
  } catch {
    await fs.promises.rm(`${path}.tmp`, { force: true })
  }
  await socket.close()
  return undefined
}

/** Whether the process that took the lock with this token lives. In doubt it does. */
export function isListening(folder: string, token: string): Promise<boolean> {
  return isAnswered(folder, socketName(token))
}

/** Those among the names of what is in the folder. */
export async function removeDeadSockets(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names)
    if (SOCKET_NAME.test(name) && !(await isAnswered(folder, name))) await fs.promises.rm(join(folder, name), { force: true })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((listening, failed) => {
    // Exclusive: in a worker of node:cluster the primary would listen, and outlive it. Writable: connecting takes that, also for another user's broker.
    server.on('error', failed).listen({ path, exclusive: true, writableAll: true }, listening).unref()
  })
}

function isAnswered(folder: string, name: string): Promise<boolean> {
  return withShortPath(
    folder,
    name,
    (path) =>
      new Promise<boolean>((settle) => {
        const connection = createConnection(path, () => settle(true))
        connection.on('connect', () => connection.destroy())
        connection.on('error', (error) => settle(!hasCode(error, 'ECONNREFUSED', 'ENOENT')))
      }),
  ).catch(() => true) // there was no way to ask
}

/** A path too long for a socket is shortened by a link in the system's folder for such things, there for as long as it is used. */
async function withShortPath<T>(folder: string, name: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(folder, name)
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return use(path)
  const link = await fs.promises.mkdtemp(join(tmpdir(), 'o-'))
  try {
    await fs.promises.symlink(resolve(folder), join(link, 'd'))
    return await use(join(link, 'd', name))
  } finally {
    await fs.promises.rm(link, { recursive: true })
  }
}
