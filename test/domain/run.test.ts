/** The state of a run: what each event makes of it, and that an event that cannot happen is a bug. */
import assert from 'node:assert/strict';
import type { Conflict } from '../../src/domain/changes';
import { type Happening, parseEvent, type RunEvent } from '../../src/domain/event';
import { isComplete, type RunState, reduce } from '../../src/domain/run';
import { isDecided } from '../../src/domain/taskState';
import { NO_USAGE } from '../../src/domain/usage';

const task = (id: string, dependsOn: string[] = []) => ({
  id,
  title: `Task ${id}`,
  role: 'coder' as const,
  instructions: 'Do it.',
  dependsOn,
  writes: [],
  context: [],
});

const start: Happening = {
  type: 'run.started',
  version: 1,
  run: 'r1',
  root: '/work',
  plan: { goal: 'A goal', tasks: [task('a'), task('b', ['a'])] },
  model: 'scripted:x',
  maxWorkers: 2,
  snapshot: 's1',
  commit: 'c0',
  pid: 1,
  planning: NO_USAGE,
};
const failure = { kind: 'agent' as const, message: 'It failed.', fix: '' };
const file = { mode: '100644' as const, blob: 'x' };
const conflict: Conflict = {
  intent: 'land',
  ours: 'c1',
  tree: 't1',
  files: [
    { path: 'one', base: file, ours: file, theirs: file, oursBy: 'Your edits' },
    { path: 'two', base: file, ours: file, theirs: null, oursBy: 'Your edits' },
  ],
};
const done: Happening = { type: 'task.done', task: 'a', summary: 'Did it.', changeset: 'd1', changes: [] };
const started: Happening = { type: 'task.started', task: 'a', base: 'c0' };
const landed: Happening = { type: 'task.landed', task: 'a', before: 'c0', after: 'c1' };
const undone: Happening = { type: 'task.undone', task: 'a', before: 'c1', after: 'c2' };
const redone: Happening = { type: 'task.redone', task: 'a', before: 'c2', after: 'c3' };
const part = { path: 'one', from: null, hunk: null };
const partUndone: Happening = { type: 'task.partUndone', task: 'a', part, before: 'c4', after: 'c5' };
const partRedone: Happening = { type: 'task.partRedone', task: 'a', part, before: 'c5', after: 'c6' };
const kept: Happening = { type: 'task.kept', task: 'a' };
const conflicted: Happening = { type: 'task.conflicted', task: 'a', conflict };
const undoing: Happening = { ...conflicted, conflict: { ...conflict, intent: 'undo' } };
const redoing: Happening = { ...conflicted, conflict: { ...conflict, intent: 'redo' } };
const stopped: Happening = { type: 'task.stopped', task: 'a', draft: 'd2' };
const failing: Happening = { type: 'task.failed', task: 'a', failure, draft: 'd3' };
const doomed: Happening = { type: 'task.doomed', task: 'a', because: 'b' };
const checking: Happening = { type: 'task.checking', task: 'a', commands: ['npm test'], together: ['b'] };
const verdict = { ok: false, command: 'npm test', exitCode: 1, timedOut: false, output: 'one failed', milliseconds: 5 };
const checked: Happening = { type: 'task.checked', task: 'a', ...verdict, onTopOf: ['b'] };
const step: Happening = { type: 'task.step', task: 'a', step: 'Reading a.ts' };
const turn: Happening = { type: 'task.turn', task: 'a', usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 } };
const resolved: Happening = { type: 'task.resolved', task: 'a', path: 'one', entry: file };

const retrying: Happening = { type: 'task.retrying', task: 'a', failure, draft: null, waitMs: 0, message: 'Again.' };
const parked: Happening = { type: 'task.parked', task: 'a', failure, draft: null };
const switchedTo: Happening = { type: 'task.switched', task: 'a', as: { role: 'docs', model: 'm2' } };
const reused: Happening = { ...done, type: 'task.reused', from: { run: 'r0', task: 'a' }, base: 'c0' };
const held: Happening = { type: 'task.stale', task: 'a', files: [{ path: 'x', by: null }], held: true };
const reworked: Happening = { type: 'task.reworked', task: 'a', why: 'check' };
const again: Happening = { type: 'task.again', task: 'a' };
const ask = { kind: 'question' as const, question: 'Which?', options: [] };
const asked: Happening = { type: 'inbox.asked', item: '1', key: 'k', by: { task: 'a', call: 'q' }, draft: null, ask, seconds: null };
const added: Happening = { type: 'task.added', task: 'a.1', definition: task('a.1'), origin: { kind: 'child', parent: 'a' } };
const awaiting: Happening = { type: 'task.awaiting', task: 'a', children: ['a.1'], draft: null };

function events(...happenings: Happening[]): RunEvent[] {
  return happenings.map((happening, at) => ({ ...happening, at: 100 + at }));
}

function state(...happenings: Happening[]): RunState {
  const folded = events(start, ...happenings).reduce<RunState | undefined>(reduce, undefined);
  assert.ok(folded !== undefined);
  return folded;
}

const stageOf = (run: RunState) => run.tasks.get('a')?.stage.kind;

describe('the state of a run', () => {
  it('tells an agent’s work, from its start to its landing', () => {
    const run = state(started, step, turn, turn, done, landed);
    assert.deepEqual(run.tasks.get('a'), {
      task: task('a'),
      origin: { kind: 'plan' },
      depth: 0,
      stage: { kind: 'landed' },
      work: {
        base: 'c0',
        changeset: 'd1',
        changes: [],
        reads: [],
        looks: null,
        told: null,
        stale: [],
        reworks: { stale: 0, check: 0 },
        failures: [],
        as: null,
        next: null,
        interrupted: false,
        parked: null,
        byOthers: new Map(),
        reused: null,
        summary: 'Did it.',
        step: '',
        usage: { input: 2, output: 4, cacheRead: 6, cacheWrite: 8 },
        turns: 2,
        startedAt: 101,
        endedAt: 105,
        workedMs: 4,
        workingSince: 0,
      },
      landing: { before: 'c0', after: 'c1' },
      undone: null,
      parts: [],
      settlements: [],
      order: 1,
      check: null,
    });
    assert.deepEqual(run.tasks.get('b')?.stage, { kind: 'waiting' });
    assert.deepEqual([...run.tasks.keys()], ['a', 'b']);
  });

  it('is a task’s own work again, and no longer that of an earlier run, once its agent goes on from what was taken over', () => {
    const ofWhom = (...happenings: Happening[]) => state(...happenings).tasks.get('a')?.work.reused;
    assert.deepEqual(ofWhom(reused, reworked), { run: 'r0', task: 'a' });
    assert.equal(ofWhom(reused, reworked, { ...started, draft: 'd1' }), null);
  });

  it('keeps what a task cost when it goes back to its agent, and what that agent read last', () => {
    const read = (path: string) => ({ reads: [{ path, blob: 'x' }] });
    const reworked: Happening = { type: 'task.reworked', task: 'a', why: 'stale' };
    const waiting = state(started, turn, { ...done, ...read('one') }, reworked);
    assert.deepEqual([stageOf(waiting), waiting.tasks.get('a')?.work.changeset], ['waiting', 'd1']);
    const again: Happening = { type: 'task.started', task: 'a', base: 'c5', draft: 'd5' };
    const { work } =
      state(started, turn, { ...done, ...read('one') }, reworked, again, turn, { ...failing, ...read('two') }).tasks.get('a') ?? {};
    assert.deepEqual(
      {
        base: work?.base,
        changeset: work?.changeset,
        reads: work?.reads,
        reworks: work?.reworks,
        turns: work?.turns,
        startedAt: work?.startedAt,
      },
      { base: 'c5', changeset: 'd3', ...read('two'), reworks: { stale: 1, check: 0 }, turns: 2, startedAt: 101 },
    );
  });

  it('tells the last check of a task, while it goes on and when it has ended', () => {
    assert.deepEqual(state(started, done, checking).tasks.get('a')?.check, { kind: 'running', commands: ['npm test'] });
    assert.deepEqual(state(started, done, checking, checked).tasks.get('a')?.check, { kind: 'ended', ...verdict });
  });

  it('keeps the draft of whatever did not land', () => {
    assert.equal(state(started, failing).tasks.get('a')?.work.changeset, 'd3');
    assert.equal(state(started, stopped).tasks.get('a')?.work.changeset, 'd2');
    assert.equal(state(started, done, { ...failing, draft: null }).tasks.get('a')?.work.changeset, 'd1');
    assert.equal(state(started, done, { ...stopped, draft: null }).tasks.get('a')?.work.endedAt, 102);
  });

  it('knows when a conflict is decided: when all of its files are, deletion included', () => {
    const one = state(started, done, conflicted, resolved).tasks.get('a')?.stage;
    const both = state(started, done, conflicted, resolved, { ...resolved, path: 'two', entry: null }).tasks.get('a')?.stage;
    assert.ok(one !== undefined && both !== undefined);
    assert.deepEqual([isDecided(one), isDecided(both)], [false, true]);
    const again = state(started, done, conflicted, resolved, conflicted).tasks.get('a')?.stage;
    assert.ok(again?.kind === 'conflicted');
    assert.equal(again.resolved.size, 0);
  });

  it('takes a redo for the landing that the next undo takes back, unless parts of the landing were left out', () => {
    const task = (...happenings: Happening[]) => state(started, done, landed, ...happenings).tasks.get('a');
    assert.deepEqual(task(undone)?.undone, { before: 'c1', after: 'c2' });
    assert.deepEqual(task(undone, redone)?.landing, { before: 'c2', after: 'c3' });
    const left = task(partUndone, undone, redone);
    assert.deepEqual([left?.landing, left?.parts], [{ before: 'c0', after: 'c1' }, [{ part, before: 'c4', after: 'c5' }]]);
    assert.deepEqual(task(partUndone, partRedone)?.parts, []);
    assert.deepEqual(task(partUndone, undone, landed)?.parts, []);
  });

  it('leaves a task where it was when its undo or redo in conflict did not happen', () => {
    const reversal = (intent: 'undo' | 'redo'): Happening => ({ ...conflicted, conflict: { ...conflict, intent } });
    assert.equal(stageOf(state(started, done, landed, reversal('undo'), kept)), 'landed');
    assert.equal(stageOf(state(started, done, landed, undone, reversal('redo'), kept)), 'undone');
    assert.throws(() => state(started, done, conflicted, kept), /task.kept is not possible: the task is conflicted/);
    // As journals said it before there was that event.
    const run = state(started, done, landed, partUndone, reversal('undo'), landed).tasks.get('a');
    assert.deepEqual([run?.stage.kind, run?.parts.length], ['landed', 1]);
  });

  it('is complete when every task has landed and none was taken back', () => {
    assert.equal(isComplete(state(started, done, landed)), false);
    const b: Happening[] = [
      { ...started, task: 'b' },
      { ...done, task: 'b' },
      { ...landed, task: 'b' },
    ];
    assert.equal(isComplete(state(started, done, landed, ...b)), true);
    assert.equal(isComplete(state(started, done, landed, ...b, undone)), false);
  });

  it('does not change the state that it began from', () => {
    const before = state(started);
    const plain = (run: RunState) => structuredClone({ ...run, tasks: [...run.tasks] });
    const copy = plain(before);
    reduce(before, { ...done, at: 500 });
    assert.deepEqual(plain(before), copy);
  });

  it('is the same when its events come back from the journal', () => {
    const all = events(
      start,
      started,
      step,
      turn,
      done,
      checking,
      checked,
      conflicted,
      resolved,
      landed,
      undone,
      { type: 'run.stopping' },
      { type: 'run.finished' },
    );
    const read = all.map((event) => parseEvent(JSON.stringify(event)));
    assert.deepEqual(read, all);
  });
});

describe('an event', () => {
  const ways: Record<string, Happening[]> = {
    waiting: [],
    running: [started],
    done: [started, done],
    conflicted: [started, done, conflicted],
    landed: [started, done, landed],
    undone: [started, done, landed, undone],
    undoing: [started, done, landed, undoing],
    redoing: [started, done, landed, undone, redoing],
    failed: [started, failing],
    stopped: [started, stopped],
    doomed: [doomed],
    held: [started, done, held],
    asking: [started, asked],
    awaiting: [started, added, awaiting],
  };
  /** In which stages each event may come, and which stage it leads to. */
  const rules: [Happening, string[], string][] = [
    [started, ['waiting', 'awaiting', 'asking'], 'running'],
    [step, ['running'], 'running'],
    [turn, ['running', 'awaiting', 'asking'], 'the same'],
    [asked, ['running'], 'asking'],
    [retrying, ['running', 'awaiting', 'asking'], 'waiting'],
    [parked, ['running'], 'waiting'],
    [switchedTo, ['waiting'], 'waiting'],
    [reused, ['waiting'], 'done'],
    [done, ['running'], 'done'],
    [held, ['done'], 'held'],
    [reworked, ['done', 'held'], 'waiting'],
    [again, ['waiting', 'failed', 'stopped', 'doomed'], 'waiting'],
    [checking, ['done'], 'done'],
    [checked, ['done'], 'done'],
    [landed, ['done', 'held', 'conflicted', 'failed', 'stopped', 'undone', 'undoing', 'redoing'], 'landed'],
    [conflicted, ['done', 'held', 'conflicted', 'failed', 'stopped'], 'conflicted'],
    [undoing, ['landed', 'undoing'], 'conflicted'],
    [redoing, ['undone', 'redoing'], 'conflicted'],
    [resolved, ['conflicted', 'undoing', 'redoing'], 'conflicted'],
    [undone, ['landed', 'undoing'], 'undone'],
    [redone, ['undone', 'redoing'], 'landed'],
    [partUndone, ['landed', 'undoing'], 'landed'],
    [partRedone, ['landed', 'undoing'], 'landed'],
    [failing, ['waiting', 'running', 'awaiting', 'asking', 'done', 'held', 'conflicted', 'failed', 'stopped'], 'failed'],
    [stopped, ['waiting', 'running', 'awaiting', 'asking', 'done', 'held', 'conflicted'], 'stopped'],
    [doomed, ['waiting'], 'doomed'],
  ];
  for (const [happening, allowed, to] of rules) {
    const of = happening.type === 'task.conflicted' ? ` over ${happening.conflict.intent}` : '';
    it(`${happening.type}${of} is possible where it makes sense, and throws elsewhere`, () => {
      for (const [stage, way] of Object.entries(ways)) {
        const before = state(...way);
        const kind = stage === 'undoing' || stage === 'redoing' ? 'conflicted' : stage;
        assert.equal(stageOf(before), kind);
        if (allowed.includes(stage)) assert.equal(stageOf(reduce(before, { ...happening, at: 999 })), to === 'the same' ? kind : to, stage);
        else
          assert.throws(
            () => reduce(before, { ...happening, at: 999 }),
            new RegExp(`${happening.type} is not possible: (the task is ${kind}|it has landed)`),
          );
      }
    });
  }

  it('of a run that has not begun, of a second beginning, or of an unknown task, throws', () => {
    assert.throws(() => reduce(undefined, { ...started, at: 1 }), /the run has not started/);
    assert.throws(() => reduce(state(), { ...start, at: 1 } as RunEvent), /the run has started already/);
    assert.throws(() => reduce(state(), { ...started, task: 'nobody', at: 1 }), /there is no task nobody/);
  });

  it('that a line of a journal does not hold whole is none', () => {
    const line = JSON.stringify({ ...started, at: 1 });
    assert.deepEqual(parseEvent(line), { ...started, at: 1 });
    for (const bad of [line.slice(0, -2), '', 'null', '[]', '{"type":"task.started","task":"a","base":"c0"}', '{"type":"later","at":1}']) {
      assert.equal(parseEvent(bad), undefined, bad);
    }
  });
});
