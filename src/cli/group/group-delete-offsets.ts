// ottla group delete-offsets

import type { Command } from 'commander'
import { committedOffsets, deleteOffsets, type TopicPartition } from '../../client/groups/committed-offsets.ts'
import { Coordinators } from '../../client/groups/coordinators.ts'
import { Refusal } from '../../wire/error-codes.ts'
import { addBootstrapOption, type BootstrapOption, withCluster } from '../brokers.ts'
import { Failure } from '../failure.ts'
import { examples } from '../options.ts'
import { formatCount, type Terminal, writeLine } from '../terminal.ts'
import { findGroup } from './groups.ts'
import { collectTopics, type TopicChoice } from './topic-choice.ts'

interface DeleteOffsetsOptions extends BootstrapOption {
  readonly topic: readonly TopicChoice[]
  readonly json?: boolean
}

export function addDeleteOffsets(group: Command, { output }: Terminal): void {
  const command = group
    .command('delete-offsets <group>')
    .description('delete what a group has committed in topics that none of its members reads')
    .requiredOption('-t, --topic <topic>', 'a topic as orders, or some of its partitions as orders:0,1; may be repeated', collectTopics)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples('ottla group delete-offsets billing --topic orders', 'ottla group delete-offsets billing -t orders:0,1 -t payments'),
    )
  addBootstrapOption(command).action(async (groupId: string, options: DeleteOffsetsOptions) =>
    withCluster(options, async (cluster) => {
      const coordinators = new Coordinators(cluster)
      await findGroup(coordinators, groupId, options)
      const places = await committedPlaces(coordinators, groupId, options.topic)
      await deletePlaces(coordinators, groupId, places)
      const deleted = places.map(({ topic, partition }) => ({ topic, partition }))
      await writeLine(
        output,
        options.json === true
          ? JSON.stringify({ groupId, deleted })
          : `deleted what group "${groupId}" had committed in ${formatCount(deleted.length, 'partition')}`,
      )
    }),
  )
}

async function committedPlaces(coordinators: Coordinators, groupId: string, chosen: readonly TopicChoice[]): Promise<TopicPartition[]> {
  const committed = await committedOffsets(coordinators, groupId)
  const places = committed.filter(({ topic, partition }) =>
    chosen.some((choice) => choice.topic === topic && (choice.partitions?.includes(partition) ?? true)),
  )
  if (places.length > 0) return places
  const topics = [...new Set(committed.map(({ topic }) => topic))]
  const known = topics.length === 0 ? 'It has committed nothing at all' : `It has in: ${topics.join(', ')}`
  throw new Failure('refused', `group "${groupId}" has committed nothing there. ${known}`)
}

async function deletePlaces(coordinators: Coordinators, groupId: string, places: readonly TopicPartition[]): Promise<void> {
  try {
    await deleteOffsets(coordinators, groupId, places)
  } catch (error) {
    if (!(error instanceof Refusal) || error.error !== 'GROUP_SUBSCRIBED_TO_TOPIC') throw error
    throw new Failure(
      'refused',
      `${error.message}. Stop the members that read it first; who they are: ottla group describe ${groupId} --members`,
    )
  }
}
