import { expect, it } from 'vitest'
import { openDataFolder } from '../../src/topics/data-folder.ts'
import { FaultDisk } from '../support/fault-disk.ts'

it('a data folder is there after a power loss once it is open', async () => {
  const disk = new FaultDisk()
  await disk.makeFolder('/data')
  const { clusterId } = await openDataFolder(disk, '/data', 1)
  const after = await disk.afterPowerLoss(() => 'nothing', ['/'])
  expect((await openDataFolder(after, '/data', 1)).clusterId).toBe(clusterId)
})
