/** Runs commands for agents: each on its draft, in a folder of the pool, within limits of time and output; what it changes is the draft's. */
import type { ActAnswer } from '../../domain/act';
import { cancelled, failureText, ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { type CommandEnd, plain, runCommand } from '../../repo/commands/command';
import type { Folder, FolderPool } from '../../repo/commands/folderPool';
import { type Made, madeOf } from '../../repo/draft/made';
import type { Repository } from '../../repo/repository';
import type { ActContext, Executor } from './acts';

/** How long a command may take where its agent does not say, and at most. */
const DEFAULT_SECONDS = 120;
const MAX_SECONDS = 1800;
/** So many paths are named that a command changed. */
const MAX_NAMED = 30;

/** What a command ends with is an answer, and no failure; that there is no folder, or no way to start it, is one. */
export function commandExecutor(repo: Repository, pool: FolderPool): Executor<'command'> {
  return async ({ command, seconds = DEFAULT_SECONDS }, context, signal) => {
    const draft = context.draft ?? context.base;
    const owner = `${context.run}/${context.task}`;
    const limit = Math.min(MAX_SECONDS, Math.max(1, seconds));
    const onWait = () => context.step('Waiting for a folder to run a command in');
    return pool.use({ tree: draft, owner, onWait }, signal, async (folder) => {
      context.step(`Running ${command}`);
      context.output(`$ ${command}\n`);
      const onOutput = (chunk: Buffer) => context.output(plain(chunk.toString()));
      const end = await runCommand(folder, command, { timeoutMs: limit * 1000, onOutput }, signal);
      if (!end.ok) return end;
      context.output(`[${endText(end.value, limit)}]\n`);
      const made = await taken(repo, { folder, draft, context, command }, signal);
      if (signal.aborted) return cancelled;
      return ok(answerOf(command, end.value, { made, limit }));
    });
  };
}

async function taken(
  repo: Repository,
  { folder, draft, context, command }: { folder: Folder; draft: string; context: ActContext; command: string },
  signal: AbortSignal,
): Promise<Result<Made>> {
  const tree = await folder.treeNow(signal);
  return tree.ok ? madeOf(repo, { draft, tree: tree.value, title: `${context.title}: ${command}` }) : tree;
}

function answerOf(command: string, end: CommandEnd, { made, limit }: { made: Result<Made>; limit: number }): ActAnswer {
  const output = end.output.trim() === '' ? '[It printed nothing.]' : end.output.trimEnd();
  const parts = [
    `“${command}” ${endText(end, limit)}.`,
    output,
    ...(made.ok ? madeText(made.value) : [notTaken(failureText(made.failure))]),
  ];
  const commit = made.ok ? made.value.commit : undefined;
  return { text: parts.join('\n'), isError: false, ...(commit === undefined ? {} : { draft: commit }) };
}

function endText({ exitCode, timedOut, milliseconds }: CommandEnd, limit: number): string {
  const took = `${(milliseconds / 1000).toFixed(1)} s`;
  if (timedOut)
    return `had not ended after ${limit} s, and was ended with all that it had started. If it needs longer, give it more “seconds” (at most ${MAX_SECONDS}); what should go on, such as a server, has to be started and ended in one command`;
  return exitCode === null ? `was ended by a signal after ${took}` : `ended with exit code ${exitCode} after ${took}`;
}

function madeText({ paths, left }: Made): string[] {
  const said: string[] = [];
  if (paths.length > 0) {
    const named = paths.slice(0, MAX_NAMED).join(', ');
    const more = paths.length > MAX_NAMED ? ` and ${paths.length - MAX_NAMED} more` : '';
    said.push(`[It changed ${counted(paths.length, 'file')}, in your draft now: ${named}${more}.]`);
  }
  if (left.length > 0) {
    const more = left.length > MAX_NAMED ? [`and ${left.length - MAX_NAMED} more`] : [];
    said.push(['[Not taken over into your draft:', ...left.slice(0, MAX_NAMED), ...more].join('\n- ').concat(']'));
  }
  return said;
}

function notTaken(why: string): string {
  return `[What it changed could not be taken over into your draft: ${why}]`;
}
