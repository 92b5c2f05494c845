// ottla group list|describe|reset|delete|delete-offsets

import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addDelete } from './group-delete.ts'
import { addDeleteOffsets } from './group-delete-offsets.ts'
import { addDescribe } from './group-describe.ts'
import { addList } from './group-list.ts'
import { addReset } from './group-reset.ts'

export function addGroupCommands(program: Command, terminal: Terminal): void {
  const group = program.command('group').description('list, describe and delete consumer groups, and reset what they have committed')
  addList(group, terminal)
  addDescribe(group, terminal)
  addReset(group, terminal)
  addDelete(group, terminal)
  addDeleteOffsets(group, terminal)
}
