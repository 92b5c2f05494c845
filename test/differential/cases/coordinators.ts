// FindCoordinator.

import { findCoordinator } from '../../../src/wire/messages/find-coordinator.ts'
import type { Draft } from '../../../src/wire/schema.ts'
import type { AskedBroker } from '../broker.ts'
import { UNKNOWN_ID, type Case } from './case.ts'

type Request = Draft<typeof findCoordinator.request>

const ONE_KEY = [0, 1, 2, 3]
const SEVERAL_KEYS = [4, 5, 6]

const of = (version: number, title: string, request: Request): Case => ({
  title: `FindCoordinator v${version}: ${title}`,
  async ask(broker: AskedBroker) {
    await broker.waitForGroups()
    return broker.ask(findCoordinator, version, request)
  },
})

const keys = (coordinatorKeys: readonly string[], keyType = 0): Request => ({ coordinatorKeys, keyType })

export const coordinatorCases: Case[] = [
  ...ONE_KEY.flatMap((version) => [
    of(version, 'a group', { key: 'group' }),
    of(version, 'a group without a name', { key: '' }),
    ...(version === 0 ? [] : [3, -1, 127].map((keyType) => of(version, `an unknown type of key, ${keyType}`, { key: 'group', keyType }))),
  ]),
  ...ONE_KEY.slice(1).map((version) => of(version, 'a share group', { key: `group:${UNKNOWN_ID}:0`, keyType: 2 })),
  ...SEVERAL_KEYS.flatMap((version) => [
    of(version, 'two groups', keys(['group', 'größe-主题'])),
    of(version, 'a group twice', keys(['group', 'group'])),
    of(version, 'a group without a name beside another', keys(['', 'group'])),
    of(version, 'odd names', keys(['a/b', ' ', '\u0000', 'x'.repeat(1000)])),
    of(version, 'no keys', keys([])),
    of(version, 'an unknown type of key', keys(['group'], 3)),
    of(version, 'an unknown type of key, and no keys', keys([], 3)),
    of(version, 'a share group that is badly written', keys(['group', 'group:x:0', `group:${UNKNOWN_ID}:x`, `:${UNKNOWN_ID}:0`], 2)),
  ]),
]
