// A described group as tables for people.

import { formatAddress } from '../../client/connection.ts'
import type { Coordinator } from '../../client/groups/coordinators.ts'
import type { AssignedTopic, DescribedGroup, GroupEvent, GroupMember } from '../../client/groups/describe-groups.ts'
import type { PartitionLag } from '../../client/groups/lag.ts'
import { formatCount, formatTable } from '../terminal.ts'

export interface GroupReport {
  readonly group: DescribedGroup
  readonly coordinator: Coordinator
  readonly offsets: readonly PartitionLag[]
}

export type Section = 'offsets' | 'members' | 'history'

const RECENT_EVENTS = 10

/** Without `sections`, all of them that have something in them, and of the history the end. */
export function reportText(report: GroupReport, sections: ReadonlySet<Section> | undefined): string {
  const { group, offsets } = report
  const { members, history } = group
  const parts = [headline(report)]
  if (sections?.has('offsets') ?? true) parts.push(offsetsText(offsets))
  if (sections?.has('members') ?? members.length > 0) parts.push(membersText(members))
  if (sections?.has('history') ?? history.length > 0)
    parts.push(historyText(sections === undefined ? history.slice(-RECENT_EVENTS) : history))
  return parts.join('\n\n')
}

function headline({ group, coordinator }: GroupReport): string {
  const { groupId, state, type, protocolType, assignor, groupEpoch, members } = group
  const facts = [
    formatCount(members.length, 'member'),
    type === 'consumer'
      ? 'consumer protocol'
      : `classic protocol${protocolType === 'consumer' || protocolType === '' ? '' : ` of type ${protocolType}`}`,
    ...(assignor === '' ? [] : [`assigned by ${assignor}`]),
    ...(groupEpoch === null ? [] : [`epoch ${groupEpoch}`]),
    `coordinated by broker ${coordinator.brokerId} (${formatAddress(coordinator)})`,
  ]
  return `group "${groupId}" is ${state}: ${facts.join(', ')}`
}

function offsetsText(offsets: readonly PartitionLag[]): string {
  if (offsets.length === 0) return 'nothing is committed'
  const rows = offsets.map(({ topic, partition, committedOffset, logEndOffset, lag, member }) => [
    topic,
    partition,
    committedOffset ?? '-',
    logEndOffset ?? '?',
    lag ?? '-',
    member?.clientId ?? '-',
    member?.host ?? '-',
    member?.memberId ?? '-',
  ])
  const behind = offsets.reduce((sum, { lag }) => sum + (lag ?? 0), 0)
  const uncommitted = offsets.filter(({ committedOffset }) => committedOffset === null).length
  return [
    formatTable(['topic', 'partition', 'committed', 'log end', 'lag', 'client', 'host', 'member'], rows),
    `${formatCount(behind, 'record')} behind in ${formatCount(offsets.length, 'partition')}${uncommitted === 0 ? '' : `, of which ${uncommitted} ${uncommitted === 1 ? 'has' : 'have'} nothing committed`}`,
  ].join('\n')
}

function membersText(members: readonly GroupMember[]): string {
  if (members.length === 0) return 'no members'
  const hasInstances = members.some(({ groupInstanceId }) => groupInstanceId !== null)
  const hasEpochs = members.some(({ memberEpoch }) => memberEpoch !== null)
  const isMoving = members.some(
    ({ assignment, targetAssignment }) => targetAssignment !== null && topicsText(assignment) !== topicsText(targetAssignment),
  )
  const columns: readonly (readonly [string, (member: GroupMember) => string | number, boolean])[] = [
    ['member', ({ memberId }) => memberId, true],
    ['instance', ({ groupInstanceId }) => groupInstanceId ?? '-', hasInstances],
    ['client', ({ clientId }) => clientId, true],
    ['host', ({ host }) => host, true],
    ['epoch', ({ memberEpoch }) => memberEpoch ?? '-', hasEpochs],
    ['protocol', ({ protocol }) => protocol, new Set(members.map(({ protocol }) => protocol)).size > 1],
    ['partitions', ({ assignment }) => topicsText(assignment), true],
    ['to be', ({ targetAssignment }) => topicsText(targetAssignment), isMoving],
  ]
  const shown = columns.filter(([, , isShown]) => isShown)
  return formatTable(
    shown.map(([name]) => name),
    members.map((member) => shown.map(([, cell]) => cell(member))),
  )
}

function historyText(history: readonly GroupEvent[]): string {
  if (history.length === 0) return 'no history is known; brokers other than Ottla keep none'
  return formatTable(
    ['time', 'event', 'generation', 'member', 'reason'],
    history.map(({ timeMs, kind, generation, memberId, reason }) => [
      new Date(timeMs).toISOString(),
      kind,
      generation === -1 ? '-' : generation,
      memberId ?? '-',
      reason,
    ]),
  )
}

/** `orders:0-3,5 payments:1` */
export function topicsText(topics: readonly AssignedTopic[] | null): string {
  if (topics === null) return '?'
  const texts = topics
    .filter(({ partitions }) => partitions.length > 0)
    .map(({ topic, partitions }) => `${topic}:${rangesText(partitions)}`)
  return texts.length === 0 ? '-' : texts.join(' ')
}

function rangesText(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = []
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const current = ranges.at(-1)
    if (current !== undefined && number === current[1] + 1) current[1] = number
    else ranges.push([number, number])
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',')
}
