// The topics of a campaign: each kind with its configs, and what may become of its records besides staying as they are.

import { topicConfigs } from '../../../src/config/topic-configs.ts'
import type { Keyed } from './sent-records.ts'

export interface TopicKind {
  readonly name: string
  readonly keyed: Keyed
  /** Why its logs may begin later: never; because records are deleted by request; because old segments go. */
  readonly start: 'fixed' | 'requested' | 'moving'
  readonly configs: Readonly<Record<string, string>>
  /** What is altered while it is written to, one of these at a time. */
  readonly alterations: readonly Readonly<Record<string, string>>[]
}

/** Whichever modes there are. */
export const MODES: readonly string[] = ['fsync', 'interval', 'os'].filter((mode) => topicConfigs.durability.read(mode) !== undefined)

const ROLLS = { 'segment.bytes': String(1 << 20), 'segment.ms': '300', 'index.interval.bytes': '1024' }

const ofMode = (mode: string): TopicKind => ({
  name: mode,
  keyed: 'by producer',
  start: 'fixed',
  configs: { ...ROLLS, durability: mode },
  alterations: [{ 'segment.ms': '100' }, { 'segment.ms': '60000' }, { 'index.interval.bytes': '200' }],
})

export const TOPIC_KINDS: readonly TopicKind[] = [
  ...MODES.map(ofMode),
  {
    name: 'of-changing-mode',
    keyed: 'by producer',
    start: 'fixed',
    configs: ROLLS,
    alterations: [...MODES.map((durability) => ({ durability })), { 'flush.messages': '50' }, { 'flush.ms': '20' }],
  },
  {
    name: 'recompressed',
    keyed: 'by producer',
    start: 'fixed',
    configs: { ...ROLLS, 'compression.type': 'lz4' },
    alterations: [{ 'compression.type': 'zstd' }, { 'compression.type': 'uncompressed' }, { 'compression.type': 'producer' }],
  },
  {
    name: 'trimmed',
    keyed: 'by producer',
    start: 'requested',
    configs: { ...ROLLS, 'file.delete.delay.ms': '20' },
    alterations: [{ 'file.delete.delay.ms': '0' }, { 'file.delete.delay.ms': '60000' }],
  },
  {
    name: 'retained',
    keyed: 'by producer',
    start: 'moving',
    configs: { ...ROLLS, 'segment.ms': '100', 'retention.ms': '1500', 'file.delete.delay.ms': '20' },
    alterations: [{ 'retention.ms': '500' }, { 'retention.bytes': '100000' }, { 'retention.ms': '3000' }],
  },
  {
    name: 'compacted',
    keyed: 'by key',
    start: 'moving',
    configs: {
      ...ROLLS,
      'segment.ms': '100',
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': '0.01',
      'delete.retention.ms': '100',
    },
    alterations: [{ 'min.compaction.lag.ms': '200' }, { 'min.cleanable.dirty.ratio': '0.5' }, { 'delete.retention.ms': '0' }],
  },
]
