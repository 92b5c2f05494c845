// Kafka's own command-line tools, run one after the other in one JVM (KafkaTools.java).

import { fileURLToPath } from 'node:url'
import { javaArguments } from '../../support/kafka-jars.ts'
import { LineProcess } from '../../support/line-process.ts'

export interface ToolResult {
  readonly exitCode: number
  readonly output: string
  readonly errors: string
}

export class KafkaTools {
  readonly #jvm = new LineProcess('java', [
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    ...javaArguments(512),
    fileURLToPath(new URL('KafkaTools.java', import.meta.url)),
  ])

  /** Runs a tool by the name of its class in org.apache.kafka.tools, or by its whole name from `kafka.` on, whatever its exit code. */
  async run(tool: string, toolArguments: readonly string[], input = ''): Promise<ToolResult> {
    const request = {
      tool: tool.startsWith('kafka.') ? tool : `org.apache.kafka.tools.${tool}`,
      arguments: toolArguments,
      input: Buffer.from(input).toString('base64'),
    }
    const answer = (await this.#jvm.ask(request)) as { exitCode: number; output: string; errors: string }
    const text = (base64: string): string => Buffer.from(base64, 'base64').toString()
    return { exitCode: answer.exitCode, output: text(answer.output), errors: text(answer.errors) }
  }

  /** What it printed; throws when it failed. */
  async output(tool: string, toolArguments: readonly string[], input = ''): Promise<string> {
    const result = await this.run(tool, toolArguments, input)
    if (result.exitCode !== 0) throw new Error(`${tool} exited with ${result.exitCode}: ${result.errors}${result.output}`)
    return result.output
  }

  close(): void {
    this.#jvm.close()
  }
}
