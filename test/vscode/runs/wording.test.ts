/** What rows and notifications say of runs and tasks. */
import assert from 'node:assert/strict';
import type { Happening, RunEvent } from '../../../src/domain/event';
import { fail } from '../../../src/domain/failure';
import { planSchema, type Task } from '../../../src/domain/plan';
import { type RunState, reduce, waitsForPerson } from '../../../src/domain/run';
import type { TaskState } from '../../../src/domain/taskState';
import { NO_USAGE } from '../../../src/domain/usage';
import type { Wait } from '../../../src/engine/agents/live';
import type { Life } from '../../../src/engine/journal/library';
import {
  brokenText,
  checkText,
  clashText,
  durationText,
  elapsedText,
  escaped,
  finishedText,
  runText,
  shortened,
  taskText,
  usageText,
  withoutLinks,
} from '../../../src/vscode/runs/wording';

const task = (id: string, dependsOn: string[] = []) => ({ id, title: `Task ${id}`, instructions: 'Do it.', dependsOn });

/** The state after these happenings, one a second, of a run of a, b and c; c waits for both others. */
function state(...happenings: Happening[]): RunState {
  return stateOf({}, happenings);
}

function stateOf(more: { check?: string }, happenings: readonly Happening[]): RunState {
  const plan = planSchema.parse({ goal: 'Test', ...more, tasks: [task('a'), task('b'), task('c', ['a', 'b'])] });
  const start: RunEvent = {
    type: 'run.started',
    version: 1,
    run: 'r',
    root: '/w',
    plan,
    model: 'scripted:sample',
    maxWorkers: 2,
    snapshot: 's',
    commit: 'c',
    pid: 1,
    planning: NO_USAGE,
    at: 0,
  };
  return happenings.reduce((now, happening, at) => reduce(now, { ...happening, at: (at + 1) * 1000 }), reduce(undefined, start));
}

const begun = (id: string): Happening => ({ type: 'task.started', task: id, base: 'base' });
const done = (id: string): Happening => ({ type: 'task.done', task: id, summary: 'Did it.', changeset: 'x', changes: [] });
const landed = (id: string): Happening => ({ type: 'task.landed', task: id, before: 'x', after: 'y' });
const failed = (id: string): Happening => ({ type: 'task.failed', task: id, failure: fail('agent', 'It gave up.').failure, draft: null });
const entry = { mode: '100644', blob: 'b' } as const;
const conflicted = (id: string, intent: 'land' | 'undo' = 'land'): Happening => ({
  type: 'task.conflicted',
  task: id,
  conflict: { intent, ours: 'o', tree: 't', files: [{ path: 'src/a.ts', base: entry, ours: entry, theirs: entry, oursBy: 'Task a' }] },
});

function textOf(now: RunState, id: string, life: Life = 'running', at = 9000): string {
  const found = now.tasks.get(id);
  assert.ok(found !== undefined);
  return taskText(found, now, life, at);
}

describe('times', () => {
  it('are told as a person reads them', () => {
    assert.deepEqual([0, 440, 9_940, 9_960, 59_000, 60_000, 125_000].map(durationText), [
      '0.0 s',
      '0.4 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min',
      '2 min 5 s',
    ]);
    assert.deepEqual([999, 61_000, 3_600_000, 3_780_000].map(elapsedText), ['0 s', '1 min 1 s', '1 h', '1 h 3 min']);
  });

  it('do not run backwards when clocks differ', () => {
    assert.deepEqual([durationText(-500), elapsedText(-500)], ['0.0 s', '0 s']);
  });
});

describe('the text of a task', () => {
  it('names what it waits for', () => {
    assert.equal(textOf(state(), 'c'), 'waiting for “Task a”, “Task b” · coder');
    assert.equal(textOf(state(), 'a'), 'waiting for a free agent · coder');
    assert.equal(textOf(state(begun('a'), done('a'), landed('a')), 'c'), 'waiting for “Task b” · coder');
  });

  it('says what the agent does, and for how long', () => {
    const now = state(begun('a'), { type: 'task.step', task: 'a', step: 'Reading src/a.ts' });
    assert.equal(textOf(now, 'a', 'running', 5000), 'Reading src/a.ts · 4 s · coder');
    assert.equal(textOf(now, 'a', 'interrupted', 5000), 'interrupted · coder');
  });

  it('says how its check goes', () => {
    const work: Happening[] = [begun('a'), { type: 'task.done', task: 'a', summary: '', changeset: 'c', changes: [] }];
    const checking: Happening = { type: 'task.checking', task: 'a', commands: ['make', 'npm run test:everything:and:more'], together: [] };
    const verdict = { command: 'npm test', exitCode: 1, timedOut: false, output: '', milliseconds: 1200, onTopOf: [] };
    const red: Happening = { type: 'task.checked', task: 'a', ok: false, ...verdict };
    const withWork = (...happenings: Happening[]) => stateOf({ check: 'npm test' }, [...work, ...happenings]);
    assert.equal(textOf(withWork(), 'a'), 'waiting for its check · 1.0 s · coder');
    assert.equal(textOf(withWork(checking), 'a'), 'checking: make, npm run test:everything:… · 1.0 s · coder');
    assert.equal(textOf(withWork(checking, { ...red, ok: true, exitCode: 0 }), 'a'), 'landing · 1.0 s · coder');
    const back: Happening = { type: 'task.reworked', task: 'a', why: 'check' };
    assert.equal(textOf(withWork(checking, red, back), 'a'), 'check failed, waiting for its agent · coder');
    assert.equal(textOf(withWork(checking, red, back, begun('a')), 'a'), 'repairing · 4 s · coder');
    const failing: Happening = { type: 'task.failed', task: 'a', failure: fail('check', 'It is red.').failure, draft: 'c' };
    assert.equal(textOf(withWork(checking, red, failing), 'a'), 'check failed · 1.0 s · coder');
    const ended = withWork(checking, red).tasks.get('a')?.check;
    assert.ok(ended?.kind === 'ended');
    assert.equal(checkText(ended), 'Check is red: npm test, 1.2 s');
  });

  it('says what came of it', () => {
    assert.equal(textOf(state(begun('a'), done('a'), landed('a')), 'a'), 'landed · 1.0 s · coder');
    assert.equal(textOf(state(begun('a'), done('a'), conflicted('a')), 'a'), 'conflict in src/a.ts · coder');
    assert.equal(textOf(state(begun('a'), done('a'), landed('a'), conflicted('a', 'undo')), 'a'), 'undo in conflict in src/a.ts · coder');
    assert.equal(textOf(state(begun('a'), failed('a')), 'a'), 'failed · 1.0 s · coder');
    assert.equal(
      textOf(state(failed('a'), { type: 'task.doomed', task: 'c', because: 'a' }), 'c'),
      'not started: “Task a” did not land · coder',
    );
  });

  it('says who is at a conflict, who left it, and who decided it', () => {
    const open = [begun('a'), done('a'), conflicted('a')];
    const definition = { ...planSchema.parse({ goal: 'g', tasks: [task('x')] }).tasks[0], id: 'a.1', role: 'arbiter' } as Task;
    const from = { base: 'o', draft: 'm', message: 'Decide.' };
    const asked: Happening = { type: 'task.added', task: 'a.1', definition, origin: { kind: 'arbiter', parent: 'a', from } };
    const failure = fail('unsure', 'It cannot tell.').failure;
    assert.equal(textOf(state(...open, asked), 'a'), 'conflict in src/a.ts · an arbiter is at it · coder');
    assert.equal(textOf(state(...open, { type: 'task.leftOpen', task: 'a', failure }), 'a'), 'conflict in src/a.ts · left to you · coder');
    const by = { kind: 'arbiter' as const, arbiter: 'a.1' };
    const settled: Happening = { type: 'task.settled', task: 'a', by, base: 'o', changeset: null, changes: [] };
    const decided = state(...open, asked, begun('a.1'), done('a.1'), settled, landed('a'));
    assert.match(textOf(decided, 'a'), / · conflict decided by an arbiter · /);
    assert.match(textOf(decided, 'a.1'), /^decided the conflict · .+ · arbiter$/);
  });

  it('tells a decided conflict from an open one', () => {
    const decided: Happening = { type: 'task.resolved', task: 'a', path: 'src/a.ts', entry: null };
    assert.equal(textOf(state(begun('a'), done('a'), conflicted('a'), decided), 'a'), 'landing what you decided · coder');
  });
});

describe('an agent whose request waits, in words', () => {
  it('says so from a second on, with the reason, and for how long', () => {
    const waits = (now: RunState, why: Wait['why'], since: number) =>
      taskText(now.tasks.get('a') as TaskState, now, 'running', 13_000, { held: new Set(), waiting: new Map([['a', { why, since }]]) });
    const running = state(begun('a'), { type: 'task.step', task: 'a', step: 'Thinking' });
    assert.equal(waits(running, 'limit', 1000), 'waiting for the model (rate limit) · 12 s · coder');
    assert.equal(waits(running, 'turn', 1000), 'waiting for the model · 12 s · coder');
    assert.match(waits(running, 'turn', 12_500), /^Thinking · /);
    assert.match(waits(state(begun('a'), done('a')), 'limit', 1000), /^landing · /);
  });
});

describe('a paused run in words', () => {
  const paused: Happening = { type: 'run.paused' };
  const step: Happening = { type: 'task.step', task: 'a', step: 'Reading x.ts' };
  const heldText = (now: RunState, id: string, ...held: string[]) => {
    const found = now.tasks.get(id);
    assert.ok(found !== undefined);
    return taskText(found, now, 'running', 9000, { held: new Set(held), waiting: new Map() });
  };

  it('says of each task what waits, and for what', () => {
    const now = state(begun('a'), step, begun('b'), done('b'), paused);
    assert.equal(heldText(now, 'a'), 'pausing · Reading x.ts · coder');
    assert.equal(heldText(now, 'a', 'a'), 'paused · coder');
    assert.equal(heldText(now, 'b'), 'lands when the run goes on · coder');
    assert.equal(heldText(now, 'c'), 'waiting for “Task a”, “Task b” · coder');
    assert.equal(heldText(state(paused), 'a'), 'starts when the run goes on · coder');
    assert.equal(heldText(state(begun('a'), paused), 'a'), 'pausing · coder');
    const decided: Happening = { type: 'task.resolved', task: 'a', path: 'src/a.ts', entry: null };
    assert.equal(
      heldText(state(begun('a'), done('a'), conflicted('a'), decided, paused), 'a'),
      'decided, lands when the run goes on · coder',
    );
    assert.equal(heldText(state(begun('a'), done('a'), conflicted('a'), paused), 'a'), 'conflict in src/a.ts · coder');
  });

  it('is pausing as long as an agent has not come to the end of its turn, where that is known', () => {
    const now = state(begun('a'), begun('b'), paused);
    assert.equal(runText(now, 'running', 9000, new Set(['a'])), 'pausing · 0/3 landed');
    assert.equal(runText(now, 'running', 9000, new Set(['a', 'b'])), 'paused · 0/3 landed');
    assert.equal(runText(now, 'running', 9000), 'paused · 0/3 landed');
    assert.equal(textOf(now, 'a'), 'paused · coder');
    assert.equal(runText(now, 'interrupted', 9000), 'interrupted · 0/3 landed');
    assert.equal(textOf(now, 'a', 'interrupted'), 'interrupted · coder');
  });
});

describe('what the radar shows', () => {
  it('names the other side and the file, and counts where there are several', () => {
    const now = state();
    const clash = (other: string | null, ...files: string[]) => ({ task: 'a', with: other, files });
    assert.equal(clashText([], now), undefined);
    assert.equal(clashText([clash('b', 'x.ts')], now), 'will conflict with “Task b”: x.ts');
    assert.equal(clashText([clash('b', 'x.ts'), clash(null, 'x.ts')], now), 'will conflict with “Task b” and your edits: x.ts');
    const many = [clash('b', 'x.ts'), clash('c', 'y.ts'), clash(null, 'z.ts')];
    assert.equal(clashText(many, now), 'will conflict with 3 others: 3 files');
  });
});

describe('a stale premise in words', () => {
  const stale = (held: boolean): Happening => ({ type: 'task.stale', task: 'a', files: [{ path: 'x.ts', by: null }], held });
  const worked: Happening = { type: 'task.done', task: 'a', summary: '', changeset: 'd', changes: [] };
  const rowOf = (now: RunState) => {
    const found = now.tasks.get('a');
    assert.ok(found !== undefined);
    return taskText(found, now, 'running', 0);
  };

  it('says that a task waits, or has landed all the same', () => {
    assert.equal(rowOf(state(begun('a'), worked, stale(true))), 'waits for you: x.ts was changed meanwhile · coder');
    const landed: Happening = { type: 'task.landed', task: 'a', before: '1', after: '2' };
    assert.match(rowOf(state(begun('a'), worked, stale(false), landed)), /^landed · though x\.ts was changed meanwhile · /);
    assert.equal(waitsForPerson(state(begun('a'), worked, stale(true))), true);
  });
});

describe('the text of a run', () => {
  it('counts what landed and what did not', () => {
    assert.equal(runText(state(begun('a')), 'running', 12_000), '0/3 landed · 10 s');
    const mixed = state(begun('a'), done('a'), landed('a'), begun('b'), done('b'), conflicted('b'));
    assert.equal(runText(mixed, 'running', 12_000), '1/3 landed · 1 conflict');
    assert.equal(runText(state(begun('b'), begun('a'), done('a'), conflicted('a')), 'running', 12_000), '0/3 landed · 1 conflict · 10 s');
    assert.equal(runText(mixed, 'interrupted', 12_000), 'interrupted · 1/3 landed · 1 conflict');
    const doomed = (task: string): Happening => ({ type: 'task.doomed', task, because: 'a' });
    const ended = state(failed('a'), doomed('c'), doomed('b'), { type: 'run.finished' });
    assert.equal(runText(ended, 'finished', 99_000), '0/3 landed · 1 failed · 2 not started · 4.0 s');
  });

  it('says what keeps failing, of the run and of the task that waits for it, and that a run was out of time', () => {
    const breaker = (now: 'open' | 'closed'): Happening => ({
      type: 'run.breaker',
      key: 'coder@scripted:sample',
      state: now,
      why: 'No.',
      waitMs: 0,
    });
    const broken = state(begun('b'), breaker('open'));
    assert.equal(runText(broken, 'running', 12_000), '0/3 landed · coder@scripted:sample keeps failing · 10 s');
    const textOf = (now: RunState, id: string) => taskText(now.tasks.get(id) as TaskState, now, 'running', 0);
    assert.equal(textOf(broken, 'a'), 'waiting: coder@scripted:sample keeps failing · coder');
    assert.equal(textOf(broken, 'c'), 'waiting for “Task a”, “Task b” · coder');
    assert.match(
      brokenText('coder@m', { state: 'given-up', why: 'No.', since: 0, waitMs: 0 }),
      /^coder@m keeps failing\. None starts any more\. The last failure: No\.$/,
    );
    assert.equal(runText(state(begun('b'), breaker('open'), breaker('closed')), 'running', 12_000), '0/3 landed · 10 s');
    const retrying: Happening = {
      type: 'task.retrying',
      task: 'a',
      failure: { kind: 'agent', message: '', fix: '' },
      draft: null,
      waitMs: 1,
      message: '',
    };
    assert.equal(textOf(state(begun('a'), retrying), 'a'), 'attempt 1 failed, trying again · coder');
    const stopped = (id: string): Happening => ({ type: 'task.stopped', task: id, draft: null });
    const late = state({ type: 'run.stopping', why: 'timeout' }, stopped('a'), stopped('b'), stopped('c'), { type: 'run.finished' });
    assert.equal(runText(late, 'finished', 12_000), 'out of time · 0/3 landed · 3 stopped · 5.0 s');
    assert.equal(finishedText(late), '0 of 3 tasks landed in 5.0 s; 3 stopped; it took longer than it may.');
  });

  it('says in a sentence how it ended', () => {
    const ended = state(
      begun('a'),
      done('a'),
      landed('a'),
      failed('b'),
      { type: 'task.doomed', task: 'c', because: 'b' },
      { type: 'run.finished' },
    );
    assert.equal(finishedText(ended), '1 of 3 tasks landed in 6.0 s; 1 failed; 1 not started.');
  });

  it('knows when only the person can go on', () => {
    const open = state(begun('a'), done('a'), conflicted('a'));
    assert.equal(waitsForPerson(open), true);
    assert.equal(waitsForPerson(state(begun('b'), begun('a'), done('a'), conflicted('a'))), false);
    assert.equal(waitsForPerson(state(begun('a'))), false);
  });
});

describe('texts of others', () => {
  it('are cut between words', () => {
    assert.equal(shortened('Finish the sample', 32), 'Finish the sample');
    assert.equal(shortened('Get the tea shop ready to open: search and more', 32), 'Get the tea shop ready to open…');
    assert.equal(shortened('a'.repeat(50), 10), `${'a'.repeat(10)}…`);
  });

  it('never come alive in Markdown', () => {
    assert.equal(escaped('[x](command:y) <b> `c` https://d.e'), '\\[x\\]\\(command\\:y\\) \\<b\\> \\`c\\` https\\:\\/\\/d\\.e');
    assert.equal(escaped('One word\n    two'), 'One word  \ntwo');
  });

  it('leaves nothing in a notification that VS Code would make a link of', () => {
    const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)/i;
    const planted = 'Undo [me](command:workbench.action.quit) and [](x) now';
    assert.match(planted, link);
    assert.doesNotMatch(withoutLinks(planted), link);
    assert.equal(withoutLinks(planted).replaceAll('\u2060', ''), planted);
  });
});

describe('the text of what was used', () => {
  it('names the cost, and says where it is not known', () => {
    assert.equal(usageText({ usd: 0.0652, tokens: 12_345, unpriced: 0 }), '12,345 tokens, $0.0652');
    assert.equal(usageText({ usd: 0, tokens: 12_345, unpriced: 12_345 }), '12,345 tokens, cost unknown');
    assert.equal(usageText({ usd: 1, tokens: 12_345, unpriced: 345 }), '12,345 tokens, at least $1.00');
  });

  it('is in the row of a run, and says when its budget is used up, and who answers for a model that fails', () => {
    const turn: Happening = {
      type: 'task.turn',
      task: 'a',
      usage: { input: 1_000_000, output: 0, cacheRead: 0, cacheWrite: 0 },
      model: 'claude-opus-5',
    };
    const out: Happening = { type: 'run.outOfBudget', spent: { usd: 5 } };
    const parked: Happening = { type: 'task.parked', task: 'a', failure: fail('budget', 'It is used up.').failure, draft: 'd' };
    const instead: Happening = { type: 'run.fallback', model: 'm1', by: 'm2', why: '503' };
    const poor = state(begun('a'), turn, out, parked, instead);
    assert.equal(runText(poor, 'running', 9000), '0/3 landed · out of budget · m2 for m1 · $5.00');
    assert.equal(waitsForPerson(poor), true);
    const textOf = (now: RunState, id: string) => taskText(now.tasks.get(id) as TaskState, now, 'running', 0);
    assert.equal(textOf(poor, 'a'), 'out of budget, goes on with more · coder');
    assert.equal(textOf(poor, 'b'), 'waiting for more budget · coder');
    const rich = reduce(poor, { type: 'run.budgeted', budget: { usd: 20 }, at: 10_000 });
    assert.equal(textOf(rich, 'a'), 'waiting for a free agent · coder');
    assert.match(runText(rich, 'running', 9000), /^0\/3 landed · m2 for m1 · \$5\.00/);
  });
});

describe('what is said of a task and what was made for it', () => {
  const made = (id: string, dependsOn: string[] = []): Happening => ({
    type: 'task.added',
    task: id,
    definition: { ...task(id, dependsOn), role: 'coder', writes: [], context: [] },
    origin: { kind: 'child', parent: 'a', name: id },
  });
  const candidate = (id: string, model = 'scripted:sample'): Happening => ({
    type: 'task.added',
    task: id,
    definition: { ...task(id), role: 'coder', writes: [], context: [], model },
    origin: { kind: 'candidate', parent: 'b' },
  });
  const awaiting = (id: string, ...children: string[]): Happening => ({ type: 'task.awaiting', task: id, children, draft: null });

  it('counts what agents spawned apart from what the person planned', () => {
    const now = state(
      begun('a'),
      made('a.1'),
      made('a.2', ['a.1']),
      made('a.3', ['a.1']),
      awaiting('a', 'a.1', 'a.2', 'a.3'),
      begun('a.1'),
      done('a.1'),
      { type: 'task.joined', task: 'a.1', before: 'x', after: 'y', conflicts: [{ path: 'src/a.ts', stands: 'both' }] },
      begun('a.2'),
      failed('a.2'),
    );
    assert.equal(runText(now, 'running', 12_000), '0/3 landed · 1/3 parts done · 10 s');
    assert.equal(textOf(now, 'a'), 'waiting for 1 part · coder');
    assert.equal(textOf(now, 'a', 'interrupted'), 'interrupted · coder');
    assert.equal(textOf(now, 'a.1'), 'joined, with a conflict in src/a.ts · 1.0 s · coder');
    assert.equal(textOf(now, 'a.3'), 'waiting for a free agent · coder');
    assert.equal(finishedText({ ...now, endedAt: 17_000 }), '0 of 3 tasks landed in 17 s.');
  });

  it('says who is at it where several race, and who was chosen', () => {
    const racing = [candidate('b.1'), candidate('b.2', 'other'), awaiting('b', 'b.1', 'b.2'), begun('b.1'), begun('b.2')];
    assert.equal(textOf(state(...racing), 'b'), '2 agents at it · coder');
    const chosen = state(...racing, done('b.2'), { type: 'task.chosen', task: 'b', candidate: 'b.2' });
    assert.equal(textOf(chosen, 'b.2'), 'chosen · 1.0 s · coder · other');
    assert.equal(textOf(state(...racing, done('b.2')), 'b.2'), 'done · 1.0 s · coder · other');
    assert.equal(runText(chosen, 'running', 12_000), '0/3 landed · 10 s');
  });
});
