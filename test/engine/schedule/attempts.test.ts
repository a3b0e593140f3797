/** What follows a failure: which failures another attempt may mend, how many there are, when, and as whom. */
import assert from 'node:assert/strict';
import type { FailureKind } from '../../../src/domain/failure';
import { type Plan, planSchema } from '../../../src/domain/plan';
import { reduce } from '../../../src/domain/run';
import type { TaskState } from '../../../src/domain/taskState';
import { afterFailure, type Next, type Remedy, remedyOf } from '../../../src/engine/schedule/attempts';
import { startOf } from '../../support/run';

type Given = Partial<Plan['tasks'][number]>;

/** The next attempts at a task, one after the other, that all fail: with these kinds, from then on with the last of them. */
function attempts(
  given: Given,
  byDefault?: number,
  random = 0.999,
  kinds: readonly FailureKind[] = ['agent'],
): (Next & { kind: 'retry' })[] {
  const plan = planSchema.parse({ goal: 'A goal', tasks: [{ id: 'a', title: 'Task a', instructions: 'Do it.', ...given }] });
  let state = reduce(undefined, { ...startOf(plan), ...(byDefault !== undefined && { attempts: byDefault }), at: 1 });
  const all: (Next & { kind: 'retry' })[] = [];
  for (let at = 0; ; at++) {
    const failure = { kind: kinds[Math.min(at, kinds.length - 1)] ?? 'agent', message: 'It failed.', fix: '' };
    state = reduce(state, { type: 'task.started', task: 'a', base: 'c', at: 1 });
    const next = afterFailure(state, state.tasks.get('a') as TaskState, { failure, draft: 'd', told: undefined, random });
    if (next.kind === 'fail') return all;
    all.push(next);
    const { kind: _, ...attempt } = next;
    state = reduce(state, { type: 'task.retrying', task: 'a', failure, draft: 'd', ...attempt, at: 1 });
  }
}

describe('a failure', () => {
  it('has another attempt where that may end better', () => {
    const kinds: Record<FailureKind, Remedy> = {
      agent: 'again',
      loop: 'again',
      timeout: 'again',
      crash: 'again',
      model: 'again',
      auth: 'another',
      refused: 'another',
      input: 'none',
      git: 'none',
      file: 'none',
      moved: 'none',
      half: 'none',
      budget: 'none',
      check: 'none',
      denied: 'none',
      unsure: 'none',
      cancelled: 'none',
    };
    assert.deepEqual(Object.fromEntries((Object.keys(kinds) as FailureKind[]).map((kind) => [kind, remedyOf(kind)])), kinds);
  });

  it('has as many as the task says, else as the run says, else none', () => {
    assert.deepEqual(
      [attempts({}), attempts({}, 2).length, attempts({ attempts: 4 }, 2).length, attempts({ attempts: 1 }, 2)],
      [[], 1, 3, []],
    );
  });

  it('has each after about twice as long a pause as the one before, up to a minute, and not all at the same time', () => {
    assert.deepEqual(
      attempts({ attempts: 9 }, 1, 1).map(({ waitMs }) => waitMs),
      [2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000],
    );
    assert.deepEqual(
      attempts({ attempts: 3 }, 1, 0).map(({ waitMs }) => waitMs),
      [1000, 2000],
    );
    assert.deepEqual(
      attempts({ attempts: 3 }, 1, 0.5).map(({ waitMs }) => waitMs),
      [1500, 3000],
    );
  });

  it('that was the end of a process costs none, and no time, until it has come four times', () => {
    const waits = (kinds: readonly FailureKind[]) => attempts({ attempts: 2 }, 1, 1, kinds).map(({ waitMs }) => waitMs);
    assert.deepEqual(waits(['crash', 'agent']), [0, 2000]);
    assert.deepEqual(waits(['agent', 'crash', 'crash', 'agent']), [2000, 0, 0]);
    assert.deepEqual(waits(['crash']), [0, 0, 0, 2000]);
  });

  it('has, when these are used up, one with each different fallback, at once', () => {
    const fallback = [{ model: 'm2' }, { role: 'debugger' as const }, { model: 'm2' }, { role: 'debugger' as const, model: 'm3' }];
    assert.deepEqual(
      attempts({ attempts: 2, fallback }, 1).map(({ as, waitMs }) => ({ as, rests: waitMs > 0 })),
      [
        { as: undefined, rests: true },
        { as: { role: 'coder', model: 'm2' }, rests: false },
        { as: { role: 'debugger', model: 'scripted:x' }, rests: false },
        { as: { role: 'debugger', model: 'm3' }, rests: false },
      ],
    );
  });

  it('that would come again has no other attempt but those of its fallbacks', () => {
    const fallback = [{ model: 'm2' }];
    for (const kind of ['refused', 'auth'] as const) {
      assert.deepEqual(attempts({ attempts: 9 }, 1, 1, [kind]), []);
      assert.deepEqual(
        attempts({ attempts: 9, fallback }, 1, 1, [kind]).map(({ as }) => as),
        [{ role: 'coder', model: 'm2' }],
      );
    }
  });

  it('is told to the next agent, with what is left, and with what the one before it had been told', () => {
    const plan = planSchema.parse({ goal: 'A goal', tasks: [{ id: 'a', title: 'Task a', instructions: 'Do it.', attempts: 3 }] });
    let state = reduce(undefined, { ...startOf(plan), at: 1 });
    const failure = { kind: 'timeout' as const, message: 'It took\ntoo long.', fix: 'Give it more time.' };
    const said = (draft: string | null, told?: string) => {
      state = reduce(state, { type: 'task.started', task: 'a', base: 'c', at: 1 });
      const next = afterFailure(state, state.tasks.get('a') as TaskState, { failure, draft, told, random: 0 });
      assert.ok(next.kind === 'retry');
      const { kind: _, ...attempt } = next;
      state = reduce(state, { type: 'task.retrying', task: 'a', failure, draft, ...attempt, at: 1 });
      return next.message;
    };
    const first = said(null, 'The check failed.');
    assert.equal(first, 'Earlier attempts at this task failed:\n- It took too long.\nThey had changed nothing.\n\nThe check failed.');
    assert.equal(
      said('d', first),
      'Earlier attempts at this task failed:\n- It took too long.\n- It took too long.\nWhat was done is in your draft: see what is there, keep what is good, go on from it, and call finish.\n\nThe check failed.',
    );
  });
});
