/** Calling off an undo or a redo that is in conflict: it does not happen, and its task is where it was. */
import type { Conflict } from '../../domain/changes';
import { fail, ok, type Result } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';
import { stageText } from '../../domain/stageText';
import { isReversal, type TaskState } from '../../domain/taskState';
import { forgetConflict } from '../../repo/land/conflictFiles';
import type { Repository } from '../../repo/repository';
import type { RunRecord } from '../journal/record';

/** The tasks whose undo, or redo, waits for the person's decision. */
export function reversalsOf(state: RunState, intent: Conflict['intent']): TaskState[] {
  return [...state.tasks.values()].filter(({ stage }) => isReversal(stage) && stage.conflict.intent === intent);
}

/**
 * Calls off the undo or redo that a task is in conflict over; of a whole run, all of it. Nothing in the workspace changes: nothing of
 * it was applied. What the person had merged of it goes.
 */
export function callOff(record: RunRecord, repo: Repository, id: TaskId, signal: AbortSignal): Promise<Result<void>> {
  // While it is landing, as the person decided it, it is too late.
  return repo.landLock(signal, async () => {
    const { start, tasks } = record.state;
    const task = tasks.get(id);
    if (task === undefined) return fail('input', `Run ${start.run} has no task “${id}”.`, `Its tasks: ${[...tasks.keys()].join(', ')}.`);
    if (!isReversal(task.stage))
      return fail(
        'input',
        `“${task.task.title}” has no undo or redo to call off (it is ${stageText(task.stage)}).`,
        'Only one that is in conflict can be called off.',
      );
    // Said first: a conflict whose files are gone must not look as if it could still be decided.
    record.emit({ type: 'task.kept', task: id });
    const gone = await forgetConflict(repo, start.run, id);
    return gone.ok ? ok() : gone;
  });
}
