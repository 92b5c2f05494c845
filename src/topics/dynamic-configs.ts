// The configs that are altered while brokers run: of a broker, of all brokers (the resource ""), and of groups. Replayed from the metadata log at start;
// a change is in force once that says so, durably. Changes go one after the other.

import { alterableBrokerConfigs, alterableGroupConfigs } from '../config/alterable-configs.ts'
import { type BrokerConfig, withDynamicConfigs } from '../config/resolve.ts'
import { Mutex } from '../lib/mutex.ts'
import type { ConfigEdit, ConfigTexts } from './config-edits.ts'
import type { MetadataLog } from './metadata-log.ts'
import type { MetadataRecord } from './metadata-records.ts'

export interface DynamicConfigsOptions {
  readonly metadataLog: MetadataLog
  /** What the broker was started with. */
  readonly config: BrokerConfig
}

/** The broker resource that stands for all of them. */
export const ALL_BROKERS = ''
const NOTHING_SET: ConfigTexts = {}
const RESOURCE_TYPES = { broker: 4, group: 32 } as const // as the protocol numbers them

export class DynamicConfigs {
  readonly #options: DynamicConfigsOptions
  readonly #mutex = new Mutex()
  readonly #brokers = new Map<string, ConfigTexts>()
  readonly #groups = new Map<string, ConfigTexts>()
  /** The one config object that changes: who holds it always has what is in force now. */
  readonly config: BrokerConfig
  #onBrokerChange: () => Promise<void> = async () => undefined

  constructor(options: DynamicConfigsOptions) {
    this.#options = options
    this.config = { ...options.config }
  }

  /** At start, before anybody asks: takes over what the metadata log says. */
  replay({ resourceType, resourceName, configs }: MetadataRecord & { type: 'configs' }): void {
    if (resourceType === RESOURCE_TYPES.group) setOrForget(this.#groups, resourceName, configs)
    if (resourceType !== RESOURCE_TYPES.broker) return
    setOrForget(this.#brokers, resourceName, configs)
    this.#settle()
  }

  /** Called after a change of `config` is durable and before it is answered. */
  follow(onBrokerChange: () => Promise<void>): void {
    this.#onBrokerChange = onBrokerChange
  }

  /** What was set of the broker with this id, or of all. */
  ofBroker(id: string): ConfigTexts {
    return this.#brokers.get(id) ?? NOTHING_SET
  }

  ofGroup(name: string): ConfigTexts {
    return this.#groups.get(name) ?? NOTHING_SET
  }

  /** Those of which something was set. */
  get groups(): Iterable<string> {
    return this.#groups.keys()
  }

  alterBroker(id: string, edit: ConfigEdit, validateOnly: boolean): Promise<void> {
    return this.#mutex.run(async () => {
      const inherited = this.#inForce(new Map([[ALL_BROKERS, this.ofBroker(ALL_BROKERS)]])) // by a single broker, and by all of them
      const table = alterableBrokerConfigs(inherited, (texts) => this.#inForce(new Map([...this.#brokers, [id, texts]])))
      const configs = edit(this.ofBroker(id), table, 'INVALID_REQUEST')
      if (validateOnly) return
      await this.#options.metadataLog.append([{ type: 'configs', resourceType: RESOURCE_TYPES.broker, resourceName: id, configs }])
      setOrForget(this.#brokers, id, configs)
      this.#settle()
      await this.#onBrokerChange()
    })
  }

  alterGroup(name: string, edit: ConfigEdit, validateOnly: boolean): Promise<void> {
    return this.#mutex.run(async () => {
      const configs = edit(this.ofGroup(name), alterableGroupConfigs(this.config), 'INVALID_CONFIG')
      if (validateOnly) return
      await this.#options.metadataLog.append([{ type: 'configs', resourceType: RESOURCE_TYPES.group, resourceName: name, configs }])
      setOrForget(this.#groups, name, configs)
    })
  }

  #inForce(brokers: ReadonlyMap<string, ConfigTexts>): BrokerConfig {
    const { config } = this.#options
    return withDynamicConfigs(config, brokers.get(String(config['node.id'])) ?? {}, brokers.get(ALL_BROKERS) ?? {})
  }

  #settle(): void {
    Object.assign(this.config, this.#inForce(this.#brokers))
  }
}

function setOrForget(all: Map<string, ConfigTexts>, name: string, configs: ConfigTexts): void {
  if (Object.keys(configs).length === 0) all.delete(name)
  else all.set(name, configs)
}
