// What is told of a profile: how much of the time went where.

import type { Profiler } from 'node:inspector'
import { expect, it } from 'vitest'
import { profileText, sharesOf } from '../../bench/broker/profile.ts'

function node(id: number, functionName: string, url = ''): Profiler.ProfileNode {
  return { id, callFrame: { functionName, url, lineNumber: 9, columnNumber: 0, scriptId: '1' } }
}

const PROFILE: Profiler.Profile = {
  startTime: 0,
  endTime: 100,
  nodes: [
    node(1, '(idle)'),
    node(2, 'append', 'file:///somewhere/dist/bundle/broker.js'),
    node(3, 'append', 'file:///somewhere/dist/bundle/broker.js'), // called from elsewhere
    node(4, '', 'file:///somewhere/dist/bundle/broker.js'),
    node(5, 'crc32c', 'file:///somewhere/node_modules/crc/index.js'),
    node(6, 'processTicks', 'node:internal/process/task_queues'),
    node(7, 'writev'),
  ],
  samples: [1, 2, 3, 4, 5, 6, 7, 1],
  timeDeltas: [30, 10, 10, 5, 5, 5, 25, 10],
}

it('tells the shares of functions, the same one called from several places once', () => {
  expect(sharesOf(PROFILE).functions).toEqual([
    { name: '(idle)', share: 0.4 },
    { name: 'writev', share: 0.25 },
    { name: 'append broker.js:10', share: 0.2 },
    { name: 'anonymous broker.js:10', share: 0.05 },
    { name: 'crc32c index.js:10', share: 0.05 },
    { name: 'processTicks task_queues:10', share: 0.05 },
  ])
})

it('tells what is ours from packages, from Node, and from what is native', () => {
  expect(sharesOf(PROFILE).parts).toEqual([
    { name: '(idle)', share: 0.4 },
    { name: 'ours', share: 0.25 },
    { name: 'native functions', share: 0.25 },
    { name: 'packages', share: 0.05 },
    { name: 'Node', share: 0.05 },
  ])
})

it('has no shares where there are no samples', () => {
  expect(sharesOf({ ...PROFILE, samples: [], timeDeltas: [] })).toEqual({ parts: [], functions: [] })
})

it('says in the first lines how many cores the process took, and the loop what for', () => {
  const cpu = { loop: { user: 3, system: 1 }, others: { user: 0.5, system: 1.5 } }
  expect(
    profileText({ seconds: 5, ...cpu, ...sharesOf(PROFILE) })
      .split('\n')
      .slice(0, 3),
  ).toEqual([
    "profile of 5.0 s: the event loop's thread took 0.80 of a core (0.60 user, 0.20 system), all others 0.40 of a core (0.10 user, 0.30 system)",
    "the event loop's thread: (idle) 40.0 %, ours 25.0 %, native functions 25.0 %, packages 5.0 %, Node 5.0 %",
    '  40.0 %  (idle)',
  ])
})
