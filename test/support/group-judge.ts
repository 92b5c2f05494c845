// What the members of a group may process, judged from their own words. Pure. The rules:
// - every record is processed at least once, with the value that it has in the topic;
// - a member starts on a partition no further than what was processed before, and no earlier than the last acknowledged commit;
// - from there on it takes record after record, until the partition is taken from it;
// - a partition has one owner at a time, and one in a generation.

interface Told {
  /** Milliseconds; events come in this order. */
  readonly at: number
  readonly member: string
  /** The time is when it was heard of, not when it happened: what it says of the order between members counts for nothing. */
  readonly isHeard?: boolean
}

export type GroupEvent = Told &
  (
    | { readonly event: 'assigned'; readonly partitions: readonly number[]; readonly generation?: number }
    | { readonly event: 'revoked'; readonly partitions: readonly number[] }
    /** It ended, or was stopped: from here on the coordinator may take it for dead, whatever it believes itself. */
    | { readonly event: 'gone' }
    | { readonly event: 'record'; readonly partition: number; readonly offset: number; readonly value?: string | undefined }
    | { readonly event: 'committed'; readonly partition: number; readonly offset: number }
  )

export type GroupBreachKind = 'undelivered' | 'altered' | 'skipped' | 'forgotten' | 'unordered' | 'shared'

export interface GroupBreach {
  readonly kind: GroupBreachKind
  readonly message: string
}

type RecordEvent = GroupEvent & { readonly event: 'record' }

interface Partition {
  readonly values: readonly string[]
  readonly processed: Uint8Array
  /** All records below it are processed. */
  processedBelow: number
  committed: number
  owner: string | undefined
}

/** What a member does on a partition since it was assigned. */
interface Reading {
  readonly committedBefore: number
  next: number | undefined
}

interface Member {
  readonly readings: Map<number, Reading>
  generation: number | undefined
  isGone: boolean
}

/** `topic` has the values of each partition by their offsets. */
export function judgeGroup(events: readonly GroupEvent[], topic: readonly (readonly string[])[]): GroupBreach[] {
  const judge = new GroupJudge(topic)
  return [...events.flatMap((event) => judge.take(event)), ...judge.end()]
}

class GroupJudge {
  readonly #partitions: readonly Partition[]
  readonly #members = new Map<string, Member>()
  readonly #ownersByGeneration = new Map<string, string>()

  constructor(topic: readonly (readonly string[])[]) {
    this.#partitions = topic.map((values) => ({
      values,
      processed: new Uint8Array(values.length),
      processedBelow: 0,
      committed: 0,
      owner: undefined,
    }))
  }

  take(event: GroupEvent): GroupBreach[] {
    const member = this.#memberOf(event.member)
    switch (event.event) {
      case 'assigned':
        member.generation = event.generation
        return [...event.partitions.flatMap((partition) => this.#assign(event, partition)), ...this.#inGeneration(event.member)]
      case 'revoked':
        for (const partition of event.partitions) this.#take(event.member, partition)
        return []
      case 'gone':
        member.isGone = true
        for (const partition of member.readings.keys()) this.#release(event.member, partition)
        return []
      case 'record':
        return this.#process(event)
      case 'committed':
        this.#partitions[event.partition]!.committed = event.offset
        return []
    }
  }

  end(): GroupBreach[] {
    return this.#partitions.flatMap(({ values, processedBelow }, partition) =>
      processedBelow === values.length
        ? []
        : [breach('undelivered', `offset ${processedBelow} of partition ${partition} was processed by nobody, of ${values.length}`)],
    )
  }

  #assign({ member: name, isHeard = false }: Told, index: number): GroupBreach[] {
    const partition = this.#partitions[index]!
    const before = partition.owner
    partition.owner = name
    this.#memberOf(name).isGone = false
    this.#memberOf(name).readings.set(index, { committedBefore: partition.committed, next: undefined })
    if (before === undefined || before === name || isHeard) return []
    return [breach('shared', `partition ${index} was given to ${name} while ${before} had it`)]
  }

  #inGeneration(name: string): GroupBreach[] {
    const { generation, readings } = this.#memberOf(name)
    if (generation === undefined) return []
    return [...readings.keys()].flatMap((partition) => {
      const key = `${partition} in generation ${generation}`
      const before = this.#ownersByGeneration.get(key)
      this.#ownersByGeneration.set(key, name)
      if (before === undefined || before === name || this.#memberOf(before).isGone) return []
      return [breach('shared', `partition ${key} was given to ${before} and to ${name}`)]
    })
  }

  #take(name: string, index: number): void {
    this.#release(name, index)
    this.#memberOf(name).readings.delete(index)
  }

  #release(name: string, index: number): void {
    const partition = this.#partitions[index]!
    if (partition.owner === name) partition.owner = undefined
  }

  #process(event: RecordEvent): GroupBreach[] {
    const partition = this.#partitions[event.partition]!
    const where = `${event.member} took offset ${event.offset} of partition ${event.partition}`
    const breaches = againstReading(this.#memberOf(event.member).readings.get(event.partition), partition, event, where)
    if (event.value !== undefined && event.value !== partition.values[event.offset]) {
      breaches.push(breach('altered', `${where} as ${event.value}, and it is ${partition.values[event.offset]}`))
    }
    partition.processed[event.offset] = 1
    while (partition.processed[partition.processedBelow] === 1) partition.processedBelow++
    return breaches
  }

  #memberOf(name: string): Member {
    const known = this.#members.get(name)
    if (known !== undefined) return known
    const member = { readings: new Map<number, Reading>(), generation: undefined, isGone: false }
    this.#members.set(name, member)
    return member
  }
}

/** What a member finishes after its partition was taken from it begins nothing: only that its predecessors are there is asked of it. */
function againstReading(
  reading: Reading | undefined,
  partition: Partition,
  { offset, isHeard = false }: RecordEvent,
  where: string,
): GroupBreach[] {
  const breaches: GroupBreach[] = []
  if (offset > partition.processedBelow && reading?.next !== offset && !isHeard) {
    breaches.push(breach('skipped', `${where}, and ${partition.processedBelow} was processed by nobody`))
  }
  if (reading === undefined) return breaches
  if (reading.next === undefined && offset < reading.committedBefore) {
    breaches.push(breach('forgotten', `${where} first, although ${reading.committedBefore} was committed`))
  }
  if (reading.next !== undefined && reading.next !== offset) breaches.push(breach('unordered', `${where}, and ${reading.next} was next`))
  reading.next = offset + 1
  return breaches
}

const breach = (kind: GroupBreachKind, message: string): GroupBreach => ({ kind, message })
