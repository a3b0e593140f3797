/** Having a task of a run that goes on worked on again, in that run. */
import { fail, ok, type Result } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';
import { stageText } from '../../domain/stageText';
import { isReversal, parentOf, type TaskState } from '../../domain/taskState';
import { forgetConflict } from '../../repo/land/conflictFiles';
import { chainNow, type LandPorts } from '../../repo/land/land';
import type { RunRecord } from '../journal/record';
import { keepBeginning } from '../landing/landing';
import { lostAmong, waitsInVain } from './addedTask';
import { type Again, beginAgain, retryOf } from './kept';

export interface RetryPorts {
  readonly record: RunRecord;
  readonly land: LandPorts;
  /** Where the draft of a task begins that another one was made for; undefined for one of the plan. */
  readonly baseOf: (task: TaskState) => string | undefined;
}

/** Fails, and changes nothing, where the task is not over, could not start, or its draft does not fit any more. */
export async function retryTask(ports: RetryPorts, id: TaskId, how: Again, signal: AbortSignal): Promise<Result<void>> {
  const { record, land } = ports;
  const { run } = record.state.start;
  const before = retriable(record.state, id);
  if (!before.ok) return before;
  const again = retryOf(record.state, id, how);
  if (!again.ok) return again;
  const { retry } = again.value;
  const own = ports.baseOf(before.value);
  const base = own === undefined ? await chainNow(land, run, signal) : ok(own);
  if (!base.ok) return base;
  const next = await beginAgain(land.repo, base.value, retry, (draft) => keepBeginning(land.repo, run, before.value, draft));
  if (!next.ok) return next;
  // Meanwhile the person may have landed it, or the run ended.
  const now = retriable(record.state, id);
  if (!now.ok) return now;
  const { stage, work } = now.value;
  if (stage.kind === 'conflicted') {
    const forgotten = await forgetConflict(land.repo, run, id);
    if (!forgotten.ok) return forgotten;
  }
  if (stage.kind === 'conflicted' || stage.kind === 'held') record.emit({ type: 'task.stopped', task: id, draft: work.changeset });
  record.emit({ type: 'task.again', task: id, ...(next.value === undefined ? {} : { next: next.value }) });
  return ok();
}

/** The task, where it can be worked on again. */
function retriable(state: RunState, id: TaskId): Result<TaskState> {
  const task = state.tasks.get(id);
  if (task === undefined) return fail('input', `The run has no task “${id}”.`, `Its tasks: ${[...state.tasks.keys()].join(', ')}.`);
  const { stage } = task;
  const { title, dependsOn } = task.task;
  if (state.phase === 'stopping' || state.phase === 'finished')
    return fail('input', 'The run is over.', 'Retry the task when it has ended: it then gets a run of its own.');
  if (!['failed', 'stopped', 'doomed', 'held', 'conflicted'].includes(stage.kind) || isReversal(stage))
    return fail('input', `“${title}” is ${stageText(stage)}.`, 'Only what did not land can be retried.');
  const lost = lostAmong(state, dependsOn);
  if (lost !== undefined)
    return fail('input', `“${title}” cannot start: ${waitsInVain(lost)}`, 'Retry that one: what waits for it follows by itself.');
  const parent = parentOf(task);
  const above = parent === undefined ? undefined : state.tasks.get(parent);
  if (above !== undefined && !(above.stage.kind === 'awaiting' && above.stage.children.includes(id)))
    return fail(
      'input',
      `“${above.task.title}”, for which “${title}” was, has gone on without it.`,
      'Retry that one, where it did not land.',
    );
  return ok(task);
}
