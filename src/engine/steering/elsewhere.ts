/** Tasks whose conflict another run decided, and landed: how they stand by now is in that run's journal. */
import { type Failure, fail } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import type { TaskState } from '../../domain/taskState';
import type { StateReader } from '../journal/library';
import { readState } from '../journal/record';
import { planId } from './kept';

/** Where the runs of a folder are read: from its state folder. */
interface Runs {
  readonly stateDir: string;
  readonly read?: StateReader;
}

/**
 * The run for who looks at it, not for its journal: a task that another run landed is undone where that landing was, until that is redone.
 * Where the other run cannot be read (it was deleted, say) its landing counts.
 */
export function asItStands(state: RunState, runs: Runs): RunState {
  let { tasks } = state;
  for (const task of state.tasks.values()) if (isUndoneElsewhere(task, runs)) tasks = tasks.with({ ...task, stage: { kind: 'undone' } });
  return tasks === state.tasks ? state : { ...state, tasks };
}

/** Why nothing is to be decided about a task any more that another run landed; undefined where none did. */
export function decidedElsewhere(found: TaskState | undefined, runs: Runs): Failure | undefined {
  if (found?.stage.kind !== 'elsewhere') return undefined;
  const { run } = found.stage;
  const { id, title } = found.task;
  return isUndoneElsewhere(found, runs)
    ? fail(
        'input',
        `“${title}” is in no conflict: run ${run} landed it, and that was undone.`,
        `“weft redo ${run}” brings it back; or have ${id} retried, from the workspace as it is.`,
      ).failure
    : fail('input', `“${title}” is in no conflict: run ${run} landed it.`, 'Undo that run where it is not to stay.').failure;
}

function isUndoneElsewhere({ task, stage }: TaskState, { stateDir, read = readState }: Runs): boolean {
  if (stage.kind !== 'elsewhere') return false;
  const other = read(stateDir, stage.run);
  return other.ok && other.value.tasks.get(planId(task.id))?.stage.kind === 'undone';
}
