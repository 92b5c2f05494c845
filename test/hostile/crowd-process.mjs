// A crowd of connections in a process of its own, told what to do a line of JSON at a time: {"host", "port", "count", "parts": [{"base64", "times"}], "reads"} opens
// `count` connections, each of which sends the parts and then waits; {} answers how many the broker has not ended.

import { connect } from 'node:net'
import { createInterface } from 'node:readline'

const OPENING_AT_ONCE = 100
const open = new Set()
let endedCount = 0

function openOne({ host, port, parts, reads }) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      open.delete(socket)
      endedCount++
      resolve()
    })
    socket.once('connect', () => {
      open.add(socket)
      for (const { bytes, times } of parts) for (let time = 0; time < times; time++) socket.write(bytes)
      if (reads) socket.resume()
      resolve()
    })
  })
}

async function openAll({ count, parts, ...rest }) {
  const buffers = parts.map(({ base64, times }) => ({ bytes: Buffer.from(base64, 'base64'), times }))
  for (let opened = 0; opened < count; opened += OPENING_AT_ONCE) {
    const many = Math.min(OPENING_AT_ONCE, count - opened)
    await Promise.all(Array.from({ length: many }, () => openOne({ ...rest, parts: buffers })))
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  if (request.count !== undefined) await openAll(request)
  console.log(JSON.stringify({ open: open.size, ended: endedCount }))
}
