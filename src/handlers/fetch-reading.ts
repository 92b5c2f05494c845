// The reading of one fetch: over and over what has news, waiting in between, until there is enough to answer. Changes nothing that the client was told.

import type { Topic } from '../topics/catalog.ts'
import { attempt } from '../wire/attempt.ts'
import { Refusal } from '../wire/error-codes.ts'
import { type FetchPartition, type FetchTopic, type ReadOutcome, sizeOf } from './fetch-partition.ts'
import type { FetchTurn } from './fetch-sessions.ts'
import type { RequestMemory } from './handler.ts'
import { takeShare } from './response-share.ts'
import type { Services } from './services.ts'

/** What one pass over the partitions with news found; those that it did not come to are left out. */
export type Round = readonly { readonly partition: FetchPartition; readonly outcome: ReadOutcome }[]

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly readCommitted: boolean
  readonly signal: AbortSignal
  readonly memory: RequestMemory
}

const UNKNOWN_PARTITION = new Refusal('UNKNOWN_TOPIC_OR_PARTITION') // one for all: making an error takes longer than everything else here

type ReadingServices = Pick<Services, 'turnShare' | 'catalog' | 'placement' | 'records' | 'fetchSessions' | 'clock' | 'responseBudget'>

/** Throws INVALID_FETCH_SESSION_EPOCH when another request goes on with the session. */
export async function readUntilEnough(services: ReadingServices, turn: FetchTurn, limits: FetchLimits): Promise<Round> {
  const { clock, fetchSessions } = services
  const { partitions } = turn
  const { minBytes, signal, memory } = limits
  const deadlineMs = clock.monotonic() + limits.maxWaitMs
  await stepWithMany(services, partitions.size)
  for (;;) {
    const { round, size, isUrgent } = await readShare(services, turn, limits, deadlineMs)
    const waitMs = deadlineMs - clock.monotonic()
    if (size >= minBytes || isUrgent || waitMs <= 0 || partitions.size === 0 || partitions.isEnded || signal.aborted) {
      if (size > 0) memory.whenAnswerLeft(() => answerLeft(services, round, size))
      return round
    }
    release(services, round, size)
    for (const { partition, outcome } of round) partitions.settle(partition, outcome)
    await fetchSessions.waits.during(partitions.grow(minBytes - size, waitMs, signal, clock))
    if (turn.isSuperseded()) throw new Refusal('INVALID_FETCH_SESSION_EPOCH')
  }
}

const MANY_PARTITIONS = 1000

/** Each pass over so many takes milliseconds, of all who have waited for the same; few do not pay for a look at the clock. */
function stepWithMany({ turnShare }: Pick<Services, 'turnShare'>, partitionCount: number): Promise<void> | undefined {
  return partitionCount >= MANY_PARTITIONS ? turnShare.step() : undefined
}

function answerLeft(services: ReadingServices, round: Round, size: number): void {
  release(services, round, size)
  services.records.readOn(round.map(({ outcome }) => outcome))
}

function release({ records, responseBudget }: ReadingServices, round: Round, size: number): void {
  records.release(round.map(({ outcome }) => outcome))
  responseBudget.give(size)
}

/** Reads as much as there is room for in memory; the size is taken from the budget of responses. Where there is no room in time, it reads no records. */
async function readShare(
  services: ReadingServices,
  turn: FetchTurn,
  limits: FetchLimits,
  deadlineMs: number,
): Promise<{ readonly round: Round; readonly size: number; readonly isUrgent: boolean }> {
  const { clock, fetchSessions, responseBudget, turnShare } = services
  const patience = { clock, waitMs: deadlineMs - clock.monotonic(), signal: limits.signal }
  const taken = takeShare(responseBudget, limits.maxBytes, patience)
  const share = taken instanceof Promise ? await fetchSessions.waits.during(taken) : taken
  let size = 0
  try {
    const round = await readRound(services, turn, limits, share)
    let isUrgent = false
    let readSize = 0
    await turnShare.inSteps(round, ({ partition, outcome }) => {
      readSize += sizeOf(outcome)
      isUrgent ||= partition.isUrgent(outcome)
    })
    if (turn.isSuperseded()) throw new Refusal('INVALID_FETCH_SESSION_EPOCH')
    size = readSize
    return { round, size, isUrgent }
  } finally {
    responseBudget.give((share ?? 0) - size) // less than nothing when the first batch alone is larger than the share
  }
}

async function readRound(
  services: ReadingServices,
  { partitions, isIncremental }: FetchTurn,
  { readCommitted }: FetchLimits,
  share: number | undefined,
): Promise<Round> {
  const reads: FetchPartition[] = []
  const refused: { partition: FetchPartition; outcome: Refusal }[] = []
  const topics = new Map<FetchTopic, Topic | Refusal>()
  await services.turnShare.inSteps(partitions.takeNews(), (partition) => {
    let topic = topics.get(partition.topic)
    if (topic === undefined) {
      topic = attempt(() => lookUp(services, partition.topic, partitions.usesTopicIds))
      topics.set(partition.topic, topic)
    }
    const outcome = topic instanceof Refusal ? topic : refusalOf(services, partition, topic)
    if (outcome !== undefined) return void refused.push({ partition, outcome })
    if (!partitions.isEnded) partition.watch(services.records)
    reads.push(partition)
  })
  const outcomes = await services.records.read({
    reads,
    maxBytes: share ?? 0,
    atLeastOneBatch: share !== undefined,
    readCommitted,
    stopsWhenFull: isIncremental,
  })
  await stepWithMany(services, outcomes.length)
  return [...outcomes.map((outcome, index) => ({ partition: reads[index]!, outcome })), ...refused]
}

/** What the client's name or id stands for now. Throws UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID or INCONSISTENT_TOPIC_ID. */
function lookUp({ catalog }: ReadingServices, topic: FetchTopic, usesTopicIds: boolean): Topic {
  const found = usesTopicIds && topic.name === undefined ? catalog.byId(topic.topicId) : catalog.byName(topic.name ?? topic.asked.topic)
  if (usesTopicIds && found.id !== topic.topicId) throw new Refusal('INCONSISTENT_TOPIC_ID')
  if (usesTopicIds) topic.name = found.name
  topic.topicId = found.id
  return found
}

function refusalOf({ placement }: ReadingServices, partition: FetchPartition, topic: Topic): Refusal | undefined {
  const { partitionIndex, currentLeaderEpoch } = partition
  if (partitionIndex < 0 || partitionIndex >= topic.partitionCount) return UNKNOWN_PARTITION
  const checked = attempt(() => placement.checkLeader(topic, partitionIndex, currentLeaderEpoch))
  return checked instanceof Refusal ? checked : undefined
}
