/** Which tools there are, and which of them a role gets. */
import type { Task } from '../../domain/plan';
import { roleCalled } from '../roles';
import { deleteFile } from './deleteFile';
import { editFile } from './editFile';
import { finish } from './finish';
import { listFiles } from './listFiles';
import { moveFile } from './moveFile';
import { readFile } from './readFile';
import { search } from './search';
import { setExecutable } from './setExecutable';
import { spawn } from './spawn';
import type { Tool } from './tool';
import { writeFile } from './writeFile';

/** Their order is part of the prompt's cached prefix: add new ones at the end. */
const TOOLS: readonly Tool[] = [listFiles, readFile, search, editFile, writeFile, moveFile, deleteFile, finish, setExecutable, spawn];

/** `maySpawn`: whether other agents may do parts of the task. */
export function toolsFor(role: Task['role'], maySpawn: boolean): readonly Tool[] {
  return TOOLS.filter((tool) => (roleCalled(role).writes || !tool.writes) && (maySpawn || tool !== spawn));
}
