// What may be altered while the broker runs, by kind of resource: which names there are, what holds where the resource says nothing, and what may not
// hold together. From the tables, for whoever applies a change. All throw InvalidConfig with a sentence.

import { brokerConfigs } from './broker-configs.ts'
import { defaultOfGroup, groupConfigs, groupLimits } from './group-configs.ts'
import { type BrokerConfig, defaultOfTopic, refuseConflict, resolveTopicConfig, rowNamed } from './resolve.ts'
import { InvalidConfig, type Row } from './row-kinds.ts'
import { topicConfigs, type TopicConfigName } from './topic-configs.ts'

type Texts = Readonly<Record<string, string>>
type Table = ReadonlyMap<string, Row<unknown>>

export interface AlterableConfigs {
  /** Throws for a name that does not exist, or cannot be altered. */
  row(name: string): Row<unknown>
  /** The text in force while the resource itself has none. */
  inherited(name: string): string
  /** Throws when texts that are fine by themselves contradict each other. */
  checkTogether(texts: Texts): void
}

const topicTable: Table = new Map(Object.entries<Row<unknown>>(topicConfigs))
const groupTable: Table = new Map(Object.entries<Row<unknown>>(groupConfigs))

export function alterableTopicConfigs(broker: BrokerConfig): AlterableConfigs {
  return {
    row: (name) => rowNamed('topic', topicTable, name),
    inherited: (name) => defaultOfTopic(name as TopicConfigName, broker.given).text,
    checkTogether: (texts) => refuseConflict(resolveTopicConfig(texts, broker)),
  }
}

export function alterableGroupConfigs(broker: BrokerConfig): AlterableConfigs {
  return {
    row: (name) => rowNamed('group', groupTable, name),
    inherited: (name) => defaultOfGroup(name, broker) ?? '',
    checkTogether: (texts) => refuseOutsideLimits(texts, broker),
  }
}

function refuseOutsideLimits(texts: Texts, broker: BrokerConfig): void {
  for (const [name, { least, most }] of Object.entries(groupLimits(broker)))
    if (Object.hasOwn(texts, name) && (Number(texts[name]) < least || Number(texts[name]) > most))
      throw new InvalidConfig(`${name} must be from ${least} to ${most} on this broker, not ${texts[name]}`)
}

/** `inForceWith` tells what the broker's configs would be with these texts. */
export function alterableBrokerConfigs(broker: BrokerConfig, inForceWith: (texts: Texts) => BrokerConfig): AlterableConfigs {
  return {
    row(name) {
      const row = rowNamed('broker', brokerConfigs, name)
      if (row.dynamic !== true)
        throw new InvalidConfig(`${name} cannot be altered while the broker runs; set it where the broker is started`)
      return row
    },
    inherited: (name) => broker.given.get(name) ?? brokerConfigs.get(name)!.default ?? '',
    checkTogether: (texts) => refuseConflict(inForceWith(texts).topicDefaults),
  }
}
