// ottla consume --group: commits what was printed, and nothing else. It ends when the group has read what was there when it began; with --follow never.

import { EARLIEST, LATEST, offsetsAt } from '../../client/admin.ts'
import type { Cluster, TopicMetadata } from '../../client/cluster.ts'
import { Coordinators } from '../../client/groups/coordinators.ts'
import { describeGroup } from '../../client/groups/describe-groups.ts'
import { GroupReader } from '../../client/groups/group-reader.ts'
import { ClassicMember } from '../../client/groups/members/classic-member.ts'
import { ConsumerMember } from '../../client/groups/members/consumer-member.ts'
import { REBALANCE_TIMEOUT_MS } from '../../client/groups/members/member.ts'
import { systemClock } from '../../lib/clock.ts'
import { type BootstrapOption, withCluster } from '../brokers.ts'
import { isMissing } from '../group/groups.ts'
import type { LogPoint } from '../log-point.ts'
import type { RecordPrinter } from '../record-text.ts'
import { type Terminal, writeLine, writeOut } from '../terminal.ts'
import { startPositions } from './start-positions.ts'

export const GROUP_PROTOCOLS = ['classic', 'consumer'] as const
export type GroupProtocol = (typeof GROUP_PROTOCOLS)[number]

interface GroupOptions extends BootstrapOption {
  readonly group: string
  readonly groupProtocol?: GroupProtocol
  readonly from: LogPoint
  readonly follow?: boolean
  readonly max?: number
}

const RETRY_MS = 60_000
const MEMBERS = { classic: ClassicMember, consumer: ConsumerMember }

export async function consumeInGroup(
  cluster: Cluster,
  topic: TopicMetadata,
  options: GroupOptions,
  terminal: Terminal,
  print: RecordPrinter,
  signal: AbortSignal,
): Promise<void> {
  const ends = options.follow === true ? undefined : await endsOf(cluster, topic)
  await withCluster(
    options,
    async (coordination) => {
      const coordinators = new Coordinators(coordination)
      const protocol = options.groupProtocol ?? (await protocolOf(coordinators, options.group))
      const reader = new GroupReader({
        cluster,
        coordinators,
        groupId: options.group,
        topic: topic.name,
        member: (common) => new MEMBERS[protocol](common),
        beginAt: (partitions, committed) => beginAt(cluster, topic.name, partitions, committed, options.from, terminal),
        ...(ends === undefined ? {} : { ends }),
        note: (kind, sentence) => note(options.group, kind, sentence, terminal),
        signal,
        clock: systemClock,
        retryMs: RETRY_MS,
      })
      await printRecords(reader, print, options, terminal)
    },
    { requestTimeoutMs: 2 * REBALANCE_TIMEOUT_MS },
  )
}

/** The topic may have got partitions since. */
async function beginAt(
  cluster: Cluster,
  name: string,
  partitions: readonly number[],
  committed: ReadonlyMap<number, number>,
  from: LogPoint,
  { errors }: Terminal,
): Promise<Map<number, number>> {
  const [topic] = await cluster.topics([name])
  const starts = await startPositions(cluster, topic!, partitions, from, committed)
  for (const { note: sentence } of starts) if (sentence !== undefined) await writeLine(errors, sentence)
  return new Map(starts.map(({ partition, offset }) => [partition, offset]))
}

/** Which partitions there are to read is told to a person only, who waits to see something. */
function note(groupId: string, kind: 'assignment' | 'trouble', sentence: string, { errors }: Terminal): void {
  if (kind === 'trouble' || errors.isTTY === true) errors.write(`group "${groupId}": ${sentence}\n`)
}

async function printRecords(
  reader: GroupReader,
  print: RecordPrinter,
  { max = Infinity }: GroupOptions,
  { output }: Terminal,
): Promise<void> {
  let left = max
  if (left === 0) return
  for await (const { partition, records, nextOffset } of reader.records()) {
    const wanted = records.slice(0, left)
    left -= wanted.length
    if (!(await writeOut(output, Buffer.concat(wanted.map((record) => print(partition, record)))))) return
    reader.handled(partition, wanted.length === records.length ? nextOffset : wanted.at(-1)!.offset + 1)
    if (left === 0) return
  }
}

/** That of the members that are there, so as not to move them to another. */
async function protocolOf(coordinators: Coordinators, groupId: string): Promise<GroupProtocol> {
  if ((await coordinators.cluster.featureLevel('group.version')) < 1) return 'classic'
  try {
    const { type, members } = await describeGroup(coordinators, groupId)
    return type === 'classic' && members.length > 0 ? 'classic' : 'consumer'
  } catch (error) {
    if (isMissing(error)) return 'consumer'
    throw error
  }
}

/** Of partitions that have any records. */
async function endsOf(cluster: Cluster, topic: TopicMetadata): Promise<Map<number, number>> {
  const partitions = topic.partitions.map(({ partition }) => partition)
  const earliest = await offsetsAt(cluster, topic, partitions, EARLIEST)
  const latest = await offsetsAt(cluster, topic, partitions, LATEST)
  const filled = partitions.filter((partition) => latest.get(partition)!.offset > earliest.get(partition)!.offset)
  return new Map(filled.map((partition) => [partition, latest.get(partition)!.offset]))
}
