/** The events of a run, written by hand, and the state that they fold to. */
import assert from 'node:assert/strict';
import type { Happening, RunEvent } from '../../src/domain/event';
import { checkPlan, type Plan } from '../../src/domain/plan';
import { type RunState, reduce } from '../../src/domain/run';
import { NO_USAGE } from '../../src/domain/usage';

/** A plan that is right. */
export function planned(data: object): Plan {
  const { plan, problems } = checkPlan(data);
  assert.deepEqual(problems, []);
  assert.ok(plan !== undefined);
  return plan;
}

/** A run of the plan begins, then this happens: one event a second, from 0 on. */
export function eventsOf(plan: Plan, happenings: readonly Happening[]): RunEvent[] {
  const start: Happening = {
    type: 'run.started',
    version: 1,
    run: 'r1',
    root: '/w',
    plan,
    model: 'scripted:test',
    maxWorkers: 4,
    snapshot: 's1',
    commit: 'c0',
    pid: 1,
    planning: NO_USAGE,
  };
  return [start, ...happenings].map((happening, index) => ({ ...happening, at: index * 1000 }));
}

export function stateAfter(events: readonly RunEvent[]): RunState {
  let state: RunState | undefined;
  for (const event of events) state = reduce(state, event);
  assert.ok(state !== undefined);
  return state;
}
