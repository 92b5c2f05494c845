import { describe, expect, it } from 'vitest'
import { MetadataLog } from '../../src/topics/metadata-log.ts'
import { FaultDisk } from '../support/fault-disk.ts'
import { logServices } from '../support/log-services.ts'

async function openOn(disk: FaultDisk): Promise<{ log: MetadataLog; failures: string[] }> {
  const log = await MetadataLog.open('/data/__cluster_metadata-0', await logServices(disk))
  const failures: string[] = []
  log.failed.catch((error: unknown) => failures.push(String(error)))
  return { log, failures }
}

const epochs = async (log: MetadataLog): Promise<unknown[]> => {
  const records: unknown[] = []
  for await (const record of log.replay()) records.push(record)
  return records
}

describe('a change that cannot be written to the metadata log', () => {
  it('is refused when the disk is full, and may come again', async () => {
    const { log, failures } = await openOn(new FaultDisk({ step: 1, kind: 'error', code: 'ENOSPC', only: 'write' })) // 0 is partition.metadata
    await expect(log.append([{ type: 'leader-epoch', leaderEpoch: 1 }])).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    await log.append([{ type: 'leader-epoch', leaderEpoch: 2 }])
    expect(await epochs(log)).toEqual([{ type: 'leader-epoch', leaderEpoch: 2 }])
    expect(failures).toEqual([])
  })

  it('ends it when the disk fails', async () => {
    const { log, failures } = await openOn(new FaultDisk({ step: 0, kind: 'error', code: 'EIO', only: 'sync' }))
    await expect(log.append([{ type: 'leader-epoch', leaderEpoch: 1 }])).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    await expect(log.append([{ type: 'leader-epoch', leaderEpoch: 2 }])).rejects.toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    expect(failures).toHaveLength(1)
  })
})
