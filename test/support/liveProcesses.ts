/** The processes of this machine as the system tells of them, not as we do. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface LiveProcess {
  readonly pid: number;
  readonly command: string;
  /** Of its environment. */
  readonly variables: Readonly<Record<string, string>>;
}

export const tellsProcesses = process.platform === 'linux';

/** What a process has started and what of it lives, by its script: `worker.js`. */
export function childrenOf(parent: number, script: string): LiveProcess[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.flatMap((name) => {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').pop()?.split(' ') ?? [];
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (Number(fields[1]) !== parent || fields[0] === 'Z' || !command.endsWith(script)) return [];
      const rows = readFileSync(`/proc/${name}/environ`, 'utf8')
        .split('\0')
        .filter((row) => row !== '');
      const variables = rows.map((row) => [row.slice(0, row.indexOf('=')), row.slice(row.indexOf('=') + 1)]);
      return [{ pid: Number(name), command, variables: Object.fromEntries(variables) }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/** Resolves when a process that is not ours to wait for has ended. */
export async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await pause(5);
  }
}
