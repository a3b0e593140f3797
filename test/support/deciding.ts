/** What may come of a conflict that somebody else than the person is to decide, without any of it being done. */
import type { Happening } from '../../src/domain/event';
import type { Failure } from '../../src/domain/failure';
import type { RunState } from '../../src/domain/run';
import type { ConflictDecision } from '../../src/engine/landing/conflicts';
import { conflictStep } from '../../src/engine/schedule/conflictStep';
import { madeFor } from '../../src/engine/schedule/offspring';

export const UNSURE: Failure = { kind: 'unsure', message: 'It cannot tell.', fix: '' };

/** `pick`: a number below another. Nothing where it is not what comes next any more. */
export function deciding(state: RunState, decision: ConflictDecision, pick: (below: number) => number): Happening[] {
  const { task, kind } = decision;
  const found = state.tasks.get(task);
  // Meanwhile the person may have decided a file of it, or the run may be about to stop.
  if (found === undefined || conflictStep(state, found).kind !== kind) return [];
  if (kind === 'leaveOpen') return [{ type: 'task.leftOpen', task, failure: decision.failure }];
  if (pick(4) === 0) return [{ type: 'task.leftOpen', task, failure: UNSURE }];
  const settled = { type: 'task.settled' as const, task, base: 'c', changeset: pick(4) === 0 ? null : `d${state.order}`, changes: [] };
  switch (kind) {
    case 'settle':
      return [{ ...settled, by: { kind: 'arbiter', arbiter: decision.arbiter } }];
    case 'rule':
      return [{ ...settled, by: { kind: 'rule', files: [] } }];
    case 'arbitrate': {
      const id = `${task}.${madeFor(state, task).length + 1}`;
      const definition = { ...found.task, id, role: 'arbiter' as const, dependsOn: [], candidates: 1 };
      const from = { base: 'c', draft: 'm', message: 'Decide.' };
      return [{ type: 'task.added', task: id, definition, origin: { kind: 'arbiter', parent: task, from } }];
    }
  }
}
