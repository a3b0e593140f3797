/** Events that say what cannot have happened, though the task that they name may be where they would have it: each is refused, with its reason. */
import assert from 'node:assert/strict';
import type { Happening, Origin, RunEvent } from '../../src/domain/event';
import type { Failure } from '../../src/domain/failure';
import type { Task, TaskId } from '../../src/domain/plan';
import { type RunState, reduce } from '../../src/domain/run';
import { conflictOf, planOf, startOf } from '../support/run';

const failure: Failure = { kind: 'agent', message: 'It failed.', fix: '' };
const plan = planOf({ a: [], b: [] });

const started = (task: TaskId): Happening => ({ type: 'task.started', task, base: 'c0' });
const done = (task: TaskId): Happening => ({ type: 'task.done', task, summary: 'Did it.', changeset: 'd1', changes: [] });
const worked = (task: TaskId) => [started(task), done(task)];
const failed = (task: TaskId): Happening => ({ type: 'task.failed', task, failure, draft: null });
const landed = (task: TaskId): Happening => ({ type: 'task.landed', task, before: 'c0', after: 'c1' });
const added = (task: TaskId, origin: Origin, dependsOn: string[] = []): Happening => {
  const definition: Task = { ...(plan.tasks[0] as Task), id: task, dependsOn };
  return { type: 'task.added', task, definition, origin };
};
const child = (task: TaskId, parent: TaskId = 'a') => added(task, { kind: 'child', parent });
const candidate = (task: TaskId, parent: TaskId = 'a') => added(task, { kind: 'candidate', parent });
const arbiter = (task: TaskId, parent: TaskId = 'a') =>
  added(task, { kind: 'arbiter', parent, from: { base: 'c1', draft: 'd1', message: 'Decide.' } });
const awaiting = (...children: TaskId[]): Happening => ({ type: 'task.awaiting', task: 'a', children, draft: null });
const resumed: Happening = { type: 'task.resumed', task: 'a' };
const joined = (task: TaskId): Happening => ({ type: 'task.joined', task, before: 'c0', after: 'c1', conflicts: [] });
const chosen = (by: TaskId): Happening => ({ type: 'task.chosen', task: 'a', candidate: by });
const passedOver = (by: TaskId): Happening => ({ type: 'task.passedOver', task: 'a', candidate: by, failure });
const again = (task: TaskId): Happening => ({ type: 'task.again', task });
const conflicted = (intent: 'land' | 'undo' = 'land'): Happening => ({
  type: 'task.conflicted',
  task: 'a',
  conflict: { ...conflictOf('f'), intent },
});
const resolved: Happening = { type: 'task.resolved', task: 'a', path: 'f', entry: null };
const settledBy = (by: TaskId): Happening => ({
  type: 'task.settled',
  task: 'a',
  by: { kind: 'arbiter', arbiter: by },
  base: 'c1',
  changeset: 'd2',
  changes: [],
});
const leftOpen: Happening = { type: 'task.leftOpen', task: 'a', failure };
const asked = (item: string, key: string, by: { task: TaskId; call: string | null } | null): Happening => {
  const ask = { kind: 'question' as const, question: 'Which?', options: [] };
  return { type: 'inbox.asked', item, key, by, draft: null, ask, seconds: null };
};
const askedBy = (task: TaskId, call: string | null = 'q') => asked('1', 'k', { task, call });
const answered: Happening = { type: 'inbox.answered', item: '1', answer: { kind: 'said', text: 'This.' } };
const discarded: Happening = { type: 'task.discarded', task: 'a' };
const kept: Happening = { type: 'task.kept', task: 'a' };
const breaker = (state: Extract<RunEvent, { type: 'run.breaker' }>['state']): Happening => {
  return { type: 'run.breaker', key: 'coder@m', state, why: 'It broke.', waitMs: 1 };
};
const fallback = (by: string | null): Happening => ({ type: 'run.fallback', model: 'm1', by, why: '503' });
const budget = (type: 'run.nearBudget' | 'run.outOfBudget', of?: TaskId): Happening => ({
  type,
  spent: { usd: 1 },
  ...(of !== undefined && { of }),
});
const raised: Happening = { type: 'run.budgeted', budget: { usd: 2 } };

/** A task with what it did in conflict, and an arbiter at it. */
const arbitrated = [...worked('a'), conflicted(), arbiter('a.1')];
const racing = [candidate('a.1'), candidate('a.2'), awaiting('a.1', 'a.2')];
const spawned = [started('a'), child('a.1'), awaiting('a.1')];
const finished = [failed('a'), failed('b'), { type: 'run.finished' } as const];

/** After which events, which one cannot come, and why. */
const ROWS: Readonly<Record<string, readonly [string, readonly Happening[], Happening, string][]>> = {
  'task.added': [
    ['that defines another task', [], { ...child('a.1'), task: 'a.2' } as Happening, 'it defines a.1'],
    ['that is there', [child('a.1')], child('a.1'), 'there is such a task already'],
    ['that is in the plan', [], added('b', { kind: 'person' }), 'there is such a task already'],
    ['for nobody', [], child('x.1', 'x'), 'there is no task x'],
    ['that depends on nothing', [], added('x', { kind: 'person' }, ['y']), 'there is no task y'],
    [
      'that depends on a stranger',
      [],
      added('a.1', { kind: 'child', parent: 'a' }, ['b']),
      'it depends on b, which was not made for the same task',
    ],
    [
      'that depends on another’s child',
      [child('b.1', 'b')],
      added('a.1', { kind: 'child', parent: 'a' }, ['b.1']),
      'it depends on b.1, which was not made for the same task',
    ],
    ['an arbiter of no conflict', worked('a'), arbiter('a.1'), 'the task is done'],
    ['an arbiter of an undo', [...worked('a'), landed('a'), conflicted('undo')], arbiter('a.1'), 'an undo is the person’s to decide'],
    ['an arbiter of what the person decides', [...worked('a'), conflicted(), resolved], arbiter('a.1'), 'the person decides it'],
    ['a second arbiter while one waits', arbitrated, arbiter('a.2'), 'a.1 is at it'],
    ['a second arbiter while one is at it', [...arbitrated, started('a.1')], arbiter('a.2'), 'a.1 is at it'],
    ['a second arbiter when the first one is done', [...arbitrated, ...worked('a.1')], arbiter('a.2'), 'a.1 is at it'],
    ['in a run that has finished', finished, child('a.1'), 'the run has finished'],
  ],
  'task.awaiting': [
    ['another’s child', [started('a'), child('b.1', 'b')], awaiting('b.1'), 'b.1 is no child of the task'],
    ['nobody’s child', [started('a')], awaiting('b'), 'b is no child of the task'],
    ['its candidate, while it works', [started('a'), candidate('a.1')], awaiting('a.1'), 'a.1 is no child of the task'],
    ['its child, before it works', [child('a.1')], awaiting('a.1'), 'a.1 is no candidate of the task'],
    ['nothing that there is', [started('a')], awaiting('a.1'), 'there is no task a.1'],
    ['when it is done', [...worked('a'), candidate('a.1')], awaiting('a.1'), 'the task is done'],
  ],
  'task.resumed': [
    ['without an answer', [started('a'), askedBy('a')], resumed, 'what it asked is not answered'],
    ['before its child is over', spawned, resumed, 'a.1 is waiting'],
    ['while its child is at work', [...spawned, started('a.1')], resumed, 'a.1 is running'],
    ['before what its child did has joined', [...spawned, ...worked('a.1')], resumed, 'a.1 is done'],
    ['while others race for it', racing, resumed, 'its race has no winner'],
    ['when all that raced for it are over', [...racing, failed('a.1'), failed('a.2')], resumed, 'its race has no winner'],
    ['while it works', [started('a')], resumed, 'the task is running'],
  ],
  'task.joined': [
    ['of a child that is at work', [...spawned, started('a.1')], joined('a.1'), 'the task is running'],
    ['of a task that nobody spawned', worked('a'), joined('a'), 'the task has no parent'],
    ['of a candidate', [...racing, ...worked('a.1')], joined('a.1'), 'the task has no parent'],
    ['to a parent that is at work', [started('a'), child('a.1'), ...worked('a.1')], joined('a.1'), 'its parent is running'],
    ['to a parent that has failed', [...spawned, ...worked('a.1'), failed('a')], joined('a.1'), 'its parent is failed'],
  ],
  'task.chosen': [
    ['for a task that has not raced', [candidate('a.1'), ...worked('a.1')], chosen('a.1'), 'the task is waiting'],
    ['when there is a winner', [...racing, ...worked('a.1'), ...worked('a.2'), chosen('a.1')], chosen('a.2'), 'the task is done'],
    ['who raced for none', [...racing, ...worked('b')], chosen('b'), 'it did not race for the task'],
    ['who raced for another', [...racing, candidate('b.1', 'b'), ...worked('b.1')], chosen('b.1'), 'it did not race for the task'],
    ['who is its child', [...spawned, ...worked('a.1')], chosen('a.1'), 'it did not race for the task'],
    ['who is at work', [...racing, started('a.1')], chosen('a.1'), 'the candidate is running'],
    ['who has failed', [...racing, failed('a.1')], chosen('a.1'), 'the candidate is failed'],
  ],
  'task.passedOver': [
    ['before one is chosen', [...racing, ...worked('a.1')], passedOver('a.1'), 'the task is awaiting'],
    ['when it has landed', [...racing, ...worked('a.1'), chosen('a.1'), landed('a')], passedOver('a.1'), 'the task is landed'],
    [
      'who was not chosen',
      [...racing, ...worked('a.1'), ...worked('a.2'), chosen('a.1')],
      passedOver('a.2'),
      'it was not the one that was chosen',
    ],
    [
      'who raced for another',
      [
        ...worked('a'),
        candidate('b.1', 'b'),
        { ...awaiting('b.1'), task: 'b' } as Happening,
        ...worked('b.1'),
        { ...chosen('b.1'), task: 'b' } as Happening,
      ],
      passedOver('b.1'),
      'it was not the one that was chosen',
    ],
    [
      'who is its child',
      [...spawned, ...worked('a.1'), joined('a.1'), resumed, done('a')],
      passedOver('a.1'),
      'it was not the one that was chosen',
    ],
  ],
  'task.again': [
    ['of an arbiter', [...arbitrated, failed('a.1')], again('a.1'), 'it was made for a conflict'],
    ['of what has joined', [...spawned, ...worked('a.1'), joined('a.1')], again('a.1'), 'the task is joined'],
    ['of what awaits its children', spawned, again('a'), 'the task is awaiting'],
    ['in a run that has finished', finished, again('a'), 'the run has finished'],
  ],
  'task.settled': [
    ['without a conflict', worked('a'), settledBy('a.1'), 'the task is done'],
    ['by one that was not asked', [...arbitrated, ...worked('b')], settledBy('b'), 'b was not asked'],
    ['by nobody', [...worked('a'), conflicted()], settledBy('x'), 'there is no task x'],
    ['by one that has not begun', arbitrated, settledBy('a.1'), 'a.1 is waiting'],
    ['by one that is at it', [...arbitrated, started('a.1')], settledBy('a.1'), 'a.1 is running'],
    ['by one that has failed', [...arbitrated, failed('a.1')], settledBy('a.1'), 'a.1 is failed'],
    ['when the person decides it', [...arbitrated, ...worked('a.1'), resolved], settledBy('a.1'), 'the person decides it'],
    ['twice', [...arbitrated, ...worked('a.1'), settledBy('a.1')], settledBy('a.1'), 'the task is done'],
  ],
  'task.leftOpen': [
    ['without a conflict', [started('a')], leftOpen, 'the task is running'],
    ['by its own agent', worked('a'), leftOpen, 'its work is its own agent’s'],
    ['while one waits to decide it', arbitrated, leftOpen, 'a.1 is at it'],
    ['while one is at it', [...arbitrated, started('a.1')], leftOpen, 'a.1 is at it'],
    ['when the person decides it', [...worked('a'), conflicted(), resolved], leftOpen, 'the person decides it'],
  ],
  'inbox.asked': [
    [
      'another thing under the same item',
      [started('a'), askedBy('a'), started('b')],
      asked('1', 'l', { task: 'b', call: 'q' }),
      '1 is another item',
    ],
    ['under an item that is answered', [started('a'), askedBy('a'), answered, resumed], askedBy('a'), '1 is another item'],
    ['by the run under an item that there is', [started('a'), askedBy('a')], asked('1', 'k', null), '1 is another item'],
    ['by nobody that there is', [], askedBy('x'), 'there is no task x'],
    ['by an agent that is not at work', [], askedBy('a'), 'the task is waiting'],
    ['by an agent that is done', worked('a'), askedBy('a'), 'the task is done'],
    ['of the landing of what is not done', [started('a')], askedBy('a', null), 'the task is running'],
    ['in a run that has finished', finished, asked('1', 'k', null), 'the run has finished'],
  ],
  'inbox.answered': [
    ['what nobody asked', [], answered, 'there is no 1'],
    ['twice', [started('a'), askedBy('a'), answered], answered, 'it is answered'],
    ['in a run that has finished', [asked('1', 'k', null), ...finished], answered, 'the run has finished'],
  ],
  'task.discarded': [
    ['before there is anything', [], discarded, 'the task is waiting'],
    ['while it is made', [started('a')], discarded, 'the task is running'],
    ['when it has landed', [...worked('a'), landed('a')], discarded, 'the task is landed'],
    ['while its undo is in conflict', [...worked('a'), landed('a'), conflicted('undo')], discarded, 'it has landed'],
    ['of what did nothing', [failed('b'), { type: 'task.doomed', task: 'a', because: 'b' }], discarded, 'the task is doomed'],
    ['for another run, without a conflict', [failed('a')], { ...discarded, landedIn: 'r2' }, 'the task is failed'],
  ],
  'task.kept': [
    ['without a conflict', [...worked('a'), landed('a')], kept, 'the task is landed'],
    ['of a landing', [...worked('a'), conflicted()], kept, 'the task is conflicted'],
  ],
  'task.doomed': [['because of nobody', [], { type: 'task.doomed', task: 'a', because: 'x' }, 'there is no task x']],
  'run.breaker': [
    ['closed, where none was open', [], breaker('closed'), 'the breaker of coder@m is closed'],
    ['half open, where none was open', [], breaker('half-open'), 'the breaker of coder@m is closed'],
    ['open twice', [breaker('open')], breaker('open'), 'the breaker of coder@m is open'],
    ['given up while none is tried', [breaker('open')], breaker('given-up'), 'the breaker of coder@m is open'],
    ['open when they are given up', [breaker('given-up')], breaker('open'), 'the breaker of coder@m is given-up'],
    ['half open when they are given up', [breaker('given-up')], breaker('half-open'), 'the breaker of coder@m is given-up'],
    ['half open twice', [breaker('open'), breaker('half-open')], breaker('half-open'), 'the breaker of coder@m is half-open'],
    ['in a run that has finished', finished, breaker('open'), 'the run has finished'],
  ],
  'run.fallback': [
    ['back to what answers', [], fallback(null), 'm1 answers itself'],
    ['by the same one twice', [fallback('m2')], fallback('m2'), 'm2 answers already'],
    ['in a run that has finished', finished, fallback('m2'), 'the run has finished'],
  ],
  'run.nearBudget': [
    ['twice', [budget('run.nearBudget')], budget('run.nearBudget'), 'the budget is near already'],
    ['when it is gone', [budget('run.outOfBudget', 'a')], budget('run.nearBudget', 'a'), 'the budget is gone already'],
    ['of no task', [], budget('run.nearBudget', 'x'), 'there is no task x'],
    ['in a run that has finished', finished, budget('run.nearBudget'), 'the run has finished'],
  ],
  'run.outOfBudget': [
    ['twice', [budget('run.outOfBudget')], budget('run.outOfBudget'), 'the budget is gone already'],
    ['in a run that has finished', finished, budget('run.outOfBudget'), 'the run has finished'],
  ],
  'a run’s way': [
    ['paused twice', [{ type: 'run.paused' }], { type: 'run.paused' }, 'the run is paused'],
    ['paused while it stops', [{ type: 'run.stopping' }], { type: 'run.paused' }, 'the run is stopping'],
    ['continued while it goes on', [], { type: 'run.continued' }, 'the run is running'],
    ['finished while a task waits', [failed('a')], { type: 'run.finished' }, 'the task b is waiting'],
    ['finished while an agent asks', [failed('b'), started('a'), askedBy('a')], { type: 'run.finished' }, 'the task a is asking'],
    ['finished twice', finished, { type: 'run.finished' }, 'the run has finished'],
    ['stopped when it has finished', finished, { type: 'run.stopping' }, 'the run has finished'],
    ['taken when it has finished', finished, { type: 'run.taken', pid: 2 }, 'the run has finished'],
    ['limited when it has finished', finished, { type: 'run.limited', limits: { maxWorkers: 2, pools: {} } }, 'the run has finished'],
    ['budgeted when it has finished', finished, raised, 'the run has finished'],
    [
      'a task begun when it has finished',
      [...worked('a'), landed('a'), failed('b'), { type: 'run.finished' }],
      started('b'),
      'the run has finished',
    ],
    [
      'a task taken back to its agent when it has finished',
      finished,
      { type: 'task.reworked', task: 'a', why: 'stale' },
      'the run has finished',
    ],
    ['a conflict settled when it has finished', finished, settledBy('a.1'), 'the run has finished'],
    ['a conflict left open when it has finished', finished, leftOpen, 'the run has finished'],
  ],
};

function reached(happenings: readonly Happening[]): RunState {
  const start: Happening = startOf(plan);
  const events = [start, ...happenings].map((happening, at): RunEvent => ({ ...happening, at: at + 1 }));
  const state = events.reduce<RunState | undefined>(reduce, undefined);
  assert.ok(state !== undefined);
  return state;
}

describe('an event that cannot have happened is refused:', () => {
  for (const [what, rows] of Object.entries(ROWS)) {
    it(what, () => {
      for (const [how, happenings, happening, why] of rows) {
        const state = reached(happenings);
        const message = `The event ${happening.type} is not possible: ${why}.`;
        assert.throws(() => reduce(state, { ...happening, at: 999 }), { message }, how);
      }
    });
  }

  it('but not where it makes sense', () => {
    const ways: readonly (readonly Happening[])[] = [
      [...arbitrated, failed('a.1'), arbiter('a.2'), ...worked('a.2'), settledBy('a.2'), leftOpen, arbiter('a.3')],
      [...arbitrated, ...worked('a.1'), leftOpen],
      [...racing, ...worked('a.1'), chosen('a.1'), passedOver('a.1'), ...worked('a.2'), chosen('a.2')],
      [...spawned, ...worked('a.1'), joined('a.1'), resumed, done('a')],
      [started('a'), askedBy('a'), started('b'), askedBy('b'), answered, resumed],
      [
        breaker('open'),
        breaker('half-open'),
        breaker('open'),
        breaker('closed'),
        breaker('open'),
        breaker('half-open'),
        breaker('given-up'),
      ],
      [breaker('given-up'), breaker('closed'), breaker('open')],
      [fallback('m2'), fallback('m3'), fallback(null), fallback('m2')],
      [budget('run.nearBudget'), budget('run.outOfBudget'), raised, budget('run.nearBudget'), budget('run.nearBudget', 'a')],
    ];
    for (const way of ways) assert.doesNotThrow(() => reached(way));
  });
});
