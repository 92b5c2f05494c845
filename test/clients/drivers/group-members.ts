// Members of a group that are our own command line: `ottla consume --group`, each a process with a file for what it prints.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ottlaCommand, temporaryFolder } from '../../support/broker-process.ts'
import { StartedProcess } from '../../support/started-process.ts'

export class GroupMembers {
  readonly #commandArguments: readonly string[]
  readonly #folder = temporaryFolder()
  readonly #files: string[] = []

  constructor(bootstrap: string, topic: string, groupId: string, options: readonly string[] = []) {
    this.#commandArguments = ['consume', topic, '--group', groupId, '--bootstrap', bootstrap, ...options]
  }

  start(...options: readonly string[]): StartedProcess {
    const file = join(this.#folder, `member-${this.#files.length}`)
    this.#files.push(file)
    const command = [process.execPath, ottlaCommand, ...this.#commandArguments, ...options]
    return new StartedProcess('bash', ['-c', `exec "$0" "$@" > ${file}`, ...command])
  }

  /** The lines of each member, in the order of their starts. What is only half written is left out. */
  get printed(): string[][] {
    return this.#files.map((file) => readFileSync(file, 'utf8').split('\n').slice(0, -1))
  }

  get all(): string[] {
    return this.printed.flat()
  }
}
