// Groups of every client, in both protocols, whose members come, go, die and freeze, and whose broker is killed: every record is processed, and none is
// skipped past a commit. OTTLA_GROUP_SIZES=1,2,8 tries these sizes; OTTLA_TEST_GROUPS_ON=kafka asks a real Kafka whether the test is right.

import { beforeAll, describe, expect, it } from 'vitest'
import type { GroupBreach } from '../../support/group-judge.ts'
import { describeWith } from '../../support/test-clients.ts'
import { churn } from './churn.ts'
import {
  confluentMembers,
  consoleConsumers,
  type GroupClient,
  javaTiming,
  kafkaJsMembers,
  kafkatsMembers,
  kcatMembers,
  platformaticMembers,
  verifiableConsumers,
} from './group-clients.ts'

const SIZES = (process.env['OTTLA_GROUP_SIZES'] ?? '3').split(',').map(Number)
const WITHIN_MS = 400_000

interface Batch {
  /** For whose processes two cores suffice: of a larger number some miss their sessions, and others are given what they still believe to have. */
  readonly membersAtOnce: number
  readonly groups: Readonly<Record<string, readonly GroupClient[]>>
}

/** Each below a broker of its own, in as many rounds as it takes. */
const BATCHES: Readonly<Record<string, Batch>> = {
  'of Node.js and of librdkafka': {
    membersAtOnce: 30,
    groups: {
      kafkajs: [kafkaJsMembers('roundrobin')],
      'platformatic-classic': [platformaticMembers('classic')],
      'platformatic-consumer': [platformaticMembers('consumer')],
      'kafkats-range': [kafkatsMembers('range')],
      'kafkats-cooperative-sticky': [kafkatsMembers('cooperative-sticky')],
      'kcat-range': [kcatMembers('range')],
      'kcat-cooperative-sticky': [kcatMembers('cooperative-sticky')],
      'confluent-range': [confluentMembers({ 'partition.assignment.strategy': 'range' })],
      'confluent-cooperative-sticky': [confluentMembers({ 'partition.assignment.strategy': 'cooperative-sticky' })],
      'confluent-consumer': [confluentMembers({ 'group.protocol': 'consumer' })],
    },
  },
  "of Java, by VerifiableConsumer's assignors": {
    membersAtOnce: 16,
    groups: {
      'java-range': [verifiableConsumers('classic', 'RangeAssignor')],
      'java-roundrobin': [verifiableConsumers('classic', 'RoundRobinAssignor')],
      'java-sticky': [verifiableConsumers('classic', 'StickyAssignor')],
      'java-cooperative-sticky': [verifiableConsumers('classic', 'CooperativeStickyAssignor')],
    },
  },
  'of Java, in the consumer protocol, and of several clients': {
    membersAtOnce: 16,
    groups: {
      'java-uniform': [verifiableConsumers('consumer', 'uniform')],
      'java-consumer-range': [verifiableConsumers('consumer', 'range')],
      'console-classic': [consoleConsumers(javaTiming)],
      'console-consumer': [consoleConsumers({ 'group.protocol': 'consumer' })],
      'mixed-range': [
        kafkaJsMembers('range'),
        verifiableConsumers('classic', 'RangeAssignor'),
        confluentMembers({ 'partition.assignment.strategy': 'range' }),
        kcatMembers('range'),
      ],
    },
  },
}

const only = process.env['OTTLA_GROUP_CLIENTS']?.split(',')

describeWith(
  'kcat',
  'kafka',
  'confluent-kafka',
)('groups', () => {
  for (const [title, { membersAtOnce, groups }] of Object.entries(BATCHES)) {
    const chosen = Object.entries(groups).filter(([name]) => only?.includes(name) ?? true)
    for (const size of SIZES) {
      for (const round of roundsOf(chosen, Math.floor(membersAtOnce / size))) {
        describe(`${title}, with ${size} members`, () => {
          let verdicts: Record<string, () => GroupBreach[]>

          beforeAll(async () => {
            verdicts = await churn(Object.fromEntries(round.map(([name, clients]) => [name, { clients, size }])))
          }, WITHIN_MS)

          it.each(round.map(([name]) => name))('%s', (name) => {
            expect(verdicts[name]!()).toEqual([])
          })
        })
      }
    }
  }
})

function roundsOf<T>(all: readonly T[], countMax: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / countMax) }, (_, round) => all.slice(round * countMax, (round + 1) * countMax))
}
