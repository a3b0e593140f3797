/** Which tools there are, and which of them the agents of a run are told of. */
import type { Offers } from '../../domain/act';
import type { Role } from '../../domain/role';
import { ask } from './ask';
import { deleteFile } from './deleteFile';
import { diagnostics } from './diagnostics';
import { editFile } from './editFile';
import { finish } from './finish';
import { leaveOpen } from './leaveOpen';
import { listFiles } from './listFiles';
import { mcpTools } from './mcp';
import { moveFile } from './moveFile';
import { readFile } from './readFile';
import { run } from './run';
import { search } from './search';
import { setExecutable } from './setExecutable';
import { spawn } from './spawn';
import type { Tool } from './tool';
import { writeFile } from './writeFile';

/** Their order is part of the prompt's cached prefix: add new ones at the end. */
const TOOLS: readonly Tool[] = [
  listFiles,
  readFile,
  search,
  editFile,
  writeFile,
  moveFile,
  deleteFile,
  finish,
  setExecutable,
  spawn,
  ask,
  run,
  diagnostics,
];

/** What only one role has. */
const OWN: Readonly<Partial<Record<string, readonly Tool[]>>> = { arbiter: [leaveOpen] };

/**
 * The same for all agents of a run, for tools come first in the cached prefix: what is not for an agent's role, or its depth, is refused at the call.
 * `spawns`: whether agents of the run have others do parts of their tasks; `offers`: what the host would do for them.
 */
export function toolsFor(role: Role, spawns: boolean, offers: Offers): readonly Tool[] {
  const isOffered = (tool: Tool) => {
    if (tool === spawn) return spawns;
    if (tool === ask) return offers.questions;
    if (tool === run) return offers.commands;
    return tool === diagnostics ? offers.diagnostics : true;
  };
  return [...TOOLS.filter(isOffered), ...mcpTools(offers.mcp), ...(OWN[role] ?? [])];
}
