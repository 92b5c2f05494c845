// A client of Node's that writes or reads so many records of 1 KB, as its users would: prints the seconds that took, from when it had connected, or its group had formed.

import { parseArgs } from 'node:util'
import { Consumer, Producer } from '@platformatic/kafka'
import { Kafka, logLevel } from 'kafkajs'

const { values } = parseArgs({
  options: {
    client: { type: 'string', default: 'kafkajs' },
    what: { type: 'string', default: 'produce' },
    bootstrap: { type: 'string', default: 'localhost:9092' },
    topic: { type: 'string', default: 'node-client' },
    records: { type: 'string', default: '100000' },
  },
})

const { topic, bootstrap } = values
const records = Number(values.records)
const VALUE = Buffer.alloc(1014, 'some text ')
const BATCH_RECORDS = 512
const BATCHES_AT_ONCE = 4
const CLIENT_ID = 'bench'

type Send = (count: number) => Promise<unknown>

const programs: Readonly<Record<string, () => Promise<number>>> = {
  'kafkajs produce': async () => {
    const producer = kafkajs().producer()
    await producer.connect()
    return produceAll((count) => producer.send({ topic, messages: Array.from({ length: count }, () => ({ value: VALUE })) }))
  },
  'platformatic produce': async () => {
    const producer = new Producer({ clientId: CLIENT_ID, bootstrapBrokers: [bootstrap] })
    await producer.metadata({ topics: [topic] })
    return produceAll((count) => producer.send({ messages: Array.from({ length: count }, () => ({ topic, value: VALUE })) }))
  },
  'kafkajs consume': async () => {
    const consumer = kafkajs().consumer({ groupId: topic, maxWaitTimeInMs: 500 })
    await consumer.subscribe({ topic, fromBeginning: true })
    let left = records
    let startMs = performance.now()
    consumer.on(consumer.events.GROUP_JOIN, () => (startMs = performance.now()))
    return new Promise<number>((resolve) => {
      void consumer.run({
        eachBatchAutoResolve: true,
        async eachBatch({ batch }) {
          left -= batch.messages.length
          if (left <= 0) resolve((performance.now() - startMs) / 1000)
        },
      })
    })
  },
  'platformatic consume': async () => {
    const consumer = new Consumer({ clientId: CLIENT_ID, groupId: topic, bootstrapBrokers: [bootstrap], highWaterMark: 10_000 })
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: true })
    const startMs = performance.now()
    let left = records
    for await (const { offset } of stream) if (offset >= 0n && --left <= 0) break
    return (performance.now() - startMs) / 1000
  },
}

const kafkajs = (): Kafka => new Kafka({ clientId: CLIENT_ID, brokers: [bootstrap], logLevel: logLevel.ERROR })

async function produceAll(send: Send): Promise<number> {
  const startMs = performance.now()
  let left = records
  const sendOn = async (): Promise<void> => {
    while (left > 0) {
      const count = Math.min(left, BATCH_RECORDS)
      left -= count
      await send(count)
    }
  }
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, sendOn))
  return (performance.now() - startMs) / 1000
}

const seconds = await programs[`${values.client} ${values.what}`]!()
console.log(JSON.stringify({ seconds }))
process.exit() // kafkajs has no quick way to leave
