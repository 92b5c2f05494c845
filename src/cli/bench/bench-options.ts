// What the commands of `ottla bench` have in common.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { addBootstrapOption, type BootstrapOption } from '../brokers.ts'
import { collectPairs, positive, wholeNumber } from '../options.ts'

export interface BenchOptions extends BootstrapOption {
  readonly topic: string
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly brokerPid?: number
  readonly json?: boolean
}

export interface TopicOptions extends BenchOptions {
  readonly partitions?: number
  readonly config?: Readonly<Record<string, string>>
  readonly keepTopic?: boolean
}

/** As Kafka's clients call them, with their number in the protocol. */
export type Acks = 'all' | '1' | '0'
export const ACKS: Readonly<Record<Acks, number>> = { all: -1, '1': 1, '0': 0 }

const DEFAULT_TOPIC = 'ottla-bench'

export function addBenchOptions(command: Command): Command {
  return addBootstrapOption(command)
    .option('-t, --topic <topic>', 'the topic', DEFAULT_TOPIC)
    .option('-s, --seconds <count>', 'how long to measure', positiveNumber, 10)
    .option('--broker-pid <pid>', 'also tell what this process takes: the broker, on this machine (Linux)', positive)
    .option('--json', 'print the result as JSON')
}

/** Of commands that write. */
export function addWriteOptions(command: Command, { partitions }: { partitions: number }): Command {
  return command
    .option('--warm-up-seconds <count>', 'how long to run before measuring', wholeNumber, 2)
    .option('-p, --partitions <count>', `of the topic, when it is not there yet (default: ${partitions})`, positive)
    .option('-c, --config <name=value>', 'a config of the topic, when it is not there yet; may be repeated', collectPairs)
    .option('--keep-topic', 'leave a topic that was created for this; else it is deleted at the end')
    .addOption(new Option('-a, --acks <acks>', 'which acknowledgement is waited for').choices(Object.keys(ACKS)).default('all'))
}

/** A number above 0, perhaps with a fraction. */
export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!/^\d{1,9}(\.\d+)?$/.test(text) || value === 0) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}
