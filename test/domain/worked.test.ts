/** How long agents were at work: time in which nobody was is none of it, and no time is less than nothing. */
import assert from 'node:assert/strict';
import type { Happening } from '../../src/domain/event';
import { type RunState, reduce, wentOnMs } from '../../src/domain/run';
import { workedMs } from '../../src/domain/taskState';
import { estimatesOf } from '../../src/engine/schedule/estimates';
import { countedUntil, summarize } from '../../src/engine/summary';
import { planOf, startOf } from '../support/run';

type Happened = readonly [second: number, Happening];

const failure = { kind: 'model' as const, message: 'No.', fix: '' };
const started: Happening = { type: 'task.started', task: 'a', base: 'c' };
const done: Happening = { type: 'task.done', task: 'a', summary: '', changeset: null, changes: [] };
const landed: Happening = { type: 'task.landed', task: 'a', before: 'c', after: 'c' };
const resumed: Happening = { type: 'task.resumed', task: 'a' };

/** Its clock begins at 100 seconds. */
function stateAfter(...happened: readonly Happened[]): RunState {
  let state = reduce(undefined, { ...startOf(planOf({ a: [] })), maxWorkers: 1, at: 100_000 });
  for (const [second, one] of happened) state = reduce(state, { ...one, at: 100_000 + second * 1000 });
  return state;
}

const ENDS: readonly Happened[] = [
  [20, done],
  [20, landed],
  [20, { type: 'run.finished' }],
];

/** What it says of a run whose one agent begins at 0 and is done at 20 seconds, in seconds. */
function figures(...between: readonly Happened[]) {
  const state = stateAfter([0, started], ...between, ...ENDS);
  const { wallMs, serialMs, longestMs, speedUp, efficiency } = summarize(state, 0);
  return {
    wall: wallMs / 1000,
    serial: serialMs / 1000,
    longest: longestMs / 1000,
    speedUp,
    efficiency,
    estimate: estimatesOf([state])['coder'],
  };
}

/** At work for so long, of 20 seconds. */
const worked = (seconds: number) => ({
  wall: 20,
  serial: seconds,
  longest: seconds,
  speedUp: seconds / 20,
  efficiency: seconds / 20,
  estimate: seconds * 1000,
});

describe('the time in which an agent was at work', () => {
  it('is all of it where nothing came between', () => assert.deepEqual(figures(), worked(20)));

  it('has no pause in it, whether the run is continued or stopped', () => {
    assert.deepEqual(figures([5, { type: 'run.paused' }], [15, { type: 'run.continued' }]), worked(10));
    const stopping = stateAfter([0, started], [5, { type: 'run.paused' }], [15, { type: 'run.stopping' }], ...ENDS);
    assert.equal(summarize(stopping, 0).serialMs, 10_000);
  });

  it('has no time in it from a crash until the run is resumed', () => {
    const step: Happening = { type: 'task.step', task: 'a', step: 'Reading' };
    assert.deepEqual(figures([4, step], [14, { type: 'run.taken', pid: 2 }], [15, started]), worked(9));
  });

  it('has no wait in it for an answer, for a budget, or for another attempt', () => {
    const by = { task: 'a', call: 'c1' };
    const ask = { kind: 'decision' as const, title: 'Which?', detail: '', options: ['x', 'y'], fallback: null };
    const asked: Happening = { type: 'inbox.asked', item: 'i', key: 'k', by, draft: null, ask, seconds: null };
    const answered: Happening = { type: 'inbox.answered', item: 'i', answer: { kind: 'said', text: 'x' } };
    assert.deepEqual(figures([5, asked], [12, answered], [13, resumed]), worked(12));
    assert.deepEqual(figures([5, { type: 'task.parked', task: 'a', failure, draft: null }], [18, started]), worked(7));
    const retrying: Happening = { type: 'task.retrying', task: 'a', failure, draft: null, waitMs: 1, message: '' };
    assert.deepEqual(figures([5, retrying], [9, started]), worked(16));
  });

  it('has nothing in it from when it is done until it is reworked', () => {
    assert.deepEqual(figures([5, done], [11, { type: 'task.reworked', task: 'a', why: 'check' }], [12, started]), worked(13));
  });

  it('goes on where the clock is set back', () => {
    const step: Happening = { type: 'task.step', task: 'a', step: 'Reading' };
    const state = stateAfter([0, started], [8, step], [-90, step], [-85, done], [-85, landed], [-84, { type: 'run.finished' }]);
    const { wallMs, serialMs, longestMs } = summarize(state, 0);
    assert.deepEqual({ wallMs, serialMs, longestMs }, { wallMs: 14_000, serialMs: 13_000, longestMs: 13_000 });
  });

  it('is told while it goes on, and not of a run that was cut off', () => {
    const state = stateAfter([0, started], [3, { type: 'task.step', task: 'a', step: 'Reading' }]);
    const task = state.tasks.get('a') ?? assert.fail();
    assert.deepEqual([workedMs(task, 107_000), wentOnMs(state, 107_000)], [7000, 7000]);
    assert.deepEqual([workedMs(task, 90_000), wentOnMs(state, 90_000)], [0, 3000]);
    const { wallMs, serialMs } = summarize(state, countedUntil(state, 'interrupted', 107_000));
    assert.deepEqual({ wallMs, serialMs }, { wallMs: 3000, serialMs: 3000 });
    assert.equal(countedUntil(state, 'running', 107_000), 107_000);
  });
});
