/** A run's timeline, its critical path, and what would have made it faster: from its events alone. */
import assert from 'node:assert/strict';
import type { Happening, RunEvent } from '../../src/domain/event';
import { adviceOf } from '../../src/engine/trace/advice';
import { barsOf } from '../../src/engine/trace/bars';
import { criticalPath } from '../../src/engine/trace/criticalPath';
import { type Timeline, timelineOf } from '../../src/engine/trace/timeline';
import { conflictOf, planOf, startOf } from '../support/run';

const started = (task: string): Happening => ({ type: 'task.started', task, base: 'c' });
const done = (task: string): Happening => ({ type: 'task.done', task, summary: '', changeset: 'x', changes: [] });
const landed = (task: string): Happening => ({ type: 'task.landed', task, before: 'c', after: 'd' });

/** Events by the second in which they happen. */
function timeline(
  tasks: Readonly<Record<string, readonly string[]>>,
  happened: readonly (readonly [number, Happening])[],
  maxWorkers = 5,
): Timeline {
  const start = { ...startOf(planOf(tasks)), maxWorkers };
  const events: RunEvent[] = [{ ...start, at: 0 }, ...happened.map(([second, one]) => ({ ...one, at: second * 1000 }))];
  const found = timelineOf(events);
  assert.ok(found !== undefined);
  return found;
}

const steps = (line: Timeline) => criticalPath(line).map(({ task, doing, from, to }) => `${task} ${doing} ${from / 1000}-${to / 1000}`);
const seconds = (ms: number) => `${ms / 1000} s`;
const advice = (line: Timeline) => adviceOf(line, criticalPath(line), seconds);

/** `b` depends on `a`; `c` on nothing. */
const TWO = { a: [], b: ['a'], c: [] };
const chain: readonly (readonly [number, Happening])[] = [
  [0, started('a')],
  [0, started('c')],
  [3, done('c')],
  [3, landed('c')],
  [4, done('a')],
  [5, landed('a')],
  [5, started('b')],
  [9, done('b')],
  [10, landed('b')],
  [10, { type: 'run.finished' }],
];

describe('a timeline', () => {
  it('says of each task what it did when', () => {
    const { lines } = timeline(TWO, chain);
    const text = lines.map(
      ({ task, spans }) => `${task}: ${spans.map(({ doing, from, to }) => `${doing} ${from / 1000}-${to / 1000}`).join(', ')}`,
    );
    assert.deepEqual(text, ['a: working 0-4, landing 4-5', 'b: blocked 0-5, working 5-9, landing 9-10', 'c: working 0-3']);
  });

  it('ends the candidate that won when it is chosen', () => {
    const candidate = (task: string): Happening => {
      const [definition] = planOf({ x: [] }).tasks;
      assert.ok(definition !== undefined);
      return { type: 'task.added', task, definition: { ...definition, id: task }, origin: { kind: 'candidate', parent: 'a' } };
    };
    const line = timeline({ a: [], b: [] }, [
      [0, candidate('a.1')],
      [0, candidate('a.2')],
      [0, { type: 'task.awaiting', task: 'a', children: ['a.1', 'a.2'], draft: null }],
      [0, started('a.1')],
      [0, started('a.2')],
      [0, started('b')],
      [2, done('a.1')],
      [3, { type: 'task.chosen', task: 'a', candidate: 'a.1' }],
      [3, { type: 'task.stopped', task: 'a.2', draft: null }],
      [4, landed('a')],
      [8, done('b')],
      [9, landed('b')],
      [9, { type: 'run.finished' }],
    ]);
    assert.deepEqual(barsOf(line, 9), ['┄┄┄▄', '████████▄', '██▄', '███']);
    assert.deepEqual(steps(line), ['b working 0-8', 'b landing 8-9']);
  });

  it('has an arbiter at its end when its decision is taken, or is not', () => {
    const definition = { title: 'Decide', role: 'arbiter', instructions: 'Decide.', dependsOn: [], writes: [], context: [] };
    const from = { base: 'c', draft: 'd', message: 'Decide.' };
    const arbiter = (task: string): Happening => {
      return { type: 'task.added', task, definition: { ...definition, id: task }, origin: { kind: 'arbiter', parent: 'b', from } };
    };
    const by = { kind: 'arbiter' as const, arbiter: 'b.2' };
    const line = timeline({ b: [], long: [] }, [
      [0, started('b')],
      [0, started('long')],
      [1, done('b')],
      [1, { type: 'task.conflicted', task: 'b', conflict: conflictOf('f') }],
      [1, arbiter('b.1')],
      [1, started('b.1')],
      [2, done('b.1')],
      [3, { type: 'task.leftOpen', task: 'b', failure: { kind: 'unsure', message: 'Both fit.', fix: 'Decide.' } }],
      [4, arbiter('b.2')],
      [4, started('b.2')],
      [5, done('b.2')],
      [5, { type: 'task.settled', task: 'b', by, base: 'c', changeset: 'x', changes: [] }],
      [6, landed('b')],
      [9, done('long')],
      [9, landed('long')],
      [9, { type: 'run.finished' }],
    ]);
    assert.deepEqual(barsOf(line, 9), ['█????▄', '█████████', ' █▄', '    █']);
    assert.deepEqual(steps(line), ['long working 0-9']);
  });

  it('has what was doomed wait again when its cause is done again', () => {
    const line = timeline({ a: [], b: ['a'] }, [
      [0, started('a')],
      [1, { type: 'task.failed', task: 'a', failure: { kind: 'model', message: 'No.', fix: 'Ask.' }, draft: null }],
      [1, { type: 'task.doomed', task: 'b', because: 'a' }],
      [2, { type: 'task.again', task: 'a' }],
      [2, started('a')],
      [4, done('a')],
      [4, landed('a')],
      [4, started('b')],
      [5, done('b')],
      [5, landed('b')],
      [5, { type: 'run.finished' }],
    ]);
    assert.deepEqual(barsOf(line, 5), ['█ ██', '· ··█']);
  });

  it('tells what a paused run holds from what waits for an agent, and that it would have been shorter without the pause', () => {
    const line = timeline({ a: [], b: ['a'] }, [
      [0, started('a')],
      [2, { type: 'run.paused' }],
      [3, done('a')],
      [6, { type: 'run.continued' }],
      [7, landed('a')],
      [7, started('b')],
      [9, done('b')],
      [9, landed('b')],
      [9, { type: 'run.finished' }],
    ]);
    assert.deepEqual(steps(line), ['a working 0-2', 'a paused 2-6', 'a landing 6-7', 'b working 7-9']);
    assert.equal(advice(line)[0], '4 s passed while the run was paused.');
  });

  it('tells the time in which nobody drove the run from that in which an agent was at work', () => {
    const line = timeline({ a: [], b: ['a'] }, [
      [0, started('a')],
      [2, { type: 'task.step', task: 'a', step: 'Reading' }],
      [8, { type: 'run.taken', pid: 2 }],
      [8, started('a')],
      [9, done('a')],
      [9, landed('a')],
      [9, started('b')],
      [10, done('b')],
      [10, landed('b')],
      [10, { type: 'run.finished' }],
    ]);
    assert.deepEqual(steps(line), ['a working 0-2', 'a dead 2-8', 'a working 8-9', 'b working 9-10']);
    assert.equal(advice(line)[0], '6 s passed before the run was resumed: nobody drove it.');
    assert.deepEqual(barsOf(line, 10), ['██//////█', '··//////·█']);
  });

  it('is drawn as one row a task', () => {
    assert.deepEqual(barsOf(timeline(TWO, chain), 10), ['████▄', '·····████▄', '███']);
  });

  it('leaves out what came after the run, and does not end before it began when the clock is set back', () => {
    const { to, lines } = timeline({ a: [] }, [
      [5, started('a')],
      [2, done('a')],
      [6, landed('a')],
      [7, { type: 'run.finished' }],
      [90, { type: 'task.undone', task: 'a', before: 'd', after: 'e' }],
    ]);
    assert.equal(to, 7000);
    assert.deepEqual(lines[0]?.spans, [
      { doing: 'queued', from: 0, to: 5000 },
      { doing: 'landing', from: 5000, to: 6000 },
    ]);
  });
});

describe('the critical path', () => {
  it('goes through the dependency that landed last', () => {
    assert.deepEqual(steps(timeline(TWO, chain)), ['a working 0-4', 'a landing 4-5', 'b working 5-9', 'b landing 9-10']);
  });

  it('goes through the child that was over last, back into its parent', () => {
    const child = (task: string): Happening => {
      const [definition] = planOf({ x: [] }).tasks;
      assert.ok(definition !== undefined);
      return { type: 'task.added', task, definition: { ...definition, id: task }, origin: { kind: 'child', parent: 'a' } };
    };
    const joined = (task: string): Happening => ({ type: 'task.joined', task, before: 'c', after: 'd', conflicts: [] });
    const line = timeline({ a: [] }, [
      [0, started('a')],
      [2, child('a.1')],
      [2, child('a.2')],
      [2, { type: 'task.awaiting', task: 'a', children: ['a.1', 'a.2'], draft: null }],
      [2, started('a.1')],
      [2, started('a.2')],
      [3, done('a.1')],
      [3, joined('a.1')],
      [6, done('a.2')],
      [6, joined('a.2')],
      [6, { type: 'task.resumed', task: 'a' }],
      [8, done('a')],
      [8, landed('a')],
      [8, { type: 'run.finished' }],
    ]);
    assert.deepEqual(steps(line), ['a working 0-2', 'a.2 working 2-6', 'a working 6-8']);
  });

  it('does not count a decision that the run did not wait for', () => {
    const line = timeline({ a: [], b: [] }, [
      [0, started('a')],
      [0, started('b')],
      [1, done('a')],
      [1, { type: 'task.conflicted', task: 'a', conflict: conflictOf('f') }],
      [4, done('b')],
      [4, landed('b')],
      [4, { type: 'run.finished' }],
    ]);
    assert.deepEqual(steps(line), ['b working 0-4']);
  });
});

describe('advice', () => {
  it('asks for more agents where tasks waited for one', () => {
    const line = timeline(
      { a: [], b: [] },
      [
        [0, started('a')],
        [5, done('a')],
        [5, landed('a')],
        [5, started('b')],
        [9, done('b')],
        [9, landed('b')],
        [9, { type: 'run.finished' }],
      ],
      1,
    );
    assert.deepEqual(steps(line), ['b queued 0-5', 'b working 5-9']);
    assert.deepEqual(advice(line), ['5 s of it passed without a free agent: more than 1 agent at once would help (weft.maxWorkers).']);
  });

  it('tells what waits for an answer, and for leave to land, from what is decided', () => {
    const by = { task: 'a', call: 'c1' };
    const ask = { kind: 'decision' as const, title: 'Which?', detail: '', options: ['x', 'y'], fallback: null };
    const answered = (item: string): Happening => ({ type: 'inbox.answered', item, answer: { kind: 'said', text: 'x' } });
    const line = timeline({ a: [] }, [
      [0, started('a')],
      [2, { type: 'inbox.asked', item: 'i', key: 'k', by, draft: null, ask, seconds: null }],
      [6, answered('i')],
      [7, { type: 'task.resumed', task: 'a' }],
      [9, done('a')],
      [9, { type: 'inbox.asked', item: 'l', key: 'l', by: { ...by, call: null }, draft: null, ask, seconds: null }],
      [12, answered('l')],
      [12, landed('a')],
      [12, { type: 'run.finished' }],
    ]);
    assert.deepEqual(steps(line), ['a working 0-2', 'a asked 2-6', 'a queued 6-7', 'a working 7-9', 'a asked 9-12']);
    assert.deepEqual(advice(line), [
      '7 s passed until you had answered: what a task says, and what approvals let agents do, need not be asked.',
    ]);
  });

  it('tells what waits for a budget, of its own or the run’s, from what waits for an agent', () => {
    const failure = { kind: 'budget' as const, message: 'No.', fix: '' };
    const line = timeline({ a: [], b: ['a'] }, [
      [0, started('a')],
      [2, { type: 'run.outOfBudget', spent: { usd: 1 } }],
      [2, { type: 'task.parked', task: 'a', failure, draft: null }],
      [7, { type: 'run.budgeted', budget: { usd: 9 } }],
      [7, started('a')],
      [9, done('a')],
      [9, { type: 'run.outOfBudget', spent: { usd: 9 } }],
      [9, landed('a')],
      [12, { type: 'run.budgeted', budget: { usd: 99 } }],
      [12, started('b')],
      [14, done('b')],
      [14, landed('b')],
      [14, { type: 'run.finished' }],
    ]);
    const path = ['a working 0-2', 'a budget 2-7', 'a working 7-9', 'b budget 9-12', 'b working 12-14'];
    assert.deepEqual(steps(line), path);
    assert.deepEqual(
      advice(line)[0],
      '8 s passed until there was more budget: a larger one from the start would help (weft.budget.run, --budget).',
    );
    assert.ok(!advice(line).some((text) => text.includes('better given to one') || text.includes('weft.maxWorkers')));
  });

  it('tells what waits while such agents keep failing from what waits for an agent, and what rests goes on resting', () => {
    const failure = { kind: 'model' as const, message: 'No.', fix: '' };
    const breaker = (state: 'open' | 'closed'): Happening => ({
      type: 'run.breaker',
      key: 'coder@scripted:x',
      state,
      why: 'No.',
      waitMs: 1,
    });
    const line = timeline({ a: [] }, [
      [0, started('a')],
      [1, { type: 'task.retrying', task: 'a', failure, draft: null, waitMs: 2000, message: '' }],
      [2, { type: 'run.limited', limits: { maxWorkers: 5, pools: {} } }],
      [3, breaker('open')],
      [9, breaker('closed')],
      [9, started('a')],
      [10, done('a')],
      [10, landed('a')],
      [10, { type: 'run.finished' }],
    ]);
    assert.deepEqual(steps(line), ['a working 0-1', 'a resting 1-3', 'a broken 3-9', 'a working 9-10']);
    assert.deepEqual(advice(line), [
      '6 s passed while agents of one role and model kept failing: another model to go on with would help (fallback in the plan).',
      '2 s passed between attempts that failed.',
    ]);
  });

  it('names the task that took half of the time', () => {
    const line = timeline(TWO, [
      [0, started('a')],
      [0, started('c')],
      [1, done('a')],
      [1, landed('a')],
      [1, started('b')],
      [5, done('c')],
      [5, landed('c')],
      [9, done('b')],
      [9, landed('b')],
      [9, { type: 'run.finished' }],
    ]);
    assert.deepEqual(advice(line), ['“Task b” alone took 8 s: split it into tasks that can run side by side.']);
  });

  it('has nothing to say of a run that was as short as its tasks', () => {
    const line = timeline({ a: [] }, [
      [0, started('a')],
      [9, done('a')],
      [9, landed('a')],
      [9, { type: 'run.finished' }],
    ]);
    assert.deepEqual(advice(line), []);
  });
});
