/** What holds of every state of a run, whatever happened. */
import assert from 'node:assert/strict';
import type { TaskId } from '../../src/domain/plan';
import { isUnanswered } from '../../src/domain/reduceInbox';
import type { RunState } from '../../src/domain/run';
import { isOver, isReversal, parentOf, type TaskState } from '../../src/domain/taskState';

export function assertSound(state: RunState): void {
  for (const task of state.tasks.values()) {
    assertStage(state, task);
    assertOrigin(state, task);
    assert.ok(task.order <= state.order, `${task.task.id} came after the last one`);
  }
  assert.deepEqual(state.waiters, waitersOf(state));
  assert.equal(state.stopReason !== null, state.phase === 'stopping' || (state.phase === 'finished' && state.stopReason !== null));
  if (state.phase !== 'finished') return;
  assert.ok(state.endedAt > 0);
  for (const { stage, task } of state.tasks.values())
    assert.ok(isOver(stage) || stage.kind === 'conflicted' || stage.kind === 'held', `the run is over, and ${task.id} is ${stage.kind}`);
}

function assertStage({ tasks, inbox }: RunState, { task, stage, work, landing, undone, origin }: TaskState): void {
  const { id } = task;
  switch (stage.kind) {
    case 'running':
      assert.ok(work.base !== '' && work.startedAt > 0 && work.next === null && !work.interrupted, `${id} did not start`);
      break;
    case 'awaiting':
      assert.ok(stage.children.length > 0);
      for (const child of stage.children) assert.equal(parentOfKnown(tasks, child), id);
      break;
    case 'asking':
      assert.ok(
        inbox.get(stage.item)?.askers.some(({ task, call }) => task === id && call !== null),
        `${id} did not ask`,
      );
      break;
    case 'done':
    case 'held':
      assert.ok(work.endedAt > 0, `${id} did not end`);
      // Once there is an answer, it is for the run to go on with it.
      if (stage.kind === 'held' && stage.item !== null) assert.ok(isUnanswered(inbox, { stage }), `${id} is held, and has its answer`);
      break;
    case 'conflicted':
      assert.equal(isReversal(stage), landing !== null, `${id} is in conflict over what did not happen`);
      if (stage.arbiter !== null) assert.equal(parentOfKnown(tasks, stage.arbiter), id);
      break;
    case 'landed':
      assert.ok(landing !== null && undone === null, `${id} did not land`);
      break;
    case 'undone':
      assert.ok(landing !== null && undone !== null, `${id} was not undone`);
      break;
    case 'elsewhere':
      assert.ok(landing === null && work.changeset === null, `${id} landed here, too`);
      break;
    case 'joined':
      assert.ok(origin.kind !== 'plan' && origin.kind !== 'person', `${id} has nothing to join`);
      break;
    case 'doomed':
      assert.ok(tasks.has(stage.because));
      break;
    case 'waiting':
    case 'failed':
    case 'stopped':
      break;
  }
}

function assertOrigin({ tasks }: RunState, { task, origin, depth }: TaskState): void {
  for (const on of task.dependsOn) assert.ok(tasks.has(on), `${task.id} depends on nothing`);
  if (origin.kind === 'plan' || origin.kind === 'person') assert.equal(depth, 0);
  else assert.equal(depth, (tasks.get(origin.parent)?.depth ?? Number.NaN) + (origin.kind === 'child' ? 1 : 0));
}

function parentOfKnown(tasks: RunState['tasks'], id: TaskId): TaskId | undefined {
  const task = tasks.get(id);
  return task && parentOf(task);
}

/** Whom a task waits for may be known by what it depends on, and by what was made for it. */
function waitersOf({ tasks }: RunState): Map<TaskId, TaskId[]> {
  const waiters = new Map<TaskId, TaskId[]>();
  const waits = (id: TaskId, on: TaskId) => waiters.set(on, [...(waiters.get(on) ?? []), id]);
  for (const task of tasks.values()) {
    for (const on of task.task.dependsOn) waits(task.task.id, on);
    const parent = parentOf(task);
    if (parent !== undefined) waits(parent, task.task.id);
  }
  return waiters;
}
