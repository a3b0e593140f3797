/** Ending a command with all that it started, whatever that did to get away: by its group, and by a mark in its environment. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Variable that every process of a command inherits; its value is the folder that the command runs in. */
export const FOLDER_VARIABLE = 'WEFT_FOLDER';

/** Sends a signal to a command's group, and to every process that carries the mark of its folder. */
export function signalTree(group: number | undefined, folder: string, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (process.platform === 'win32') {
    // Windows knows no groups: the tree is found from its root.
    if (group !== undefined) spawnSync('taskkill', ['/pid', String(group), '/T', '/F'], { windowsHide: true, stdio: 'ignore' });
    return;
  }
  if (group !== undefined) send(-group, signal);
  for (const pid of markedWith(folder)) send(pid, signal);
}

/** Whether a process of that group lives: one that outlived the Weft which started it. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(process.platform === 'win32' ? group : -group, 0);
    return true;
  } catch {
    // No such group, or somebody else's by now.
    return false;
  }
}

/** Processes of this user's that carry the mark of a folder. Linux tells; elsewhere none are found. */
export function markedWith(folder: string): number[] {
  const mark = Buffer.from(`\0${FOLDER_VARIABLE}=${folder}\0`);
  const found: number[] = [];
  for (const name of processNames()) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (Buffer.concat([Buffer.of(0), readFileSync(`/proc/${name}/environ`)]).includes(mark)) found.push(pid);
    } catch {
      // It is another user's, or has ended.
    }
  }
  return found;
}

function processNames(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended: that is what was wanted.
  }
}
