// Whose data folder this is: `meta.properties`, as Kafka keeps it, plus the version of the folder's layout. Written once, when the folder is new.

import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { type Disk, hasCode } from '../disk/disk.ts'

const FILE_NAME = 'meta.properties'
export const LAYOUT_VERSION = 1

export interface DataFolder {
  readonly path: string
  readonly clusterId: string
  /** False on a disk where names that differ in case alone are one. */
  readonly isCaseSensitive: boolean
}

/** The folder cannot be used as it is; the message says why and what to do. */
export class UnusableDataFolder extends Error {
  override name = 'UnusableDataFolder'
}

export const randomUuid = (): string => {
  const bytes = randomBytes(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40 // RFC 9562: version 4
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const text = bytes.toString('base64url')
  return text.startsWith('-') ? randomUuid() : text // Kafka's tools would take it for an option
}

/** Where that is not allowed, or not possible (a read-only root), someone else made the folder. */
async function syncName(disk: Disk, path: string): Promise<void> {
  try {
    await disk.syncFolder(dirname(path))
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'EINVAL')) throw error
  }
}

/** Throws UnusableDataFolder for one that a newer version of Ottla, or Kafka itself, has made. */
export async function openDataFolder(disk: Disk, path: string, brokerId: number): Promise<DataFolder> {
  const file = join(path, FILE_NAME)
  let bytes = await disk.readFile(file)
  if (bytes === undefined) {
    const lines = ['version=1', `cluster.id=${randomUuid()}`, `node.id=${brokerId}`, `ottla.layout.version=${LAYOUT_VERSION}`]
    bytes = Buffer.from(`${lines.join('\n')}\n`)
    await syncName(disk, path) // it may be new itself: without its name, all that is synced in it would go
    await disk.replaceFile(file, bytes)
  }
  const properties = new Map(
    bytes
      .toString()
      .split('\n')
      .map((line) => [line.split('=')[0]!, line.slice(line.indexOf('=') + 1).trim()]),
  )
  const layoutVersion = Number(properties.get('ottla.layout.version') ?? Number.NaN)
  const clusterId = properties.get('cluster.id')
  if (Number.isNaN(layoutVersion) || clusterId === undefined)
    throw new UnusableDataFolder(
      `the data folder ${path} was not made by Ottla (its ${FILE_NAME} has no ottla.layout.version). Choose another one with --data.`,
    )
  if (layoutVersion > LAYOUT_VERSION)
    throw new UnusableDataFolder(
      `the data folder ${path} is from a newer version of Ottla (layout ${layoutVersion}, this version knows up to ${LAYOUT_VERSION}). Upgrade, or choose another one with --data.`,
    )
  return { path, clusterId, isCaseSensitive: (await disk.readFile(join(path, FILE_NAME.toUpperCase()))) === undefined }
}
