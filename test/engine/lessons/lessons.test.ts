/** What a run learned, from its events, and how that is kept around what the person types. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../../src/domain/event';
import { LESSONS_FILE } from '../../../src/domain/lessons';
import { type RunState, reduce } from '../../../src/domain/run';
import { lessonsOf } from '../../../src/engine/lessons/distill';
import { keepLessons } from '../../../src/engine/lessons/keep';
import { editor } from '../../support/editor';
import { failed, NEVER, valued } from '../../support/result';
import { conflictOf, planOf, startOf } from '../../support/run';
import { sandbox } from '../../support/sandbox';

type Bare = RunEvent extends infer One ? (One extends RunEvent ? Omit<One, 'at'> : never) : never;

const between = (oursBy: string) => {
  const conflict = conflictOf('src/a.ts');
  return { ...conflict, files: conflict.files.map((file) => ({ ...file, oursBy })) };
};

function learned(...happenings: Bare[]): string[] {
  const events = [startOf(planOf({ a: [], b: [] })), ...happenings].map((one, at): RunEvent => ({ ...one, at }) as RunEvent);
  const state = events.reduce<RunState | undefined>(reduce, undefined);
  assert.ok(state !== undefined);
  return lessonsOf(state, events);
}

const entry = { mode: '100644' as const, blob: 'x' };
const change = { path: 'src/a.ts', before: null, after: entry };
const started = (task: string): Bare => ({ type: 'task.started', task, base: 'c0' });
const done = (task: string, summary: string): Bare => ({ type: 'task.done', task, summary, changeset: 'c1', changes: [change] });
const checking = (task: string): Bare => ({ type: 'task.checking', task, commands: ['npm test'], together: [] });
const checked = (task: string, ok: boolean, output: string): Bare => ({
  type: 'task.checked',
  task,
  ok,
  command: 'npm test',
  exitCode: ok ? 0 : 1,
  timedOut: false,
  output,
  milliseconds: 1,
  onTopOf: [],
});
const landed = (task: string): Bare => ({ type: 'task.landed', task, before: 'c0', after: 'c2' });
const failure = (kind: 'agent' | 'auth', message: string) => ({ kind, message, fix: 'Do something.' });

describe('what a run learned', () => {
  it('is nothing where nothing went wrong', () => {
    assert.deepEqual(learned(started('a'), done('a', 'Did it.'), checking('a'), checked('a', true, ''), landed('a')), []);
  });

  it('is what turned red, and how it was mended', () => {
    const again: Bare = { type: 'task.reworked', task: 'a', why: 'check', next: { base: 'c0', draft: 'c1', message: 'Red.' } };
    const output = '> test\n\nok 1\nAssertionError: 1 !== 2\n  at x\n';
    assert.deepEqual(
      learned(
        started('a'),
        done('a', 'Did it.'),
        checking('a'),
        checked('a', false, output),
        again,
        started('a'),
        done('a', 'The second argument was missing. I also renamed it.'),
        checking('a'),
        checked('a', true, ''),
        landed('a'),
      ),
      ['`npm test` turned red after “Task a” (AssertionError: 1 !== 2). Mended so: The second argument was missing. (coder: src/a.ts)'],
    );
  });

  it('is what agents failed at, and not what a key or a server did', () => {
    const retrying = (kind: 'agent' | 'auth', message: string): Bare => ({
      type: 'task.retrying',
      task: 'a',
      failure: failure(kind, message),
      draft: null,
      waitMs: 0,
      message: 'Again.',
    });
    assert.deepEqual(
      learned(started('a'), retrying('agent', 'It did not finish in 200 turns.'), started('a'), done('a', 'Split it.'), landed('a')),
      ['An agent failed at “Task a”: It did not finish in 200 turns. Mended so: Split it. (coder: src/a.ts)'],
    );
    assert.deepEqual(learned(started('a'), { type: 'task.failed', task: 'a', failure: failure('auth', 'No key.'), draft: null }), []);
    assert.deepEqual(learned(started('a'), { type: 'task.failed', task: 'a', failure: failure('agent', 'It gave up.'), draft: null }), [
      '“Task a” failed: It gave up. (coder)',
    ]);
  });

  it('is which tasks should have waited for each other', () => {
    const stale: Bare = { type: 'task.stale', task: 'a', files: [{ path: 'src/b.ts', by: 'b' }], held: false };
    const conflict: Bare = { type: 'task.conflicted', task: 'b', conflict: between('Task a') };
    const edits: Bare = { type: 'task.conflicted', task: 'b', conflict: between('Your edits') };
    assert.deepEqual(learned(started('a'), started('b'), done('a', 'A.'), done('b', 'B.'), stale, conflict), [
      'While “Task a” was worked on, “Task b” changed src/b.ts, which it rested on: let such a task depend on the other.',
      '“Task b” and “Task a” changed the same lines of src/a.ts: let one of such tasks depend on the other.',
    ]);
    const own: Bare = { type: 'task.stale', task: 'a', files: [{ path: 'src/b.ts', by: null }], held: false };
    assert.deepEqual(learned(started('a'), started('b'), done('a', 'A.'), done('b', 'B.'), own, edits), []);
  });

  it('is what the person did not allow', () => {
    const asked: Bare = {
      type: 'inbox.asked',
      item: 'i1',
      key: 'k',
      by: null,
      draft: null,
      ask: { kind: 'command', command: 'npm publish', folder: '/x' },
      seconds: null,
    };
    const denied: Bare = { type: 'inbox.answered', item: 'i1', answer: { kind: 'denied', reason: 'Never from here' } };
    assert.deepEqual(learned(asked, denied), ['The person did not allow `npm publish` (“Never from here.”): do without it.']);
  });
});

describe('lessons that are kept', () => {
  it('are added to what is typed and not saved, which stays unsaved', async () => {
    const { root, repo } = await sandbox({ [LESSONS_FILE]: '- Saved.\n' });
    const workspace = editor(root);
    workspace.buffers.set(LESSONS_FILE, '- Saved.\n- Typed.\n');
    valued(await keepLessons(repo, workspace, ['Learned.', 'Typed.'], NEVER));
    assert.equal(workspace.buffers.get(LESSONS_FILE), '- Saved.\n- Typed.\n- Learned.\n');
    assert.equal(readFileSync(join(root, LESSONS_FILE), 'utf8'), '- Saved.\n');
  });

  it('make the file where there is none, and begin again where somebody types meanwhile', async () => {
    const { root, repo } = await sandbox({ a: 'a\n' });
    const workspace = editor(root);
    valued(await keepLessons(repo, workspace, ['Learned.'], NEVER));
    assert.match(readFileSync(join(root, LESSONS_FILE), 'utf8'), /^# Lessons\n[^-]+\n- Learned\.\n$/);
    workspace.buffers.set(LESSONS_FILE, '- Learned.\n');
    workspace.meanwhile = () => {
      workspace.buffers.set(LESSONS_FILE, '- Learned.\n- Typed.\n');
      workspace.meanwhile = () => undefined;
    };
    valued(await keepLessons(repo, workspace, ['More.'], NEVER));
    assert.equal(workspace.buffers.get(LESSONS_FILE), '- Learned.\n- Typed.\n- More.\n');
  });

  it('are written through no link', async () => {
    const { root, repo } = await sandbox({ a: 'a\n', 'elsewhere/b': 'b\n' });
    symlinkSync('elsewhere', join(root, '.weft'));
    assert.match(failed(await keepLessons(repo, editor(root), ['Learned.'], NEVER)).message, /lies behind the link \.weft/);
    assert.equal(existsSync(join(root, 'elsewhere/lessons.md')), false);
  });
});
