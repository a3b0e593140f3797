/** What becomes of a task whose check is red, as the engine has it. */

import type { Happening } from '../../src/domain/event';
import type { Failure } from '../../src/domain/failure';
import type { RunState } from '../../src/domain/run';
import { isOver, settlementOf, type TaskState } from '../../src/domain/taskState';
import { UNSURE } from './deciding';

/** Its agent mends it twice at most. */
const MOST = 2;

export function redCheck({ tasks }: RunState, task: TaskState, failure: Failure): Happening {
  const { id } = task.task;
  const { changeset: draft, reworks } = task.work;
  const raced = [...tasks.values()].filter(({ origin }) => origin.kind === 'candidate' && origin.parent === id);
  const winner = raced.filter((one) => one.stage.kind === 'joined').at(-1);
  if (settlementOf(task) !== undefined) return { type: 'task.leftOpen', task: id, failure: UNSURE };
  if (winner !== undefined && raced.some((one) => !isOver(one.stage)))
    return { type: 'task.passedOver', task: id, candidate: winner.task.id, failure };
  if (reworks.check >= MOST) return { type: 'task.failed', task: id, failure, draft };
  return { type: 'task.reworked', task: id, why: 'check', next: { base: 'c', draft, message: 'Mend it.' } };
}
