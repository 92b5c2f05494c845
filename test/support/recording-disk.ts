// A disk that notes what it is asked, and of what: for tests about what is left alone.

import type { Disk } from '../../src/disk/disk.ts'

export interface RecordingDisk {
  readonly disk: Disk
  /** What was asked since the last call, as `operation path`. */
  readonly takeAsked: () => string[]
}

export function recordingDisk(live: Disk): RecordingDisk {
  let asked: string[] = []
  const disk = new Proxy(live, {
    get(target, name: keyof Disk) {
      const operation = target[name].bind(target) as (...parameters: unknown[]) => unknown
      return (...parameters: unknown[]) => {
        asked.push(`${name} ${String(parameters[0])}`)
        return operation(...parameters)
      }
    },
  })
  return {
    disk,
    takeAsked() {
      const before = asked
      asked = []
      return before
    },
  }
}
