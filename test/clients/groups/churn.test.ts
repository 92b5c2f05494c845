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
  kcatMembers,
  platformaticMembers,
  verifiableConsumers,
} from './group-clients.ts'

const SIZES = (process.env['OTTLA_GROUP_SIZES'] ?? '3').split(',').map(Number)
const WITHIN_MS = 400_000

/** Each batch below a broker of its own, so that two cores suffice for its processes. */
const BATCHES: Readonly<Record<string, Readonly<Record<string, readonly GroupClient[]>>>> = {
  'of Node.js and of librdkafka': {
    kafkajs: [kafkaJsMembers('roundrobin')],
    'platformatic-classic': [platformaticMembers('classic')],
    'platformatic-consumer': [platformaticMembers('consumer')],
    'kcat-range': [kcatMembers('range')],
    'kcat-cooperative-sticky': [kcatMembers('cooperative-sticky')],
    'confluent-range': [confluentMembers({ 'partition.assignment.strategy': 'range' })],
    'confluent-cooperative-sticky': [confluentMembers({ 'partition.assignment.strategy': 'cooperative-sticky' })],
    'confluent-consumer': [confluentMembers({ 'group.protocol': 'consumer' })],
  },
  "of Java, by VerifiableConsumer's assignors": {
    'java-range': [verifiableConsumers('classic', 'RangeAssignor')],
    'java-roundrobin': [verifiableConsumers('classic', 'RoundRobinAssignor')],
    'java-sticky': [verifiableConsumers('classic', 'StickyAssignor')],
    'java-cooperative-sticky': [verifiableConsumers('classic', 'CooperativeStickyAssignor')],
  },
  'of Java, in the consumer protocol, and of several clients': {
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
}

const only = process.env['OTTLA_GROUP_CLIENTS']?.split(',')

describeWith(
  'kcat',
  'kafka',
  'confluent-kafka',
)('groups', () => {
  for (const [title, batch] of Object.entries(BATCHES)) {
    const chosen = Object.entries(batch).filter(([name]) => only?.includes(name) ?? true)
    describe.each(chosen.length === 0 ? [] : SIZES)(`${title}, with %i members`, (size) => {
      let verdicts: Record<string, () => GroupBreach[]>

      beforeAll(async () => {
        verdicts = await churn(Object.fromEntries(chosen.map(([name, clients]) => [name, { clients, size }])))
      }, WITHIN_MS)

      it.each(chosen.map(([name]) => name))('%s', (name) => {
        expect(verdicts[name]!()).toEqual([])
      })
    })
  }
})
