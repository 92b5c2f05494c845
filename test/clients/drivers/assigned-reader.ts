// Kafka's own consumer on assigned partitions (AssignedReader.java).

import { fileURLToPath } from 'node:url'
import { javaArguments } from '../../support/kafka-jars.ts'
import { LineProcess } from '../../support/line-process.ts'

export class AssignedReader {
  readonly #jvm: LineProcess

  constructor(bootstrap: string) {
    const program = fileURLToPath(new URL('AssignedReader.java', import.meta.url))
    this.#jvm = new LineProcess('java', ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...javaArguments(512), program, bootstrap])
  }

  /** All partitions of the topic, from their start. */
  async assign(topic: string, partitions: number): Promise<void> {
    await this.#jvm.ask({ topic, partitions })
  }

  /** Until so many records came, or none comes any more. */
  async read(count: number): Promise<{ count: number; bytes: number }> {
    return (await this.#jvm.ask({ count })) as { count: number; bytes: number }
  }

  close(): void {
    this.#jvm.close()
  }
}
