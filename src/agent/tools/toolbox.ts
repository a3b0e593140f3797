/** Which tools there are, and which of them a role gets. */
import type { Offers } from '../../domain/act';
import type { Task } from '../../domain/plan';
import { roleCalled } from '../roles';
import { ask } from './ask';
import { deleteFile } from './deleteFile';
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
];

/** What only one role has. */
const OWN: Readonly<Partial<Record<string, readonly Tool[]>>> = { arbiter: [leaveOpen] };

/** `maySpawn`: whether other agents may do parts of the task; `offers`: what the host would do for it. */
export function toolsFor(role: Task['role'], maySpawn: boolean, offers: Offers): readonly Tool[] {
  const isOffered = (tool: Tool) => {
    if (tool === spawn) return maySpawn;
    if (tool === ask) return offers.questions;
    return tool === run ? offers.commands : true;
  };
  const own = [...TOOLS.filter((tool) => (roleCalled(role).writes || !tool.writes) && isOffered(tool)), ...(OWN[role] ?? [])];
  return [...own, ...mcpTools(offers.mcp)];
}
