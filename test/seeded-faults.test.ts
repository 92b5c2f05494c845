// The faults that `npm run test:crash:faults` seeds, in minutes: that each of them still has a place in the source is told at once.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { SEEDED_FAULTS } from './faults/faults.ts'

it.each(SEEDED_FAULTS)('the fault "$name" changes one place in $file', ({ file, text, also }) => {
  const source = readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8')
  for (const edit of also === undefined ? [text] : [text, also.text]) expect(source.split(edit)).toHaveLength(2)
})
