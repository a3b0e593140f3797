/** What a run does next: order, limits and ends, for any plan and any outcome. */
import assert from 'node:assert/strict';
import { array, assert as check, constantFrom, integer, property, record } from 'fast-check';
import type { Happening } from '../../../src/domain/event';
import type { Plan } from '../../../src/domain/plan';
import { type RunState, reduce } from '../../../src/domain/run';
import { type Busy, type Decision, decide, type Limits } from '../../../src/engine/schedule/scheduler';
import { conflictOf, planOf, startOf } from '../../support/run';

const IDLE: Busy = {
  starting: new Set(),
  landing: undefined,
  checking: new Set(),
  joining: new Set(),
  settling: new Set(),
  ending: new Set(),
  resting: new Set(),
};
const FIVE: Limits = { maxWorkers: 5, undecided: 'wait' };

function apply(state: RunState, ...happenings: Happening[]): RunState {
  return happenings.reduce((now, happening) => reduce(now, { ...happening, at: 1 }), state);
}

const begin = (plan: Plan) => reduce(undefined, { ...startOf(plan), at: 1 });
const short = (decisions: readonly Decision[]) => decisions.map((one) => ('task' in one ? `${one.kind} ${one.task}` : one.kind));

const started = (task: string): Happening => ({ type: 'task.started', task, base: 'c' });
const done = (task: string): Happening => ({ type: 'task.done', task, summary: '', changeset: null, changes: [] });
const landed = (task: string): Happening => ({ type: 'task.landed', task, before: 'c', after: 'c' });
const conflicted = (task: string): Happening => ({ type: 'task.conflicted', task, conflict: conflictOf('f') });
const failing = (task: string): Happening => ({ type: 'task.failed', task, failure: { kind: 'agent', message: '', fix: '' }, draft: null });

describe('a decision', () => {
  it('starts what depends on nothing, and the rest the moment that its dependencies have landed', () => {
    const state = begin(planOf({ a: [], b: ['a'], c: [], d: ['a', 'c'] }));
    assert.deepEqual(short(decide(state, FIVE, IDLE)), ['start a', 'start c']);
    const one = apply(state, started('a'), started('c'), done('a'));
    assert.deepEqual(short(decide(one, FIVE, IDLE)), ['land a']);
    const two = apply(one, landed('a'));
    assert.deepEqual(short(decide(two, FIVE, IDLE)), ['start b']);
    assert.deepEqual(short(decide(apply(two, done('c'), landed('c')), FIVE, IDLE)), ['start d', 'start b'].reverse());
  });

  it('starts first what the longest chain waits for', () => {
    const state = begin(planOf({ alone: [], one: [], two: ['one'], head: [], mid: ['head'], tail: ['mid'] }));
    assert.deepEqual(short(decide(state, { ...FIVE, maxWorkers: 2 }, IDLE)), ['start head', 'start one']);
  });

  it('counts what is starting, and lands one at a time', () => {
    const state = begin(planOf({ a: [], b: [], c: [], d: [] }));
    const limits = { ...FIVE, maxWorkers: 2 };
    assert.deepEqual(short(decide(state, limits, { ...IDLE, starting: new Set(['a']), landing: undefined })), ['start b']);
    assert.deepEqual(short(decide(state, limits, { ...IDLE, starting: new Set(['a', 'b']), landing: undefined })), []);
    const changed = (task: string): Happening => ({ type: 'task.done', task, summary: '', changeset: 'x', changes: [] });
    const both = apply(state, started('a'), started('b'), changed('a'), changed('b'));
    assert.deepEqual(short(decide(both, limits, IDLE)), ['land a', 'start c', 'start d']);
    assert.deepEqual(short(decide(both, limits, { ...IDLE, starting: new Set(), landing: 'a' })), ['start c', 'start d']);
    const empty = apply(state, started('a'), started('b'), done('a'), done('b'));
    assert.deepEqual(short(decide(empty, { ...limits, maxWorkers: 0 }, IDLE)), ['land a', 'land b']);
  });

  it('has those that are done checked together, in the order in which they were, while others land without', () => {
    const plan = planOf({ a: [], b: [], c: [], d: [] });
    const checked: Plan = { ...plan, tasks: plan.tasks.map((task) => (task.id === 'd' ? task : { ...task, check: 'test' })) };
    const changed = (task: string, at: number) => ({ ...done(task), changeset: 'x', at });
    let state = apply(begin(checked), started('a'), started('b'), started('c'), started('d'));
    for (const event of [changed('b', 2), changed('a', 3), changed('d', 4)]) state = reduce(state, event as Happening & { at: number });
    assert.deepEqual(decide(state, FIVE, IDLE), [
      { kind: 'land', task: 'd' },
      { kind: 'check', tasks: ['b', 'a'] },
    ]);
    const busy = { ...IDLE, checking: new Set(['b', 'a']) };
    assert.deepEqual(short(decide(apply(state, landed('d')), FIVE, busy)), []);
    // One check at a time; what changed nothing needs none; what was sent back starts before it is checked again.
    state = reduce(apply(state, landed('d')), changed('c', 5) as Happening & { at: number });
    assert.deepEqual(decide(state, FIVE, busy), []);
    assert.deepEqual(short(decide(apply(begin(checked), started('a'), done('a')), { ...FIVE, maxWorkers: 0 }, IDLE)), ['land a']);
    const back = apply(state, { type: 'task.reworked', task: 'b', why: 'check' });
    assert.deepEqual(decide(back, FIVE, IDLE), [
      { kind: 'check', tasks: ['a', 'c'] },
      { kind: 'start', task: 'b' },
    ]);
    assert.deepEqual(short(decide(apply(state, { type: 'run.stopping' }), FIVE, IDLE)), ['stop a', 'stop b', 'stop c']);
  });

  it('dooms what waits for a task that failed, through any distance, and nothing else', () => {
    let state = apply(begin(planOf({ a: [], b: ['a'], c: ['b'], d: [] })), started('a'), started('d'), failing('a'));
    const doom = decide(state, FIVE, IDLE);
    assert.deepEqual(doom, [{ kind: 'doom', task: 'b', because: 'a' }]);
    state = apply(state, { type: 'task.doomed', task: 'b', because: 'a' });
    assert.deepEqual(decide(state, FIVE, IDLE), [{ kind: 'doom', task: 'c', because: 'b' }]);
  });

  it('waits for a conflict or leaves it, as it is told', () => {
    const state = apply(begin(planOf({ a: [], b: ['a'] })), started('a'), done('a'), conflicted('a'));
    assert.deepEqual(short(decide(state, FIVE, IDLE)), []);
    assert.deepEqual(short(decide(state, { ...FIVE, undecided: 'leave' }, IDLE)), ['doom b']);
    const decided = apply(state, { type: 'task.resolved', task: 'a', path: 'f', entry: null });
    assert.deepEqual(short(decide(decided, FIVE, IDLE)), ['land a']);
  });

  it('dooms what depends on a conflict that is left only when nothing else of the run is to come', () => {
    const leaving: Limits = { ...FIVE, undecided: 'leave' };
    const plan = planOf({ a: [], b: ['a'], c: ['b'], long: [], after: ['long'] });
    const state = apply(begin(plan), started('a'), started('long'), done('a'), conflicted('a'));
    assert.deepEqual(short(decide(state, leaving, IDLE)), []);
    // Decided while the run goes on: it lands, and what waited for it starts.
    const decided = apply(state, { type: 'task.resolved', task: 'a', path: 'f', entry: null });
    assert.deepEqual(short(decide(decided, leaving, IDLE)), ['land a']);
    assert.deepEqual(short(decide(decided, leaving, { ...IDLE, landing: 'a' })), []);
    assert.deepEqual(short(decide(apply(decided, landed('a')), leaving, IDLE)), ['start b']);
    const over = apply(state, done('long'), landed('long'), started('after'));
    assert.deepEqual(short(decide(over, leaving, IDLE)), []);
    const last = apply(over, done('after'), landed('after'));
    assert.deepEqual(short(decide(last, leaving, IDLE)), ['doom b']);
    // What somebody is about to decide is waited for; what was decided lands before the run ends.
    assert.deepEqual(short(decide(last, leaving, { ...IDLE, settling: new Set(['a']) })), []);
    const late = apply(last, { type: 'task.resolved', task: 'a', path: 'f', entry: null });
    assert.deepEqual(short(decide(late, leaving, IDLE)), ['land a']);
    // One that can never start is no reason to wait.
    const failed = apply(state, { type: 'task.doomed', task: 'b', because: 'a' });
    assert.deepEqual(short(decide(failed, leaving, IDLE)), ['doom c']);
  });

  it('leaves a run that only more budget helps, and not while a question may be answered', () => {
    const why = { kind: 'budget' as const, message: '', fix: '' };
    const parked: Happening[] = [
      started('a'),
      { type: 'run.outOfBudget', of: 'a', spent: {} },
      { type: 'task.parked', task: 'a', failure: why, draft: null },
    ];
    const leaving: Limits = { ...FIVE, undecided: 'leave' };
    const poor = apply(begin(planOf({ a: [], b: [] })), ...parked, started('b'));
    assert.deepEqual(short(decide(apply(poor, failing('b')), leaving, IDLE)), ['leave']);
    // Whoever takes it over may decide its conflicts, too.
    const waiting = apply(begin(planOf({ a: [], b: [], c: ['b'] })), ...parked, started('b'), done('b'), conflicted('b'));
    assert.deepEqual(short(decide(waiting, leaving, IDLE)), ['leave']);
    const ask = { kind: 'question' as const, question: 'Which?', options: [] };
    const asked: Happening = { type: 'inbox.asked', item: '1', key: 'k', by: { task: 'b', call: 'q' }, draft: null, ask, seconds: 300 };
    assert.deepEqual(short(decide(apply(poor, asked), leaving, IDLE)), []);
  });

  it('of a run that is stopping starts and lands nothing more', () => {
    const state = apply(begin(planOf({ a: [], b: [], c: [] })), started('a'), started('b'), done('b'), { type: 'run.stopping' });
    assert.deepEqual(short(decide(state, FIVE, IDLE)), ['stop b', 'stop c']);
    const over = (['a', 'b', 'c'] as const).map((task): Happening => ({ type: 'task.stopped', task, draft: null }));
    assert.deepEqual(short(decide(apply(state, ...over), FIVE, IDLE)), ['finish']);
    assert.deepEqual(short(decide(apply(state, ...over, { type: 'run.finished' }), FIVE, IDLE)), []);
  });

  it('lets a plan of a thousand tasks through, chained or not', () => {
    const chain: Record<string, string[]> = {};
    for (let at = 0; at < 999; at++) chain[`t${at}`] = at === 0 ? [] : [`t${at - 1}`];
    chain['alone'] = [];
    assert.deepEqual(short(decide(begin(planOf(chain)), FIVE, IDLE)), ['start t0', 'start alone']);
  });

  it('keeps order and limits, and comes to an end, for any plan and any outcome', async () => {
    const plans = array(array(integer({ min: 0, max: 9 }), { maxLength: 3 }), { minLength: 1, maxLength: 10 });
    const outcomes = array(constantFrom('done', 'done', 'done', 'fail', 'conflict', 'stop'), { minLength: 10, maxLength: 10 });
    const picks = array(integer({ min: 0, max: 99 }), { minLength: 60, maxLength: 60 });
    const limits = record({ maxWorkers: integer({ min: 1, max: 4 }), undecided: constantFrom('wait' as const, 'leave' as const) });
    await check(
      property(plans, outcomes, picks, limits, (rows, ends, turns, limit) => {
        const names = rows.map((_, at) => `t${at}`);
        const plan = planOf(
          Object.fromEntries(rows.map((row, at) => [`t${at}`, [...new Set(row.filter((on) => on < at))].map((on) => `t${on}`)])),
        );
        let state = begin(plan);
        for (const turn of [...turns, ...turns, ...turns]) {
          if (state.phase === 'finished') break;
          const decisions = decide(state, limit, IDLE);
          for (const decision of decisions) state = perform(state, decision, ends[names.indexOf('task' in decision ? decision.task : '')]);
          const running = [...state.tasks.values()].filter((task) => task.stage.kind === 'running');
          assert.ok(running.length <= limit.maxWorkers);
          for (const { task } of running) {
            for (const on of task.dependsOn) assert.equal(state.tasks.get(on)?.stage.kind, 'landed');
          }
          const open = [...state.tasks.values()].filter(({ stage }) => stage.kind === 'conflicted');
          assert.ok(decisions.length > 0 || running.length > 0 || open.length > 0, 'it stands still');
          const ended = running[turn % Math.max(1, running.length)]?.task.id;
          if (ended !== undefined) state = end(state, ended, ends[names.indexOf(ended)]);
          else if (limit.undecided === 'wait') {
            for (const { task } of open) state = apply(state, { type: 'task.resolved', task: task.id, path: 'f', entry: null });
          }
        }
        assert.equal(state.phase, 'finished');
        const left = [...state.tasks.values()].map(({ stage }) => stage.kind);
        assert.ok(
          left.every((kind) =>
            ['landed', 'failed', 'stopped', 'doomed', ...(limit.undecided === 'leave' ? ['conflicted'] : [])].includes(kind),
          ),
        );
        for (const { stage, task } of state.tasks.values()) {
          if (stage.kind === 'doomed') assert.ok(task.dependsOn.includes(stage.because));
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Does what was decided, at once; a landing meets a conflict where that is the task's end, the first time. */
function perform(state: RunState, decision: Decision, outcome: string | undefined): RunState {
  switch (decision.kind) {
    case 'start':
      return apply(state, started(decision.task));
    case 'land': {
      const first = state.tasks.get(decision.task)?.stage.kind === 'done';
      return apply(state, outcome === 'conflict' && first ? conflicted(decision.task) : landed(decision.task));
    }
    case 'check':
      return decision.tasks.reduce((now, task) => perform(now, { kind: 'land', task }, outcome), state);
    case 'doom':
      return apply(state, { type: 'task.doomed', task: decision.task, because: decision.because });
    case 'stop':
      return apply(state, { type: 'task.stopped', task: decision.task, draft: null });
    case 'resume':
      return apply(state, { type: 'task.resumed', task: decision.task });
    case 'join':
      return apply(state, { type: 'task.joined', task: decision.task, before: 'c', after: 'c', conflicts: [] });
    case 'choose':
      return apply(state, { type: 'task.chosen', task: decision.task, candidate: decision.candidate });
    case 'lose':
      return apply(state, failing(decision.task));
    case 'race':
    case 'switch':
    case 'giveUp':
    case 'arbitrate':
    case 'rule':
    case 'settle':
    case 'leaveOpen':
    case 'leave':
      throw new Error('These plans have neither races, breakers nor budgets, and the person decides their conflicts.');
    case 'finish':
      return apply(state, { type: 'run.finished' });
  }
}

function end(state: RunState, task: string, outcome: string | undefined): RunState {
  if (outcome === 'fail') return apply(state, failing(task));
  if (outcome === 'stop') return apply(state, { type: 'task.stopped', task, draft: null });
  return apply(state, done(task));
}
