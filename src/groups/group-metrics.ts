// The metrics of groups: names, units and meanings, and where their values come from.

import type { Metric, Source } from '../lib/counters.ts'
import type { GroupCoordinator } from './coordinator.ts'

interface GroupMetric extends Metric {
  readonly labels?: readonly string[]
  readonly ofGroups: (groups: GroupCoordinator) => Source
}

export const GROUP_METRICS: readonly GroupMetric[] = [
  {
    name: 'ottla_groups',
    type: 'gauge',
    labels: ['state', 'type'],
    doc: 'Groups, by state (`Empty`, `Stable`, …) and type (`classic`, `consumer`).',
    ofGroups: (groups) => () => groups.census().groups,
  },
  {
    name: 'ottla_group_members',
    type: 'gauge',
    doc: 'Members of all groups.',
    ofGroups: (groups) => () => groups.census().memberCount,
  },
  {
    name: 'ottla_group_events_total',
    type: 'counter',
    labels: ['event'],
    doc: 'What happened in groups: `rebalance` (one has begun), `generation` (one has ended), `assignment`, and what brought them about: members that `joined`, `left`, `expired` (were not heard of in time) or were `fenced`, and changes of `protocol`; `empty` (a group without members, or deleted), `loaded` (read back at a start).',
    ofGroups: (groups) => groups.counters.events,
  },
  {
    name: 'ottla_committed_offsets',
    type: 'gauge',
    doc: 'Offsets that are committed, each of a group in a partition.',
    ofGroups: (groups) => () => groups.census().committedCount,
  },
  {
    name: 'ottla_offset_commits_total',
    type: 'counter',
    doc: 'Offsets that were committed since the start, each of a group in a partition.',
    ofGroups: (groups) => groups.counters.commits,
  },
]
