/** A task that the person adds to a run while it goes on, which may depend on any that they know of. */
import type { Happening } from '../../src/domain/event';
import type { Task } from '../../src/domain/plan';
import { ownTasks, type RunState } from '../../src/domain/run';

/** `pick`: a number below another. */
export function addedByPerson(state: RunState, pick: (below: number) => number): Happening {
  const own = ownTasks(state);
  const on = own[pick(own.length + 1)];
  const id = `added${state.tasks.size}`;
  const definition: Task = {
    id,
    title: `Task ${id}`,
    role: 'coder',
    instructions: 'Do it.',
    dependsOn: on === undefined ? [] : [on.task.id],
    writes: [],
    context: [],
  };
  return { type: 'task.added', task: id, definition, origin: { kind: 'person' } };
}
