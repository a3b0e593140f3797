/** A conflict of a run that is over, for an arbiter: decided, checked and landed in a run of its own. */
import { fail, ok, type Result } from '../../domain/failure';
import type { Plan, TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';
import type { Rework, TaskState } from '../../domain/taskState';
import type { Repository } from '../../repo/repository';
import type { RunRecord } from '../journal/record';
import { briefArbiter, titleOf } from '../landing/arbiterBrief';
import { inNoConflict } from '../landing/conflicts';
import { discardDraft, type Keep, planId, type Retry } from './kept';

/** The plan of a run in which an arbiter decides what a task of an earlier one is in conflict over, and what it begins with. */
export function arbitrationOf(state: RunState, id: TaskId): Result<{ readonly plan: Plan; readonly retry: Retry }> {
  const refused = inNoConflict(state, id);
  const found = state.tasks.get(id);
  if (refused !== undefined || found === undefined)
    return refused === undefined ? fail('input', `There is no task “${id}”.`) : { ok: false, failure: refused };
  const { task, work } = found;
  const newId = planId(id);
  const { check, timeoutSeconds } = task;
  const own = { ...(check === undefined ? {} : { check }), ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) };
  const title = titleOf(task.title);
  const instructions = `Decide what “${task.title}” is in conflict over with the workspace as it is.`;
  const plan: Plan = {
    ...state.start.plan,
    tasks: [{ id: newId, title, role: 'arbiter', instructions, dependsOn: [], writes: [], context: [], ...own }],
  };
  const { base, changeset } = work;
  const { lessons } = state.start;
  const retry = {
    fresh: false,
    hint: '',
    task: newId,
    title,
    base,
    changeset,
    failure: undefined,
    lessons,
    conflict: { state, task: found },
  };
  return ok({ plan, retry });
}

/** Both sides as they are now, merged as far as they can be, and what the arbiter is told of them. */
export async function beginArbitration(
  repo: Repository,
  base: string,
  { state, task }: { readonly state: RunState; readonly task: TaskState },
  keep: Keep,
): Promise<Result<Rework | undefined>> {
  if (task.stage.kind !== 'conflicted') return ok(undefined);
  const brief = await briefArbiter(repo, state, task, { ...task.stage.conflict, ours: base });
  if (!brief.ok) return brief;
  const { from, instructions } = brief.value;
  const kept = await keep(from.draft);
  return kept.ok ? ok({ ...from, message: `${instructions}\n\n${from.message}`, isNew: true }) : kept;
}

/**
 * Tells an earlier run that what its task was in conflict over is decided in another one, and landed: it waits for the person no more.
 * Does nothing where the arbiter did not come to land, or where the person has begun to decide it: that is theirs.
 */
export async function landedElsewhere(record: RunRecord, repo: Repository, id: TaskId, decided: RunState): Promise<Result<void>> {
  const stage = record.state.tasks.get(id)?.stage;
  if (decided.tasks.get(planId(id))?.stage.kind !== 'landed') return ok();
  if (stage?.kind !== 'conflicted' || stage.conflict.intent !== 'land' || stage.resolved.size > 0) return ok();
  return discardDraft(record, repo, id, decided.start.run);
}
