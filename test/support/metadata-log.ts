// A metadata log on a memory disk.

import type { MemoryDisk } from '../../src/disk/memory-disk.ts'
import { MetadataLog } from '../../src/topics/metadata-log.ts'
import { logServices } from './log-services.ts'

export const openMetadataLog = async (disk: MemoryDisk): Promise<MetadataLog> =>
  MetadataLog.open('/data/__cluster_metadata-0', await logServices(disk))
