// ottla bench produce|consume|latency

import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addBenchConsume } from './bench-consume.ts'
import { addBenchLatency } from './bench-latency.ts'
import { addBenchProduce } from './bench-produce.ts'

export function addBenchCommands(program: Command, terminal: Terminal): void {
  const bench = program.command('bench').description('measure a Kafka-compatible broker: how much it takes, how much it gives, how soon')
  addBenchProduce(bench, terminal)
  addBenchConsume(bench, terminal)
  addBenchLatency(bench, terminal)
}
