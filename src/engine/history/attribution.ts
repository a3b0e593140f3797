/** Who wrote each line, in words that a person knows: the task, its role and its run. */
import { ok, type Result } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import { type BlamedLine, blameNow } from '../../repo/history/blame';
import type { Repository } from '../../repo/repository';
import type { Workspace } from '../../repo/workspace';
import { listRuns, type StateReader } from '../journal/library';
import { readState } from '../journal/record';

/** Who wrote a line. Of what a task wrote: where, in the commit of the chain that brought it in, the line is. */
export type Attribution =
  | {
      readonly by: 'task';
      readonly run: string;
      readonly task: TaskId;
      readonly title: string;
      readonly role: string;
      readonly goal: string;
      readonly commit: string;
      readonly path: string;
      /** From 1. */
      readonly line: number;
    }
  | { readonly by: 'person' }
  | { readonly by: 'before' };

/** Who wrote each line of a file of the workspace as it is now, unsaved text included. */
export async function attribute(
  repo: Repository,
  workspace: Workspace,
  path: string,
  signal: AbortSignal,
  read: StateReader = readState,
): Promise<Result<Attribution[]>> {
  const blamed = await blameNow(repo, workspace, path, signal);
  if (!blamed.ok) return blamed;
  const { runs } = await listRuns(repo, read);
  const states = new Map(runs.map((state) => [state.start.run, state]));
  return ok(
    blamed.value.map(({ writer, commit, path: at, line }: BlamedLine): Attribution => {
      if (writer.by !== 'task') return writer;
      const state = states.get(writer.run);
      const task = state?.tasks.get(writer.task)?.task;
      // A run whose journal is gone is still known by its ids.
      const words = { title: task?.title ?? writer.task, role: task?.role ?? 'agent', goal: state?.start.plan.goal ?? writer.run };
      return { ...writer, ...words, commit, path: at, line };
    }),
  );
}
