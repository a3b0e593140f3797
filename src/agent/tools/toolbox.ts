/** Which tools there are, and which of them a role gets. */
import type { Task } from '../../domain/plan';
import { ROLES } from '../roles';
import { deleteFile } from './deleteFile';
import { editFile } from './editFile';
import { finish } from './finish';
import { listFiles } from './listFiles';
import { moveFile } from './moveFile';
import { readFile } from './readFile';
import { search } from './search';
import { setExecutable } from './setExecutable';
import type { Tool } from './tool';
import { writeFile } from './writeFile';

/** Their order is part of the prompt's cached prefix: add new ones at the end. */
const TOOLS: readonly Tool[] = [listFiles, readFile, search, editFile, writeFile, moveFile, deleteFile, finish, setExecutable];

export function toolsFor(role: Task['role']): readonly Tool[] {
  return ROLES[role].writes ? TOOLS : TOOLS.filter((tool) => !tool.writes);
}
