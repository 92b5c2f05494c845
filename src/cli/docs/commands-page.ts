// docs/cli.md: the help of every command, as it prints it.

import type { Command } from 'commander'

export function commandsMarkdown(program: Command): string {
  return `# Command line

Every command has \`--help\`. Commands that print have \`--json\` for programs; what is said beside results goes to standard error.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed: a file could not be read, a broker could not start |
| 2 | the command line is wrong |
| 3 | no broker was reached, or the connection was lost |
| 4 | the broker refused |
| 5 | the broker that was started stopped by itself, because it could not go on safely |

${leaves(program)
  .map((command) => `## ${pathOf(command)}\n\n\`\`\`\n${helpOf(command)}\n\`\`\``)
  .join('\n\n')}
`
}

function leaves(command: Command): Command[] {
  const shown = command.createHelp().visibleCommands(command)
  return shown.length === 0 ? [command] : shown.flatMap(leaves)
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

/** With the text that is added after the options, which only printing brings. */
function helpOf(command: Command): string {
  const usual = command.configureOutput()
  let text = ''
  command.configureOutput({ ...usual, writeOut: (part) => (text += part) })
  command.outputHelp()
  command.configureOutput(usual)
  return text.trim()
}
