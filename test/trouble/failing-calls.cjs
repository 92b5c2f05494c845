// Loaded into a broker process before all else: calls of the file system fail as the file TEST_FAILING_CALLS says, with a line each of the call,
// the code, and what the file's path must contain. Without a line everything works.

const fs = require('node:fs')

const path = process.env.TEST_FAILING_CALLS

function codeFor(call, descriptor) {
  let lines
  try {
    lines = fs.readFileSync(path, 'utf8').trim().split('\n')
  } catch {
    return undefined
  }
  for (const line of lines) {
    const [failingCall, code, part] = line.split(' ')
    if (failingCall === call && fs.readlinkSync(`/proc/self/fd/${descriptor}`).includes(part)) return code
  }
  return undefined
}

const failure = (call, code) => Object.assign(new Error(`${code}: ${call}`), { code, syscall: call })

for (const call of ['fdatasync', 'write', 'writev', 'read']) {
  const works = fs[call]
  fs[call] = (descriptor, ...rest) => {
    const code = codeFor(call.replace('writev', 'write'), descriptor)
    if (code === undefined) return works(descriptor, ...rest)
    const answer = rest.at(-1)
    setImmediate(() => answer(failure(call, code)))
  }
}

const writeSync = fs.writeSync
fs.writeSync = (descriptor, ...rest) => {
  const code = codeFor('write', descriptor)
  if (code !== undefined) throw failure('write', code)
  return writeSync(descriptor, ...rest)
}
