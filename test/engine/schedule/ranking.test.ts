/** Which of the tasks that could start do: priorities, longest ways, pools, and forecasts apart; and how long tasks take. */
import assert from 'node:assert/strict';
import type { Happening } from '../../../src/domain/event';
import type { Plan, Task } from '../../../src/domain/plan';
import { type RunState, reduce } from '../../../src/domain/run';
import { RunRecord, readState } from '../../../src/engine/journal/record';
import { estimatesOf, pastEstimates } from '../../../src/engine/schedule/estimates';
import { chooseStarts, type Estimates, rankOf } from '../../../src/engine/schedule/ranking';
import { countingClock } from '../../support/clock';
import { valued } from '../../support/result';
import { planOf, startOf } from '../../support/run';
import { put, temporaryFolder } from '../../support/sandbox';

type Details = Readonly<Record<string, Partial<Task>>>;

function planWith(tasks: Readonly<Record<string, readonly string[]>>, details: Details = {}): Plan {
  const plan = planOf(tasks);
  return { ...plan, tasks: plan.tasks.map((task) => ({ ...task, ...details[task.id] })) };
}

const begin = (plan: Plan) => reduce(undefined, { ...startOf(plan), at: 0 });

interface Choosing {
  readonly ready: readonly string[];
  readonly running?: readonly string[];
  readonly maxWorkers?: number;
  readonly pools?: Parameters<typeof chooseStarts>[0]['pools'];
  readonly estimates?: Estimates;
}

function chosen(state: RunState, { ready, running = [], maxWorkers = 9, pools = {}, estimates }: Choosing): string[] {
  const of = (ids: readonly string[]) => ids.flatMap((id) => state.tasks.get(id) ?? []);
  const rank = rankOf(state, estimates);
  return chooseStarts({ ready: of(ready), running: of(running), maxWorkers, pools, rank, admits: () => true }).map(({ task }) => task.id);
}

describe('the tasks that start first', () => {
  it('are those behind which the longest way waits, as long as roles are said to take', () => {
    const state = begin(planWith({ a: [], b: [], c: ['b'], d: ['c'] }, { a: { role: 'security' } }));
    assert.deepEqual(chosen(state, { ready: ['a', 'b'] }), ['b', 'a']);
    assert.deepEqual(chosen(state, { ready: ['a', 'b'], estimates: { security: 4000, coder: 1000 } }), ['a', 'b']);
    // What nobody knows takes the mean of what is known.
    assert.deepEqual(chosen(state, { ready: ['a', 'b'], estimates: { coder: 1000 } }), ['b', 'a']);
  });

  it('are those of the greatest priority, before any way; what they wait for has it, too', () => {
    const state = begin(
      planWith({ long: [], far: ['long'], low: [], need: [], urgent: ['need'] }, { urgent: { priority: 3 }, low: { priority: -1 } }),
    );
    assert.deepEqual(chosen(state, { ready: ['low', 'long', 'need'] }), ['need', 'long', 'low']);
    // Who waits for it and matters less takes nothing from it.
    const kept = begin(planWith({ a: [], b: ['a'], c: [] }, { b: { priority: -5 } }));
    assert.deepEqual(chosen(kept, { ready: ['c', 'a'] }), ['a', 'c']);
    const lowered = begin(planWith({ a: [], b: ['a'], c: [] }, { a: { priority: -5 } }));
    assert.deepEqual(chosen(lowered, { ready: ['c', 'a'] }), ['c', 'a']);
  });

  it('are, of children, those of the parent that matters most', () => {
    let state = begin(planWith({ a: [], b: [], c: [] }, { a: { priority: 5 }, b: { priority: -1 } }));
    for (const parent of ['a', 'b']) {
      const definition = { ...planOf({ x: [] }).tasks[0], id: `${parent}.1` } as Task;
      const event: Happening = { type: 'task.added', task: definition.id, definition, origin: { kind: 'child', parent } };
      state = reduce(state, { ...event, at: 1 });
    }
    assert.deepEqual(chosen(state, { ready: ['b.1', 'c', 'a.1'] }), ['a.1', 'c', 'b.1']);
  });

  it('are as many of a role as its pool has places, and others beside them', () => {
    const state = begin(planWith({ a: [], b: [], c: [], d: [], e: ['c'] }, { d: { role: 'docs' }, e: { role: 'docs' } }));
    const pools = { coder: 2 };
    assert.deepEqual(chosen(state, { ready: ['a', 'b', 'c', 'd'], pools }), ['c', 'a', 'd']);
    assert.deepEqual(chosen(state, { ready: ['b', 'd'], running: ['a', 'c'], pools }), ['d']);
    assert.deepEqual(chosen(state, { ready: ['a', 'b', 'c', 'd'], pools, maxWorkers: 2 }), ['c', 'a']);
  });

  it('are those that are expected to write what nobody else writes, where that costs nothing', () => {
    const state = begin(
      planWith(
        { a: [], b: [], c: [], tail: ['b'] },
        { a: { writes: ['src/**'] }, b: { writes: ['src/x.ts'] }, c: { writes: ['docs/*.md'] } },
      ),
    );
    assert.deepEqual(chosen(state, { ready: ['b', 'c'], running: ['a'], maxWorkers: 2 }), ['b']);
    const level = begin(
      planWith({ a: [], b: [], c: [] }, { a: { writes: ['src/**'] }, b: { writes: ['src/x.ts'] }, c: { writes: ['docs/*.md'] } }),
    );
    assert.deepEqual(chosen(level, { ready: ['b', 'c'], running: ['a'], maxWorkers: 2 }), ['c']);
    assert.deepEqual(chosen(level, { ready: ['a', 'b', 'c'], maxWorkers: 2 }), ['a', 'c']);
    // Nothing stands idle for it.
    assert.deepEqual(chosen(level, { ready: ['b'], running: ['a'], maxWorkers: 2 }), ['b']);
  });
});

describe('how long tasks take', () => {
  /** The state of a run whose tasks took so long, in seconds, by role; and how they ended. */
  function runOf(...tasks: readonly [role: Task['role'], seconds: number, end?: 'failed'][]): RunState {
    const ids = tasks.map((_, at) => `t${at}`);
    const plan = planWith(
      Object.fromEntries(ids.map((id) => [id, []])),
      Object.fromEntries(tasks.map(([role], at) => [`t${at}`, { role }])),
    );
    let state = begin(plan);
    for (const [at, [, seconds, end]] of tasks.entries()) {
      const task = `t${at}`;
      state = reduce(state, { type: 'task.started', task, base: 'c', at: 1000 });
      if (end === 'failed') {
        state = reduce(state, {
          type: 'task.failed',
          task,
          failure: { kind: 'agent', message: '', fix: '' },
          draft: null,
          at: 1000 + seconds * 1000,
        });
        continue;
      }
      state = reduce(state, { type: 'task.done', task, summary: '', changeset: null, changes: [], at: 1000 + seconds * 1000 });
      state = reduce(state, { type: 'task.landed', task, before: 'c', after: 'c', at: 900_000 });
    }
    return state;
  }

  it('is the median of those of a role that landed', () => {
    const runs = [runOf(['coder', 10], ['coder', 90], ['docs', 4]), runOf(['coder', 30], ['docs', 8], ['tester', 5, 'failed'])];
    assert.deepEqual(estimatesOf(runs), { coder: 30_000, docs: 6_000 });
    assert.deepEqual(estimatesOf([]), {});
  });

  it('does not count what was taken over, nor what others did a part of', () => {
    let state = runOf(['coder', 10]);
    const definition = { ...planOf({ x: [] }).tasks[0], id: 't0.1', role: 'tester' } as Task;
    state = reduce(state, { type: 'task.added', task: 't0.1', definition, origin: { kind: 'child', parent: 't0' }, at: 2 });
    assert.deepEqual(estimatesOf([state]), {});
    let other = begin(planOf({ a: [] }));
    const from = { run: 'r0', task: 'a' };
    other = reduce(other, { type: 'task.reused', task: 'a', from, base: 'c', summary: '', changeset: null, changes: [], at: 5 });
    other = reduce(other, { type: 'task.landed', task: 'a', before: 'c', after: 'c', at: 9 });
    assert.deepEqual(estimatesOf([other]), {});
  });

  it('is read from the last twenty runs of a folder, as far as they can be read', async () => {
    const folder = temporaryFolder();
    for (let at = 1; at <= 22; at++) {
      const run = `r${String(at).padStart(2, '0')}`;
      const record = valued(RunRecord.begin(folder, { ...startOf(planOf({ a: [] })), run }, countingClock(0)));
      record.emit({ type: 'task.started', task: 'a', base: 'c' });
      // Each look at the clock is a millisecond: the older a run, the longer it took.
      for (let turn = at; turn < 22; turn++) record.emit({ type: 'task.step', task: 'a', step: 'x' });
      record.emit({ type: 'task.done', task: 'a', summary: '', changeset: null, changes: [] });
      record.emit({ type: 'task.landed', task: 'a', before: 'c', after: 'c' });
      record.close();
    }
    put(folder, 'runs/r23/journal.jsonl', 'no journal');
    const read: string[] = [];
    const estimates = await pastEstimates(folder, (stateDir, run) => {
      read.push(run);
      return readState(stateDir, run);
    });
    assert.deepEqual([read.length, read[0], read.at(-1)], [20, 'r23', 'r04']);
    // Of 1 to 19 milliseconds.
    assert.deepEqual(estimates, { coder: 10 });
  });
});
