/** Undoing tasks of a run, while it runs or long after: the inverse merge, and the record of what came of it. */
import type { Change } from '../domain/changes';
import { fail, ok, type Result } from '../domain/failure';
import type { TaskId } from '../domain/plan';
import type { RunState } from '../domain/run';
import { type Incoming, type Landing, type LandPorts, land, previewLanding } from '../repo/land';
import { emitLanding } from './landing';
import type { RunRecord } from './record';

/** Takes one landed task back and keeps everything else; in conflict where later work stands on the same lines. */
export async function undoTask(record: RunRecord, ports: LandPorts, id: TaskId, signal: AbortSignal): Promise<Result<Landing>> {
  const incoming = undoOf(record.state, id);
  if (!incoming.ok) return incoming;
  const landing = await land(ports, incoming.value, signal);
  if (landing.ok) emitLanding(record, id, 'undo', landing.value);
  return landing;
}

/** What {@link undoTask} would change, and where it would be in conflict. */
export function previewUndo(
  state: RunState,
  ports: LandPorts,
  id: TaskId,
  signal: AbortSignal,
): Promise<Result<{ changes: Change[]; conflicts: string[] }>> {
  const incoming = undoOf(state, id);
  return incoming.ok ? previewLanding(ports, incoming.value, signal) : Promise.resolve(incoming);
}

function undoOf(state: RunState, id: TaskId): Result<Incoming> {
  const task = state.tasks.get(id);
  if (task === undefined)
    return fail('input', `Run ${state.start.run} has no task “${id}”.`, `Its tasks: ${[...state.tasks.keys()].join(', ')}.`);
  if (task.stage.kind !== 'landed' || task.landing === null) {
    return fail(
      'input',
      `“${task.task.title}” is not in the workspace (it is ${task.stage.kind}).`,
      'Only a task that has landed can be undone.',
    );
  }
  const { before, after } = task.landing;
  return ok({ run: state.start.run, task: id, title: task.task.title, intent: 'undo', base: after, theirs: before });
}
