// Makes the command a few files instead of two hundred: docs/decisions/0006-bundled-command.md. Run by `npm run build`, which says nothing when all is well.

import { build } from 'rolldown'

await build({
  input: { ottla: 'dist/cli/main.js' },
  platform: 'node',
  external: (id) => !/^[./]/.test(id), // packages stay packages
  output: { dir: 'dist/bundle', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
})
