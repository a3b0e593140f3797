/** Drafts that were kept because they did not land: thrown away, or gone on from in a new run. */

import { type Failure, fail, ok, type Result } from '../../domain/failure';
import { exactly } from '../../domain/inboxText';
import type { Plan, TaskId } from '../../domain/plan';
import { arbitrated, type RunState } from '../../domain/run';
import { stageText } from '../../domain/stageText';
import { isReversal, type Rework, type TaskState } from '../../domain/taskState';
import { forgetConflict } from '../../repo/land/conflictFiles';
import { type Repository, readRef } from '../../repo/repository';
import { forgetRefs } from '../../repo/snapshot/prune';
import { commitTree, mergeTrees, treeOf } from '../../repo/trees';
import { lifeOf } from '../journal/library';
import type { RunRecord } from '../journal/record';

/** Whether a task has work that did not come into the workspace and that nothing is under way for. */
export function isKept(state: RunState, { stage, work, origin }: TaskState): boolean {
  // An arbiter's is a conflict half decided.
  if (work.changeset === null || isReversal(stage) || origin.kind === 'arbiter') return false;
  // Of a run that nobody drives any more, what waited to land is a draft that was kept.
  if (stage.kind === 'done') return lifeOf(state) !== 'running';
  return ['failed', 'stopped', 'held', 'conflicted', 'doomed'].includes(stage.kind);
}

/** Throws away what an agent did and did not land. Nothing can bring it back. `landedIn`: the run that decided its conflict, and landed that instead. */
export async function discardDraft(record: RunRecord, repo: Repository, id: TaskId, landedIn?: string): Promise<Result<void>> {
  const { run } = record.state.start;
  const task = record.state.tasks.get(id);
  if (task === undefined)
    return fail('input', `Run ${run} has no task “${id}”.`, `Its tasks: ${[...record.state.tasks.keys()].join(', ')}.`);
  if (!isKept(record.state, task)) {
    const why = task.stage.kind === 'landed' ? 'It has landed: undo it instead.' : 'Only what did not land and was kept can be discarded.';
    return fail('input', `“${task.task.title}” has no draft to discard (it is ${stageText(task.stage)}).`, why);
  }
  // Said first: a draft whose ref is gone must not look as if it could still land.
  record.emit({ type: 'task.discarded', task: id, ...(landedIn !== undefined && { landedIn }) });
  const ref = `runs/${run}/drafts/${id}`;
  const there = await readRef(repo, ref);
  if (!there.ok) return there;
  const forgotten = there.value === undefined ? ok() : await forgetRefs(repo, [ref]);
  return forgotten.ok ? forgetConflict(repo, run, id) : forgotten;
}

/** How the person has a task worked on again. */
export interface Again {
  /** Without what was done before. */
  readonly fresh: boolean;
  /** What its agent is told beside its instructions; empty for nothing. */
  readonly hint: string;
}

/** An earlier attempt at a task, to go on from. */
export interface Retry extends Again {
  readonly task: TaskId;
  readonly title: string;
  /** The earlier draft: where it began (empty: nobody ever did), and what was done; null for nothing. */
  readonly base: string;
  readonly changeset: string | null;
  /** Why it did not land, where it failed. */
  readonly failure: Failure | undefined;
  /** Whether the agents of the earlier run were told lessons; undefined where it does not say. */
  readonly lessons: boolean | undefined;
  /** Set where an arbiter is to decide what that is in conflict over: the task, and its run. */
  readonly conflict?: { readonly state: RunState; readonly task: TaskState };
}

/** Whether a task can be done again: what landed cannot, and is undone instead. */
export function isRetryable(state: RunState, task: TaskState): boolean {
  if (task.origin.kind === 'arbiter' || arbitrated(state) !== undefined) return false;
  // As it stands in another run, which landed it: its own landing can be redone.
  if (task.stage.kind === 'undone' && task.landing === null) return true;
  return isKept(state, task) || task.stage.kind === 'failed' || task.stage.kind === 'stopped';
}

/** The plan of a run that does one task of an earlier run again, and what it begins with. */
export function retryOf(state: RunState, id: TaskId, { fresh, hint }: Again): Result<{ readonly plan: Plan; readonly retry: Retry }> {
  const found = state.tasks.get(id);
  if (found === undefined)
    return fail('input', `Run ${state.start.run} has no task “${id}”.`, `Its tasks: ${[...state.tasks.keys()].join(', ')}.`);
  const { task, stage, work } = found;
  if (found.origin.kind === 'arbiter')
    return fail('input', `“${task.title}” was for a conflict.`, askAnother({ run: state.start.run, task: found.origin.parent }));
  const conflict = arbitrated(state);
  if (conflict !== undefined && stage.kind !== 'landed')
    return fail('input', `“${task.title}” was for a conflict of an earlier run.`, askAnother(conflict));
  if (!isRetryable(state, found) && stage.kind === 'doomed')
    return fail(
      'input',
      `“${task.title}” was not started, because “${state.tasks.get(stage.because)?.task.title ?? stage.because}” did not land.`,
      `There is nothing of it to retry. Have the rest planned anew: weft plan-rest ${state.start.run}.`,
    );
  if (!isRetryable(state, found)) return fail('input', `“${task.title}” is ${stageText(stage)}.`, 'Only what did not land can be retried.');
  const newId = planId(id);
  const plan = { ...state.start.plan, tasks: [{ ...task, id: newId, dependsOn: [] }] };
  const failure = stage.kind === 'failed' ? stage.failure : undefined;
  const { changeset } = work;
  // What had been done was let go of when the other run landed its own.
  const base = stage.kind === 'undone' ? '' : work.base;
  const { lessons } = state.start;
  return ok({ plan, retry: { fresh, hint: hint.trim(), task: newId, title: task.title, base, changeset, failure, lessons } });
}

/** What to do where an arbiter's run came to nothing: the conflict is where it was. */
export function askAnother({ run, task }: { readonly run: string | null; readonly task: TaskId }): string {
  const which = run === null ? 'weft arbitrate RUN TASK (“weft inbox” names them)' : `weft arbitrate ${run} ${task}`;
  return `Ask another arbiter: ${which}.`;
}

/** The id of a task in a plan; that of one that joined its run for another one has points, which a plan's cannot have. */
export function planId(id: TaskId): TaskId {
  return id
    .replaceAll('.', '-')
    .slice(-64)
    .replace(/^[-_]+/, '');
}

/** Keeps a commit from git's garbage collection. */
export type Keep = (commit: string) => Promise<Result<void>>;

/** The earlier work, merged into `base`, and what the agent is told; undefined where it begins as if there had been none. Fails where the two are in conflict. */
export async function beginAgain(repo: Repository, base: string, retry: Retry, keep: Keep): Promise<Result<Rework | undefined>> {
  const { title, changeset, failure, fresh, hint } = retry;
  const hinted = hint === '' ? [] : [`The person says:\n${hint}`];
  const told = (...said: string[]) => [said.join(' '), ...hinted].filter((part) => part !== '').join('\n\n');
  if (retry.base === '' && failure === undefined) return ok(hint === '' ? undefined : { base, draft: null, message: told() });
  if (fresh) {
    const message = told('What was done for this task before is thrown away: begin anew, from the workspace as it is now.');
    return ok({ base, draft: null, message, isNew: true });
  }
  const before = `An agent has worked on this task before. ${failure === undefined ? 'It was ended before its work landed.' : `It failed: ${failure.message}`}`;
  if (changeset === null) return ok({ base, draft: null, message: told(before, 'It had changed nothing.') });
  const message = told(
    before,
    'What it did is in your draft, merged into the workspace as it is now. See what is there, go on from it, and call finish.',
  );
  const merge = await mergeTrees(repo, { base: retry.base, ours: base, theirs: changeset });
  if (!merge.ok) return merge;
  if (merge.value.conflicts.length > 0) {
    const files = merge.value.conflicts.map((conflict) => exactly(conflict.path)).join(', ');
    return fail(
      'input',
      `What was done for “${title}” does not fit with the workspace any more (${files}).`,
      'Retry it without its draft, or land the draft and decide the conflict.',
    );
  }
  const tree = await treeOf(repo, base);
  if (!tree.ok) return tree;
  if (merge.value.tree === tree.value) return ok({ base, draft: null, message });
  const draft = await commitTree(repo, merge.value.tree, [base], `So far: ${title}`);
  if (!draft.ok) return draft;
  const kept = await keep(draft.value);
  return kept.ok ? ok({ base, draft: draft.value, message }) : kept;
}
