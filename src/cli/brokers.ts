// Which cluster a command talks to, and which topic it means.

import type { Command } from 'commander'
import { Cluster, type TopicMetadata } from '../client/cluster.ts'
import type { Address, ConnectionOptions } from '../client/connection.ts'
import { closestName } from '../config/closest-name.ts'
import { parseEndpoints } from '../config/endpoints.ts'
import { Refusal } from '../wire/error-codes.ts'
import { Failure } from './failure.ts'

export interface BootstrapOption {
  readonly bootstrap: string
}

export function addBootstrapOption(command: Command): Command {
  return command.option('-b, --bootstrap <host:port>', 'a broker of the cluster, or several with commas', 'localhost:9092')
}

function parseBootstrap(text: string): Address[] {
  const withPorts = text.split(',').map((part) => (/:\d+$|\]$/.test(part.trim()) || part.trim() === '' ? part : `${part.trim()}:9092`))
  const endpoints = parseEndpoints(withPorts.join(','))
  if (endpoints === undefined || endpoints.some(({ host }) => host === '')) {
    throw new Failure('usage', `--bootstrap must be an address as localhost:9092, or several with commas, not "${text}"`)
  }
  return endpoints.map(({ host, port }) => ({ host, port }))
}

export async function withCluster<T>(
  { bootstrap }: BootstrapOption,
  use: (cluster: Cluster) => Promise<T>,
  connectionOptions: ConnectionOptions = {},
): Promise<T> {
  const cluster = new Cluster(parseBootstrap(bootstrap), { clientId: 'ottla-cli', ...connectionOptions })
  try {
    return await use(cluster)
  } finally {
    cluster.close()
  }
}

/** The topic, or a failure that names the one that was probably meant. */
export async function findTopic(cluster: Cluster, name: string, { bootstrap }: BootstrapOption): Promise<TopicMetadata> {
  try {
    return await askTopic(cluster, name)
  } catch (error) {
    throw isMissing(error) ? await noSuchTopic(cluster, name, bootstrap) : error
  }
}

async function askTopic(cluster: Cluster, name: string, mayCreate = false): Promise<TopicMetadata> {
  const [topic] = await cluster.topics([name], { mayCreate })
  return topic!
}

export function isMissing(error: unknown): boolean {
  return error instanceof Refusal && (error.error === 'UNKNOWN_TOPIC_OR_PARTITION' || error.error === 'LEADER_NOT_AVAILABLE')
}

/** `advice` is for when no name comes close. */
export async function noSuchTopic(
  cluster: Cluster,
  name: string,
  bootstrap: string,
  advice = `Create it with: ottla topic create ${name}`,
): Promise<Failure> {
  const names = (await cluster.topics(null)).map((topic) => topic.name)
  const closest = closestName(name, names)
  return new Failure(
    'refused',
    `there is no topic "${name}" on ${bootstrap}. ${closest === undefined ? advice : `Did you mean "${closest}"?`}`,
  )
}

const CREATION_WAIT_MS = 5_000
const CREATION_POLL_MS = 100

/** The topic, which the broker creates when it is missing, if it is one that does so. */
export async function findOrCreateTopic(
  cluster: Cluster,
  name: string,
  { bootstrap }: BootstrapOption,
): Promise<{ topic: TopicMetadata; isNew: boolean }> {
  try {
    return { topic: await askTopic(cluster, name), isNew: false }
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  const deadlineMs = performance.now() + CREATION_WAIT_MS
  for (;;) {
    try {
      return { topic: await askTopic(cluster, name, true), isNew: true }
    } catch (error) {
      if (!isMissing(error)) throw error
      if (performance.now() >= deadlineMs) throw await noSuchTopic(cluster, name, bootstrap)
    }
    await new Promise((resolve) => setTimeout(resolve, CREATION_POLL_MS))
  }
}
