// A member of a group in a process of its own, which can be told to leave, be killed or frozen: what it tells, line by line, goes into the run's log.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { GroupEvent } from '../../support/group-judge.ts'

const OUTPUT_KEPT = 20_000

/** An event as its member tells it; a member that tells no time is believed to tell at once. */
export type ToldEvent = GroupEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'at' | 'member'> & { at?: number }
    : never
  : never

export interface MemberProgram {
  readonly command: string
  readonly commandArguments: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** What a line tells, of its standard output and its errors together. */
  parse(line: string): readonly ToldEvent[]
  /** Where its errors tell what it is assigned, but do not say before or after which record. */
  parseErrors?(line: string): readonly ToldEvent[]
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class Member {
  readonly name: string
  readonly owned = new Set<number>()
  readonly #child: ChildProcess
  readonly #log: GroupEvent[]
  #output = ''
  #ended: string | undefined
  #isExpectedToEnd = false

  constructor(name: string, program: MemberProgram, log: GroupEvent[]) {
    const { command, commandArguments, environment = {} } = program
    this.name = name
    this.#log = log
    const inOneStream = program.parseErrors === undefined ? ' 2>&1' : '' // in the order in which it wrote them
    const shell = ['-c', `exec "$0" "$@"${inOneStream}`, command, ...commandArguments]
    this.#child = spawn('bash', shell, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } })
    running.add(this.#child)
    this.#child.once('close', (code, signal) => {
      running.delete(this.#child)
      this.#ended = signal ?? `exit code ${code}`
    })
    this.#read(this.#child.stdout!, (line) => program.parse(line).map((event) => this.#tell(event)))
    this.#read(this.#child.stderr!, (line) => program.parseErrors?.(line).map((event) => this.#own(event)) ?? [])
  }

  /** What it wrote besides events, and how it ended. */
  get output(): string {
    return this.#ended === undefined ? this.#output : `${this.#output}ended: ${this.#ended}\n`
  }

  get hasFailed(): boolean {
    return !running.has(this.#child) && !this.#isExpectedToEnd
  }

  /** As its user would end it: it leaves the group, and does not tell when. */
  async leave(): Promise<void> {
    this.#tell({ event: 'gone' })
    await this.#end('SIGTERM')
  }

  /** As a crash ends it: the coordinator has to find out. */
  async kill(): Promise<void> {
    this.#tell({ event: 'gone' })
    await this.#end('SIGKILL')
  }

  /** It has ended by itself. */
  forget(): void {
    this.#tell({ event: 'gone' })
  }

  /** It neither works nor is heard of until `thaw`. */
  freeze(): void {
    this.#tell({ event: 'gone' })
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  /** It works no more for a while, but is heard of: for programs that listen to it. */
  slow(): void {
    this.#tell({ event: 'gone' })
    this.#child.kill('SIGUSR1')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#isExpectedToEnd = true
    if (running.has(this.#child)) {
      this.#child.kill(signal)
      await once(this.#child, 'close')
    }
    this.#tell({ event: 'gone' })
  }

  #read(stream: Readable, take: (line: string) => readonly unknown[]): void {
    createInterface({ input: stream }).on('line', (line) => {
      if (take(line).length === 0) this.#output = (this.#output + line + '\n').slice(-OUTPUT_KEPT)
    })
  }

  #tell(told: ToldEvent): void {
    this.#log.push({ at: Date.now(), isHeard: told.at === undefined, ...told, member: this.name })
    this.#own(told)
  }

  #own(event: ToldEvent): void {
    if (event.event === 'assigned') for (const partition of event.partitions) this.owned.add(partition)
    if (event.event === 'revoked') for (const partition of event.partitions) this.owned.delete(partition)
    if (event.event === 'gone') this.owned.clear()
  }
}
