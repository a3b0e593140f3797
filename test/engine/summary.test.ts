/** The figures of a run, each by exact numbers: nonsense in any of them fails. */
import assert from 'node:assert/strict';
import type { Happening } from '../../src/domain/event';
import { type RunState, reduce } from '../../src/domain/run';
import { figuresOf } from '../../src/engine/figures';
import { summarize } from '../../src/engine/summary';
import { conflictOf, planOf, startOf } from '../support/run';

const failure = { kind: 'model' as const, message: 'No.', fix: '' };
const usage = (input: number, output: number, cacheRead: number, cacheWrite: number) => ({ input, output, cacheRead, cacheWrite });
const started = (task: string): Happening => ({ type: 'task.started', task, base: 'c' });
const turn = (task: string, used: ReturnType<typeof usage>): Happening => ({ type: 'task.turn', task, usage: used });
const done = (task: string, ...paths: string[]): Happening => {
  const changes = paths.map((path) => ({ path, before: null, after: null }));
  return { type: 'task.done', task, summary: '', changeset: 'x', changes };
};
const landed = (task: string): Happening => ({ type: 'task.landed', task, before: 'c', after: 'd' });
const candidate = (task: string): Happening => {
  const [definition] = planOf({ x: [] }).tasks;
  assert.ok(definition !== undefined);
  return { type: 'task.added', task, definition: { ...definition, id: task }, origin: { kind: 'candidate', parent: 'race' } };
};

/** `b` waits for `a`; two agents race for `race`; `c` fails once, then is in conflict; `d` fails. */
const HAPPENED: readonly (readonly [second: number, Happening])[] = [
  [0, started('a')],
  [0, candidate('race.1')],
  [0, candidate('race.2')],
  [0, { type: 'task.awaiting', task: 'race', children: ['race.1', 'race.2'], draft: null }],
  [0, started('race.1')],
  [0, started('race.2')],
  [1, turn('a', usage(1000, 200, 3000, 100))],
  [4, done('a', 'one', 'two')],
  [4, landed('a')],
  [5, turn('race.1', usage(500, 100, 0, 0))],
  [5, turn('race.2', usage(300, 50, 0, 0))],
  [5, done('race.1', 'two')],
  [5, { type: 'task.chosen', task: 'race', candidate: 'race.1' }],
  [5, { type: 'task.stopped', task: 'race.2', draft: null }],
  [5, landed('race')],
  [5, started('b')],
  [5, started('c')],
  [6, { type: 'task.retrying', task: 'c', failure, draft: null, waitMs: 0, message: '' }],
  [7, started('c')],
  [8, done('c', 'three')],
  [8, { type: 'task.reworked', task: 'c', why: 'check' }],
  [8, started('c')],
  [9, done('c', 'three')],
  [9, { type: 'task.conflicted', task: 'c', conflict: conflictOf('three') }],
  [12, done('b', 'four')],
  [12, { type: 'task.conflicted', task: 'b', conflict: conflictOf('four') }],
  [13, landed('b')],
  [16, started('d')],
  [18, { type: 'task.failed', task: 'd', failure, draft: null }],
  [20, { type: 'run.finished' }],
];

function ended(): RunState {
  const plan = planOf({ a: [], b: ['a'], race: [], c: [], d: [] });
  const prices = { m: { input: 1000, output: 2000, cacheRead: 100, cacheWrite: 1250 } };
  const start = { ...startOf(plan), model: 'm', prices, maxWorkers: 2, budget: { usd: 50 }, planning: usage(100, 0, 0, 0) };
  let state = reduce(undefined, { ...start, at: 1_000_000 });
  for (const [second, one] of HAPPENED) state = reduce(state, { ...one, at: 1_000_000 + second * 1000 });
  return state;
}

describe('the summary of a run', () => {
  it('has each figure as its events tell', () => {
    // At work: a 4, the racers 5 each, b 7, c 1 + 1 + 1, d 2. The longest way: a, then b.
    const serialMs = 26_000;
    // Per thousand tokens: $1 in, $2 out, $0.10 from the cache, $1.25 into it.
    const usd = { planning: 0.1, a: 1 + 0.4 + 0.3 + 0.125, winner: 0.5 + 0.2, loser: 0.3 + 0.1 };
    const { spent, losers, costUsd, ...rest } = summarize(ended(), 0);
    assert.deepEqual(rest, {
      run: 'r1',
      snapshot: 's1',
      tasks: 5,
      spawned: 0,
      candidates: 2,
      stages: { landed: 3, conflicted: 1, failed: 1 },
      reversals: 0,
      filesChanged: 3,
      conflicts: 1,
      settled: { person: 1, arbiter: 0, rule: 0 },
      usage: usage(1900, 350, 3000, 100),
      tokens: 5350,
      budget: { usd: 50 },
      wallMs: 20_000,
      serialMs,
      speedUp: 1.3,
      maxWorkers: 2,
      efficiency: 0.65,
      longestMs: 11_000,
      cacheShare: 3000 / 5000,
      retries: 1,
      reworks: 1,
    });
    assert.equal(costUsd?.toFixed(6), (usd.planning + usd.a + usd.winner + usd.loser).toFixed(6));
    assert.deepEqual([spent.tokens, spent.unpriced, spent.usd], [5350, 0, costUsd]);
    assert.deepEqual([losers.tokens, losers.unpriced, losers.usd.toFixed(6)], [350, 0, usd.loser.toFixed(6)]);
  });

  it('is told as one list', () => {
    assert.deepEqual(
      figuresOf(summarize(ended(), 0), (ms) => `${ms / 1000} s`),
      [
        ['tasks', '3 landed, 1 in conflict, 1 failed, 2 agents raced'],
        ['wall time', '20 s'],
        ['serial time', '26 s for one agent after the other'],
        ['speed-up', '1.3×'],
        ['efficiency', '65 % of what 2 agents could do'],
        ['critical path', '11 s of work on the longest way through the tasks'],
        ['tokens', '5,350 (1,900 in, 350 out, 3,000 read from cache, 100 written to it)'],
        ['cost', '$3.02, of $50.00; $0.40 of it for agents that lost their race'],
        ['cache', '60 % of what was sent'],
        ['retries', '1, and 1 rework'],
        ['conflicts', '1, 1 decided by you'],
      ],
    );
  });
});
