// What is wrong with the broker that starts after the power came back: it must have everything that had been answered by then, nothing that was never
// asked for, go on where it was, and leave a data folder that passes `verify`.

import { METADATA_LOG } from '../../../src/cli/offline/metadata.ts'
import type { Storage } from '../../../src/broker-storage.ts'
import type { Disk } from '../../../src/disk/disk.ts'
import type { Topic } from '../../../src/topics/catalog.ts'
import { verify } from '../../../src/upkeep/verify.ts'
import { Refusal } from '../../../src/wire/error-codes.ts'
import { BatchView } from '../../../src/wire/records/batch.ts'
import { readRecords } from '../../../src/wire/records/record.ts'
import type { ManualClock } from '../../support/manual-clock.ts'
import { DATA_FOLDER, batchOf, openOn } from './living-broker.ts'
import { isAnswered, isAsked, type Promises } from './promises.ts'

/** As of one position on the disk's way. */
export interface Account {
  readonly promises: Promises
  readonly position: number
}

export async function faultsAfter(disk: Disk, clock: ManualClock, account: Account): Promise<string[]> {
  const storage = await openOn(disk, clock)
  const faults = [...(await numberFaults(storage, account)), ...topicFaults(storage, account)]
  for (const topic of storage.catalog.topics) {
    for (let partition = 0; partition < topic.partitionCount; partition++) {
      const found = await partitionFaults(storage, topic, partition, account, clock)
      faults.push(...found.map((fault) => `${topic.name}-${partition}: ${fault}`))
    }
  }
  await storage.close()
  return [...faults, ...(await damagesIn(disk))]
}

async function damagesIn(disk: Disk): Promise<string[]> {
  const damages: string[] = []
  const totals = { bytes: 0, batches: 0, records: 0 }
  const kind = { kind: 'data folder', dataFolder: DATA_FOLDER, only: undefined } as const
  const report = ({ level, file, message }: { level: string; file: string; message: string }): void =>
    void (level === 'damage' && damages.push(`verify: ${file}: ${message}`))
  await verify(kind, { disk, metadata: METADATA_LOG, report, totals })
  return damages
}

async function numberFaults(storage: Storage, { promises, position }: Account): Promise<string[]> {
  const leaderEpochs = promises.leaderEpochs.filter(({ at }) => at <= position).map(({ leaderEpoch }) => leaderEpoch)
  const producerIds = promises.producerIds.filter(({ at }) => at <= position).map(({ producerId }) => producerId)
  const producerId = await storage.producerIds.next()
  return [
    ...(leaderEpochs.includes(storage.leaderEpoch) ? [`leader epoch ${storage.leaderEpoch} was used before`] : []),
    ...(producerIds.includes(producerId) ? [`producer id ${producerId} was handed out before`] : []),
  ]
}

function topicFaults({ catalog }: Storage, { promises, position }: Account): string[] {
  const faults: string[] = []
  const there = new Map([...catalog.topics].map((topic) => [topic.id, topic]))
  const deleted = new Map(promises.deleted.map((event) => [event.id, event]))
  for (const event of promises.created) {
    const topic = there.get(event.id)
    const deletion = deleted.get(event.id)
    const mayBeGone = deletion !== undefined && isAsked(position)(deletion)
    if (topic === undefined && isAnswered(position)(event) && !mayBeGone) faults.push(`topic ${event.name} was created, and is gone`)
    if (topic === undefined) continue
    if (!isAsked(position)(event)) faults.push(`topic ${event.name} was not asked for yet`)
    if (deletion !== undefined && isAnswered(position)(deletion)) faults.push(`topic ${event.name} was deleted, and is there`)
    if (topic.partitionCount !== event.partitionCount) faults.push(`topic ${event.name} has ${topic.partitionCount} partitions`)
    faults.push(...configFaults(topic, { promises, position }))
  }
  return faults
}

function configFaults(topic: Topic, { promises, position }: Account): string[] {
  const asked = promises.altered.filter((event) => event.topicId === topic.id && isAsked(position)(event))
  const lastAnswered = asked.findLastIndex(isAnswered(position))
  const { name } = asked[lastAnswered] ?? {}
  if (name === undefined || asked.slice(lastAnswered).some(({ value }) => topic.configOverrides[name] === value)) return []
  return [`topic ${topic.name} has ${name} ${topic.configOverrides[name]}, which was altered`]
}

/** Retention and compaction move the start. */
const MOVING = new Set(['retained', 'compacted'])

interface Bounds {
  readonly logStartOffset: number
  readonly highWatermark: number
}

async function partitionFaults(storage: Storage, topic: Topic, partition: number, account: Account, clock: ManualClock): Promise<string[]> {
  const { promises, position } = account
  const isHere = (event: { topicId: string; partition: number }): boolean => event.topicId === topic.id && event.partition === partition
  const bounds = await storage.records.bounds(topic.id, partition).catch((error: unknown) => String(error))
  if (typeof bounds === 'string') return [bounds]
  const { logStartOffset, highWatermark } = bounds
  const faults: string[] = []
  const deletions = promises.deletedRecords.filter((event) => isHere(event) && isAsked(position)(event))
  const startsAtLeast = Math.max(0, ...deletions.filter(isAnswered(position)).map(({ offset }) => offset))
  const appends = promises.appends.filter((event) => isHere(event) && isAsked(position)(event))
  const answered = appends.filter(isAnswered(position))
  const startsAtMost = MOVING.has(topic.name) ? highWatermark : Math.max(0, ...deletions.map(({ offset }) => offset))
  if (logStartOffset < startsAtLeast || logStartOffset > startsAtMost)
    faults.push(`it starts at ${logStartOffset}, not in ${startsAtLeast} to ${startsAtMost}`)
  const endsAtLeast = Math.max(
    0,
    ...answered.map(({ baseOffset, values }) => baseOffset + values.length),
    ...promises.shown.filter((event) => isHere(event) && event.at <= position).map((event) => event.highWatermark),
  )
  if (highWatermark < endsAtLeast) faults.push(`it ends at ${highWatermark}; up to ${endsAtLeast} was acknowledged or shown`)
  faults.push(...(await recordFaults(storage, topic, partition, bounds, appends)))
  if (faults.length > 0) return faults
  return goingOnFaults(storage, topic, partition, bounds, answered, clock)
}

async function recordFaults(
  storage: Storage,
  topic: Topic,
  partition: number,
  { logStartOffset, highWatermark }: Bounds,
  appends: Promises['appends'],
): Promise<string[]> {
  const sent = new Map(appends.flatMap(({ baseOffset, values }) => values.map((value, index) => [baseOffset + index, value] as const)))
  const found = await readAll(storage, topic, partition, { logStartOffset, highWatermark })
  if (typeof found === 'string') return [found]
  const faults: string[] = []
  for (const [offset, value] of found) if (sent.get(offset) !== value) faults.push(`offset ${offset} is not what was sent`)
  if (topic.name === 'compacted') return [...faults, ...keyFaults(found, sent, highWatermark)]
  for (let offset = logStartOffset; offset < highWatermark; offset++) if (!found.has(offset)) faults.push(`offset ${offset} is missing`)
  return faults
}

/** The log ends at `highWatermark`: what was the last of its key below it must be there, but for a tombstone. */
function keyFaults(found: ReadonlyMap<number, string>, sent: ReadonlyMap<number, string>, highWatermark: number): string[] {
  const last = new Map<string, number>()
  for (const [offset, value] of [...sent].toSorted(([one], [other]) => one - other))
    if (offset < highWatermark) last.set(value.split('=', 1)[0]!, offset)
  return [...last].flatMap(([key, offset]) =>
    found.has(offset) || !sent.get(offset)!.includes('=') ? [] : [`the last record of ${key} is gone`],
  )
}

async function readAll(
  storage: Storage,
  topic: Topic,
  partition: number,
  { logStartOffset, highWatermark }: Bounds,
): Promise<Map<number, string> | string> {
  const found = new Map<number, string>()
  for (let next = logStartOffset; next < highWatermark;) {
    const reads = [{ topicId: topic.id, partitionIndex: partition, offset: next, maxBytes: 1 << 20, lastFetchedEpoch: -1 }]
    const [result] = await storage.records.read({
      reads,
      maxBytes: 1 << 20,
      atLeastOneBatch: true,
      readCommitted: false,
      stopsWhenFull: false,
    })
    if (result === undefined || result instanceof Refusal) return `it cannot be read at ${next}: ${String(result)}`
    const bytes = Buffer.concat(result.chunks)
    if (bytes.length === 0) return topic.name === 'compacted' ? found : `nothing is at offset ${next}`
    for (let position = 0; position < bytes.length;) {
      const batch = new BatchView(bytes, position)
      if (!batch.isCrcValid) return `the batch at offset ${batch.baseOffset} is damaged`
      for (const { offset, key, value } of readRecords(batch.packedRecords, batch))
        if (offset >= next) found.set(offset, value === null ? String(key) : `${String(key)}=${String(value)}`)
      position += batch.sizeInBytes
      next = batch.lastOffset + 1
    }
  }
  return found
}

/** The last batch of an idempotent producer, sent again, is known; and what is new follows. */
async function goingOnFaults(
  storage: Storage,
  topic: Topic,
  partition: number,
  { highWatermark }: Bounds,
  answered: Promises['appends'],
  clock: ManualClock,
): Promise<string[]> {
  const append = async (records: Buffer): Promise<number | string> => {
    const appends = [{ topicId: topic.id, partitionIndex: partition, records }]
    const placed = await storage.records.append({ transactionalId: null, allowsZstd: true, timeoutMs: 600_000, appends })
    const [result] = await placed.results
    return result instanceof Refusal ? String(result) : result!.baseOffset
  }
  const repeated = answered.findLast(({ isIdempotent }) => isIdempotent)
  const faults: string[] = []
  if (repeated !== undefined) {
    const baseOffset = await append(Buffer.from(repeated.bytes))
    if (baseOffset !== repeated.baseOffset) faults.push(`the batch at ${repeated.baseOffset}, sent again, is answered ${baseOffset}`)
  }
  const baseOffset = await append(batchOf({ values: ['key=new'] }, clock.now()))
  if (baseOffset !== highWatermark) faults.push(`what is new is answered ${baseOffset}, not ${highWatermark}`)
  return faults
}
