// What a start knows of a partition without looking into its folder, and what follows: which ones have to be opened although nobody asks for them.

import type { LogCheckpoints } from '../../log/checkpoints.ts'
import { logFolderName } from '../../log/file-names.ts'
import type { Partition } from './partition.ts'

export type SizeAtRest = (topic: string, partitionIndex: number) => number | undefined

/** The bytes of a log that has nothing to recover; undefined for one that may have: the last stop did not vouch for it. `names` are those in the data folder. */
export function sizesAtRest(names: readonly string[], checkpoints: LogCheckpoints): SizeAtRest {
  const folders = new Set(names)
  return (topic, partitionIndex) => {
    if (folders.has(logFolderName(topic, partitionIndex))) return checkpoints.sizesAtRest.get(`${topic} ${partitionIndex}`)
    const { recoveryPoint, logStartOffset } = checkpoints.of(topic, partitionIndex)
    return recoveryPoint > logStartOffset ? undefined : 0 // its folder is gone, or was never made
  }
}

/** In the order in which they are to be opened, in the background: whoever uses one before finds it recovered all the same. */
export function toRecover(partitions: readonly Partition[]): readonly Partition[] {
  return partitions.filter(({ sizeBytes }) => sizeBytes === undefined)
}
