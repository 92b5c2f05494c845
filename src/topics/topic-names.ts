// Which topic names are legal, as Kafka rules: they become folder names, and metric names in which '.' and '_' are the same.

const LENGTH_MAX = 249
const LEGAL = /^[a-zA-Z0-9._-]+$/

/** The metadata log's name, which is no topic's: they would share a folder. */
export const METADATA_TOPIC = '__cluster_metadata'

/** A sentence that says what is wrong with `name`, or undefined when it is legal. */
export function illegalTopicName(name: string): string | undefined {
  if (name === '') return 'the empty string is not allowed as a topic name'
  if (name === METADATA_TOPIC) return `"${name}" is the broker's own log, not a topic`
  if (name === '.' || name === '..') return `"${name}" is not allowed as a topic name`
  if (name.length > LENGTH_MAX) return `a topic name is at most ${LENGTH_MAX} characters long, this one has ${name.length}`
  if (!LEGAL.test(name)) return `topic name "${name}" is illegal: it may contain only ASCII letters, digits, ".", "_" and "-"`
  return undefined
}

/** Names with the same key collide: Kafka's metrics cannot tell '.' from '_'. */
export const collisionKey = (name: string): string => name.replaceAll('.', '_')
