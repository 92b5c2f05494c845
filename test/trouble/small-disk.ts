// File systems of a test's own, which it may fill and freeze: for root on Linux, or in a container that may mount. Where that is not allowed there is none.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../support/broker-process.ts'

export interface SmallDisk {
  readonly path: string
  /** Whoever writes waits, until `thaw`. */
  freeze(): void
  thaw(): void
  unmount(): void
}

const succeeds = (command: string, ...commandArguments: string[]): boolean => spawnSync(command, commandArguments).status === 0

function run(command: string, ...commandArguments: string[]): void {
  const { status, stderr } = spawnSync(command, commandArguments, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${commandArguments.join(' ')}: ${stderr}`)
}

function mounted(path: string, image?: string): SmallDisk {
  return {
    path,
    freeze: () => run('fsfreeze', '--freeze', path),
    thaw: () => void spawnSync('fsfreeze', ['--unfreeze', path]),
    unmount() {
      spawnSync('fsfreeze', ['--unfreeze', path])
      run('umount', path)
      if (image !== undefined) rmSync(image)
    },
  }
}

/** In memory: as small as a test wants, full at once. */
export function mountMemory(megabytes: number): SmallDisk | undefined {
  const path = join(temporaryFolder(), 'disk')
  mkdirSync(path)
  return succeeds('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path) ? mounted(path) : undefined
}

/** An ext4 in a file, which can be frozen. */
export function mountExt4(megabytes: number): SmallDisk | undefined {
  const folder = temporaryFolder()
  const [path, image] = [join(folder, 'disk'), join(folder, 'image')]
  mkdirSync(path)
  const isMade = succeeds('truncate', '-s', `${megabytes}M`, image) && succeeds('mkfs.ext4', '-q', '-m', '0', image)
  return isMade && succeeds('mount', '-o', 'loop', image, path) ? mounted(path, image) : undefined
}

function mayMount(mount: () => SmallDisk | undefined): boolean {
  const disk = mount()
  disk?.unmount()
  return disk !== undefined
}

export const canFill = mayMount(() => mountMemory(1))
export const canFreeze = canFill && mayMount(() => mountExt4(20))
if (!canFreeze)
  console.log(
    'no file system may be mounted here: what takes one is left out (it needs root on Linux, as in a container with --privileged)',
  )
