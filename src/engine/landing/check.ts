/** Checking a tree: its commands, one after the other, in a folder of the pool. */
import { fail, ok, type Result } from '../../domain/failure';
import type { CheckResult } from '../../domain/taskState';
import { runCommand } from '../../repo/commands/command';
import type { FolderPool } from '../../repo/commands/folderPool';

/**
 * Runs commands on a tree until one of them is red. What came of the last that ran is the verdict; at least one command is given.
 * A failure means that there is no verdict: it was called off, or there is no folder to check in.
 */
export type Checker = (
  tree: string,
  check: { commands: readonly string[]; timeoutMs: number },
  signal: AbortSignal,
) => Promise<Result<CheckResult>>;

export function folderChecker(pool: FolderPool): Checker {
  return (tree, { commands, timeoutMs }, signal) =>
    pool.use({ tree }, signal, async (folder) => {
      let last: CheckResult = { ok: true, command: '', exitCode: 0, timedOut: false, output: '', milliseconds: 0 };
      for (const command of commands) {
        let end = await runCommand(folder, command, { timeoutMs }, signal);
        // No agent can repair that: it is asked again, once.
        if (end.ok && end.value.killed) end = await runCommand(folder, command, { timeoutMs }, signal);
        if (!end.ok) return end;
        const { killed, ...told } = end.value;
        if (killed) return killedTwice(command);
        last = { ...told, command, ok: told.exitCode === 0 && !told.timedOut };
        if (!last.ok) break;
      }
      return ok(last);
    });
}

function killedTwice(command: string) {
  return fail(
    'check',
    `“${command}” was killed twice from outside before it had ended, so nobody knows whether it is green; the machine may be short of memory.`,
    'Free memory, or have fewer agents at work, then land the task again: its draft is kept.',
  );
}

/** Why a check is red, in a few words: `“npm test” ended with exit code 1`. */
export function verdictText({ command, exitCode, timedOut, milliseconds }: CheckResult): string {
  if (timedOut) return `“${command}” had not ended after ${Math.round(milliseconds / 1000)} s`;
  return exitCode === null ? `“${command}” was ended by a signal` : `“${command}” ended with exit code ${exitCode}`;
}

/** The last lines of an output, at most so many characters. */
export function tailOf(output: string, most: number): string {
  const text = output.trimEnd();
  if (text.length <= most) return text;
  const cut = text.slice(-most);
  return `…${cut.slice(Math.max(0, cut.indexOf('\n')))}`;
}
