// The version of this package, as package.json has it: two folders up, from src/cli as from dist/cli.

import { readFileSync } from 'node:fs'

export const version = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
