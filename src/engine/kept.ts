/** Drafts that were kept because they did not land: thrown away, or gone on from in a new run. */
import { type Failure, fail, ok, type Result } from '../domain/failure';
import type { Plan, TaskId } from '../domain/plan';
import type { RunState } from '../domain/run';
import { isReversal, type Rework, type TaskState } from '../domain/taskState';
import { forgetConflict } from '../repo/land/conflictFiles';
import { type Repository, readRef } from '../repo/repository';
import { forgetRefs } from '../repo/snapshot/prune';
import { commitTree, mergeTrees, treeOf } from '../repo/trees';
import { keepDraft } from './landing';
import { lifeOf } from './library';
import type { RunRecord } from './record';

/** Whether a task has work that did not come into the workspace and that nothing is under way for. */
export function isKept(state: RunState, { stage, work }: TaskState): boolean {
  if (work.changeset === null || isReversal(stage)) return false;
  // Of a run that nobody drives any more, what waited to land is a draft that was kept.
  if (stage.kind === 'done') return lifeOf(state) !== 'running';
  return ['failed', 'stopped', 'held', 'conflicted', 'doomed'].includes(stage.kind);
}

/** Throws away what an agent did and did not land. Nothing can bring it back. */
export async function discardDraft(record: RunRecord, repo: Repository, id: TaskId): Promise<Result<void>> {
  const { run } = record.state.start;
  const task = record.state.tasks.get(id);
  if (task === undefined)
    return fail('input', `Run ${run} has no task “${id}”.`, `Its tasks: ${[...record.state.tasks.keys()].join(', ')}.`);
  if (!isKept(record.state, task)) {
    const why = task.stage.kind === 'landed' ? 'It has landed: undo it instead.' : 'Only what did not land and was kept can be discarded.';
    return fail('input', `“${task.task.title}” has no draft to discard (it is ${task.stage.kind}).`, why);
  }
  // Said first: a draft whose ref is gone must not look as if it could still land.
  record.emit({ type: 'task.discarded', task: id });
  const ref = `runs/${run}/drafts/${id}`;
  const there = await readRef(repo, ref);
  if (!there.ok) return there;
  const forgotten = there.value === undefined ? ok() : await forgetRefs(repo, [ref]);
  return forgotten.ok ? forgetConflict(repo, run, id) : forgotten;
}

/** What a new run begins with that goes on with one task of an earlier one. */
export interface Retry {
  readonly task: TaskId;
  readonly title: string;
  /** The earlier draft: where it began, and what was done; null for nothing. */
  readonly base: string;
  readonly changeset: string | null;
  /** Why it did not land, where it failed. */
  readonly failure: Failure | undefined;
  /** What the person has to say to its agent; empty: nothing. */
  readonly hint: string;
}

/** Whether a task can be done again: what landed cannot, and is undone instead. */
export function isRetryable(state: RunState, task: TaskState): boolean {
  return isKept(state, task) || task.stage.kind === 'failed';
}

/** The plan of a run that does one task of an earlier run again, and what it begins with. */
export function retryOf(state: RunState, id: TaskId, hint = ''): Result<{ readonly plan: Plan; readonly retry: Retry }> {
  const found = state.tasks.get(id);
  if (found === undefined)
    return fail('input', `Run ${state.start.run} has no task “${id}”.`, `Its tasks: ${[...state.tasks.keys()].join(', ')}.`);
  const { task, stage, work } = found;
  if (!isRetryable(state, found)) return fail('input', `“${task.title}” is ${stage.kind}.`, 'Only what did not land can be retried.');
  const plan = { ...state.start.plan, tasks: [{ ...task, dependsOn: [] }] };
  const failure = stage.kind === 'failed' ? stage.failure : undefined;
  return ok({ plan, retry: { task: id, title: task.title, base: work.base, changeset: work.changeset, failure, hint: hint.trim() } });
}

/** The earlier work, merged into the workspace as the new run found it. Fails where the two are in conflict. */
export async function beginAgain(repo: Repository, run: string, base: string, retry: Retry): Promise<Result<Rework>> {
  const ended = retry.failure === undefined ? 'It was ended before its work landed.' : `It failed: ${retry.failure.message}`;
  const said = (left: string) =>
    [`An agent has worked on this task before. ${ended} ${left}`, ...(retry.hint === '' ? [] : [`The person says:\n${retry.hint}`])].join(
      '\n\n',
    );
  if (retry.changeset === null) return ok({ base, draft: null, message: said('It had changed nothing.') });
  const message = said(
    'What it did is in your draft, merged into the workspace as it is now. See what is there, go on from it, and call finish.',
  );
  const merge = await mergeTrees(repo, { base: retry.base, ours: base, theirs: retry.changeset });
  if (!merge.ok) return merge;
  if (merge.value.conflicts.length > 0) {
    const files = merge.value.conflicts.map((conflict) => conflict.path).join(', ');
    return fail(
      'input',
      `What was done for “${retry.title}” does not fit with the workspace any more (${files}).`,
      'Land its draft and decide the conflict, or discard it and dispatch the work again.',
    );
  }
  const tree = await treeOf(repo, base);
  if (!tree.ok) return tree;
  if (merge.value.tree === tree.value) return ok({ base, draft: null, message });
  const draft = await commitTree(repo, merge.value.tree, [base], `So far: ${retry.title}`);
  if (!draft.ok) return draft;
  const kept = await keepDraft(repo, run, retry.task, draft.value);
  return kept.ok ? ok({ base, draft: draft.value, message }) : kept;
}
