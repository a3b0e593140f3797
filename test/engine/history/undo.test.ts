/** Undo and redo of a run, a task, a file and a hunk, as the run's record tells them. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { ok } from '../../../src/domain/failure';
import { callOff } from '../../../src/engine/history/callOff';
import { rollBackTo } from '../../../src/engine/history/rollback';
import { reverse, type Target } from '../../../src/engine/history/undo';
import { readState } from '../../../src/engine/journal/record';
import { landPortsOf, landTask, resolveFile } from '../../../src/engine/landing/landing';
import { conflictFolder, resolvedEntry, writeConflictFiles } from '../../../src/repo/land/conflictFiles';
import { findSnapshot } from '../../../src/repo/snapshot/snapshot';
import { finished, lines } from '../../support/finished';
import { failed, NEVER, valued } from '../../support/result';
import { type Rig, rig } from '../../support/run';
import { folderState, git, put } from '../../support/sandbox';

const act = (box: Rig, intent: 'undo' | 'redo', target: Target) =>
  reverse(box.run.record, landPortsOf(box.run.record, box), { intent, target }, NEVER);
const undo = (box: Rig, target: Target) => act(box, 'undo', target);
const redo = (box: Rig, target: Target) => act(box, 'redo', target);
const RUN: Target = { of: 'run' };
const task = (id: string): Target => ({ of: 'task', task: id });
const file = (id: string, path: string): Target => ({ of: 'part', task: id, path, hunk: null });
const hunk = (id: string, path: string, number: number): Target => ({ of: 'part', task: id, path, hunk: number });

async function landed(done: ReturnType<typeof reverse>): Promise<void> {
  assert.equal(valued(await done).kind, 'landed');
}

/** Decides the only file in conflict of a task, and lands it. */
async function decide(box: Rig, id: string, text: string): Promise<void> {
  const stage = box.run.record.state.tasks.get(id)?.stage;
  const [only] = stage?.kind === 'conflicted' ? stage.conflict.files : [];
  assert.ok(only !== undefined);
  resolveFile(box.run.record, id, only.path, valued(await resolvedEntry(box.repo, only, Buffer.from(text))));
  valued(await landTask(box.run.record, landPortsOf(box.run.record, box), id, NEVER));
}

/** What the journal says must be what the record holds. */
function assertKept(box: Rig): void {
  assert.deepEqual(valued(readState(box.repo.stateDir, box.run.id)), box.run.record.state);
}

describe('undoing a file of a task', () => {
  it('takes back that file alone, and a redo brings it back with all that came between', async () => {
    const box = await finished({ x: lines(), y: 'y\n' }, { a: { x: lines({ 2: 'A' }), y: 'A\n', new: 'A\n' } });
    put(box.root, 'x', lines({ 2: 'A', 18: 'person' }));
    await landed(undo(box, file('a', 'x')));
    assert.deepEqual(folderState(box.root), { x: `file ${lines({ 18: 'person' })}`, y: 'file A\n', new: 'file A\n' });
    assert.deepEqual(box.stages(), { a: 'landed' });
    put(box.root, 'x', lines({ 10: 'more', 18: 'person' }));
    await landed(redo(box, file('a', 'x')));
    assert.equal(folderState(box.root)['x'], `file ${lines({ 2: 'A', 10: 'more', 18: 'person' })}`);
    assert.deepEqual(box.run.record.state.tasks.get('a')?.parts, []);
    assertKept(box);
  });

  it('that was added, deleted or renamed puts the file back as it was', async () => {
    const before = { gone: 'gone\n', old: lines() };
    const box = await finished(before, { a: { gone: null, old: null, 'dir/new': lines({ 3: 'A' }), fresh: 'A\n' } });
    await landed(undo(box, file('a', 'gone')));
    await landed(undo(box, file('a', 'fresh')));
    assert.deepEqual(Object.keys(folderState(box.root)).sort(), ['dir/new', 'gone']);
    await landed(undo(box, file('a', 'old')));
    assert.deepEqual(folderState(box.root), { gone: 'file gone\n', old: `file ${lines()}` });
    await landed(redo(box, file('a', 'dir/new')));
    assert.deepEqual(folderState(box.root), { gone: 'file gone\n', 'dir/new': `file ${lines({ 3: 'A' })}` });
  });

  it('is refused by name where there is nothing to undo', async () => {
    const box = await finished({ x: 'x\n' }, { a: { x: 'A\n' } });
    assert.equal(failed(await undo(box, file('a', 'y'))).message, '“Task a”: y was not changed there.');
    assert.equal(failed(await redo(box, file('a', 'x'))).message, '“Task a”: x is not undone.');
    await landed(undo(box, file('a', 'x')));
    assert.equal(failed(await undo(box, file('a', 'x'))).message, '“Task a”: x is undone already.');
    assert.equal(failed(await undo(box, hunk('a', 'x', 1))).message, '“Task a”: x is undone already.');
  });
});

describe('undoing a hunk', () => {
  it('takes back its lines alone, however near the next ones are, and in any order', async () => {
    const all = { 2: 'A', 4: 'B', 6: null, 12: 'C\nD' };
    const box = await finished({ x: lines() }, { a: { x: lines(all) } });
    const shows = (changed: Parameters<typeof lines>[0]) => assert.equal(folderState(box.root)['x'], `file ${lines(changed)}`);
    await landed(undo(box, hunk('a', 'x', 2)));
    shows({ 2: 'A', 6: null, 12: 'C\nD' });
    await landed(undo(box, hunk('a', 'x', 3)));
    shows({ 2: 'A', 12: 'C\nD' });
    await landed(undo(box, hunk('a', 'x', 1)));
    shows({ 12: 'C\nD' });
    await landed(redo(box, hunk('a', 'x', 2)));
    shows({ 4: 'B', 12: 'C\nD' });
    await landed(undo(box, hunk('a', 'x', 4)));
    shows({ 4: 'B' });
    for (const number of [4, 1, 3]) await landed(redo(box, hunk('a', 'x', number)));
    shows(all);
    assert.deepEqual(box.run.record.state.tasks.get('a')?.parts, []);
    assertKept(box);
  });

  it('keeps bytes that are no UTF-8, other line ends, and a last line without an end', async () => {
    const before = Buffer.from('caf\xe9\r\ntwo\r\nthree\r\nfour', 'latin1');
    const box = await finished({ x: before, '.gitattributes': '* -text\n' }, { a: { y: 'y' } });
    const after = Buffer.from('caf\xe9!\r\ntwo\r\nthree\r\nfour\r\nfive', 'latin1');
    put(box.root, 'x', after);
    const next = await finished({ x: before, '.gitattributes': '* -text\n' }, { a: { x: after.toString('latin1') } });
    const shown = () => Buffer.from((folderState(next.root)['x'] ?? '').slice('file '.length));
    assert.ok(shown().length > 0);
    await landed(undo(next, hunk('a', 'x', 2)));
    assert.match(shown().toString(), /three\r\nfour$/);
    await landed(undo(next, hunk('a', 'x', 1)));
    assert.deepEqual(folderState(next.root)['x'], (await sandboxed(before))['x']);
  });

  it('then the task leaves nothing, and a redo of the task leaves out what was taken back before', async () => {
    const box = await finished({ x: lines() }, { a: { x: lines({ 2: 'A', 12: 'C' }), y: 'A\n' } });
    await landed(undo(box, hunk('a', 'x', 2)));
    put(box.root, 'x', lines({ 2: 'A', 12: 'person' }));
    await landed(undo(box, task('a')));
    assert.deepEqual(folderState(box.root), { x: `file ${lines({ 12: 'person' })}` });
    assert.deepEqual(box.stages(), { a: 'undone' });
    assert.equal(failed(await redo(box, hunk('a', 'x', 2))).message, '“Task a” is not in the workspace (it is undone).');
    await landed(redo(box, task('a')));
    assert.deepEqual(folderState(box.root), { x: `file ${lines({ 2: 'A', 12: 'person' })}`, y: 'file A\n' });
    await landed(undo(box, task('a')));
    assert.deepEqual(folderState(box.root), { x: `file ${lines({ 12: 'person' })}` });
    assertKept(box);
  });

  it('is a conflict where the person wrote over it, which leaves the task landed when it fails or is decided', async () => {
    const box = await finished({ x: lines() }, { a: { x: lines({ 2: 'A', 12: 'C' }) } });
    put(box.root, 'x', lines({ 2: 'person', 12: 'C' }));
    const conflict = valued(await undo(box, hunk('a', 'x', 1)));
    assert.ok(conflict.kind === 'conflict');
    assert.deepEqual([conflict.conflict.intent, conflict.conflict.part?.hunk?.number], ['undo', 1]);
    assert.deepEqual(box.stages(), { a: 'conflicted' });
    const [only] = conflict.conflict.files;
    assert.ok(only !== undefined);
    resolveFile(box.run.record, 'a', 'x', valued(await resolvedEntry(box.repo, only, Buffer.from('both'))));
    chmodSync(join(box.root, 'x'), 0o444);
    assert.equal(failed(await landTask(box.run.record, landPortsOf(box.run.record, box), 'a', NEVER)).message, 'x is read-only.');
    assert.deepEqual(box.stages(), { a: 'landed' });
    assert.deepEqual(box.run.record.state.tasks.get('a')?.parts, []);
    chmodSync(join(box.root, 'x'), 0o644);
    assert.equal(valued(await undo(box, hunk('a', 'x', 1))).kind, 'conflict');
    await decide(box, 'a', lines({ 2: 'person, decided', 12: 'C' }));
    assert.deepEqual(box.stages(), { a: 'landed' });
    assert.equal(box.run.record.state.tasks.get('a')?.parts.length, 1);
    await landed(redo(box, hunk('a', 'x', 1)));
    assert.equal(folderState(box.root)['x'], `file ${lines({ 2: 'person', 12: 'C' })}`);
    assertKept(box);
  });

  it('of a file that has none, or not so many, is refused', async () => {
    const box = await finished({ x: lines() }, { a: { x: lines({ 2: 'A' }), new: 'new\n' } });
    assert.deepEqual(failed(await undo(box, hunk('a', 'x', 2))), {
      kind: 'input',
      message: 'x of “Task a” has 1 hunk there.',
      fix: 'Give 1, or undo the whole file.',
    });
    assert.equal(failed(await undo(box, hunk('a', 'new', 1))).fix, 'Undo the whole file.');
  });
});

async function sandboxed(bytes: Buffer): Promise<Record<string, string>> {
  const box = await finished({ x: bytes }, { a: { y: 'y' } });
  return folderState(box.root);
}

describe('calling off', () => {
  const refs = (box: Rig) => git(box.root, 'for-each-ref', '--format=%(refname)', `${box.repo.refs}runs/${box.run.id}/conflicts`);
  const filesOf = (box: Rig, id: string) => conflictFolder(box.repo, box.run.id, id);

  /** An undo of `a` that is in conflict, with its files written. */
  async function inConflict(target: Target = task('a')): Promise<Rig> {
    const box = await finished({ x: lines(), y: 'y\n' }, { a: { x: lines({ 2: 'A' }), y: 'A\n' }, b: { z: 'b\n' } });
    put(box.root, 'x', lines({ 2: 'person' }));
    const conflict = valued(await undo(box, target));
    assert.ok(conflict.kind === 'conflict');
    valued(await writeConflictFiles(box.repo, { run: box.run.id, task: 'a', title: 'a', keep: true }, conflict.conflict));
    assert.ok(existsSync(filesOf(box, 'a')) && refs(box) !== '');
    return box;
  }

  it('an undo leaves task and workspace as they were, and its files and its ref go', async () => {
    for (const target of [task('a'), file('a', 'x'), RUN]) {
      const box = await inConflict(target);
      const before = folderState(box.root);
      valued(await callOff(box.run.record, box.repo, 'a', NEVER));
      assert.deepEqual(box.stages(), { a: 'landed', b: 'landed' });
      assert.deepEqual([folderState(box.root), existsSync(filesOf(box, 'a')), refs(box)], [before, false, '']);
      assertKept(box);
      // It can be undone as before.
      put(box.root, 'x', lines({ 2: 'A', 12: 'person' }));
      await landed(undo(box, target));
      assert.equal(folderState(box.root)['x'], `file ${lines({ 12: 'person' })}`);
    }
  });

  it('a redo leaves the task undone', async () => {
    const box = await finished({ x: 'old\n' }, { a: { x: 'a\n' } });
    await landed(undo(box, task('a')));
    put(box.root, 'x', 'person\n');
    assert.equal(valued(await redo(box, task('a'))).kind, 'conflict');
    valued(await callOff(box.run.record, box.repo, 'a', NEVER));
    assert.deepEqual([box.stages(), folderState(box.root)], [{ a: 'undone' }, { x: 'file person\n' }]);
    assertKept(box);
  });

  it('before what was decided could land has it not land', async () => {
    const box = await inConflict();
    const stage = box.run.record.state.tasks.get('a')?.stage;
    const [only] = stage?.kind === 'conflicted' ? stage.conflict.files : [];
    assert.ok(only !== undefined);
    resolveFile(box.run.record, 'a', 'x', valued(await resolvedEntry(box.repo, only, Buffer.from('decided'))));
    const before = folderState(box.root);
    // Whoever has the lock goes first.
    const { calledOff, landing } = valued(
      await box.repo.landLock(NEVER, async () =>
        ok({
          calledOff: callOff(box.run.record, box.repo, 'a', NEVER),
          landing: landTask(box.run.record, landPortsOf(box.run.record, box), 'a', NEVER),
        }),
      ),
    );
    valued(await calledOff);
    assert.equal(failed(await landing).kind, 'cancelled');
    assert.deepEqual([box.stages(), folderState(box.root)], [{ a: 'landed', b: 'landed' }, before]);
    assertKept(box);
  });

  it('is refused where no undo and no redo is in conflict', async () => {
    const box = await finished({ x: 'x\n' }, { a: { x: 'a\n' } });
    assert.deepEqual(failed(await callOff(box.run.record, box.repo, 'a', NEVER)), {
      kind: 'input',
      message: '“Task a” has no undo or redo to call off (it is landed).',
      fix: 'Only one that is in conflict can be called off.',
    });
    assert.match(failed(await callOff(box.run.record, box.repo, 'b', NEVER)).message, /has no task “b”\.$/);
  });
});

describe('redoing a task', () => {
  it('brings back what the undo took, though the undo was decided by hand, and can be undone again', async () => {
    const box = await finished({ x: 'old\n' }, { a: { x: 'a\n' }, b: { x: 'b\n' } });
    assert.equal(valued(await undo(box, task('a'))).kind, 'conflict');
    await decide(box, 'a', 'b, without a\n');
    put(box.root, 'y', 'person\n');
    await landed(redo(box, task('a')));
    assert.deepEqual(folderState(box.root), { x: 'file b\n', y: 'file person\n' });
    await landed(undo(box, task('a')));
    assert.deepEqual(folderState(box.root), { x: 'file b, without a\n', y: 'file person\n' });
    assertKept(box);
  });

  it('in conflict is decided, or stays undone when it fails', async () => {
    const box = await finished({ x: 'old\n' }, { a: { x: 'a\n' } });
    await landed(undo(box, task('a')));
    put(box.root, 'x', 'person\n');
    const conflict = valued(await redo(box, task('a')));
    assert.ok(conflict.kind === 'conflict' && conflict.conflict.intent === 'redo');
    resolveFile(box.run.record, 'a', 'x', null);
    chmodSync(join(box.root, 'x'), 0o444);
    assert.equal(failed(await landTask(box.run.record, landPortsOf(box.run.record, box), 'a', NEVER)).message, 'x is read-only.');
    assert.deepEqual(box.stages(), { a: 'undone' });
    chmodSync(join(box.root, 'x'), 0o644);
    assert.equal(valued(await redo(box, task('a'))).kind, 'conflict');
    await decide(box, 'a', 'person and a\n');
    assert.deepEqual(box.stages(), { a: 'landed' });
    // The next undo takes back what the redo brought, and no more.
    await landed(undo(box, task('a')));
    assert.deepEqual(folderState(box.root), { x: 'file person\n' });
    assertKept(box);
  });

  it('that is not undone is refused', async () => {
    const box = await finished({ x: 'x' }, { a: { y: 'y' } });
    assert.equal(failed(await redo(box, task('a'))).message, '“Task a” is not undone (it is landed).');
  });
});

describe('undoing a run', () => {
  const TASKS = {
    a: { x: lines({ 2: 'A' }), a: 'A\n' },
    b: { x: lines({ 2: 'A', 5: 'B', 8: 'p' }), y: null },
    c: { x: lines({ 2: 'A', 5: 'B!', 8: 'p' }), a: 'A\nC\n' },
  };

  it('takes back all that landed, and keeps what the person wrote between and after', async () => {
    const box = await finished({ x: lines(), y: 'y\n' }, TASKS, { a: { x: lines({ 2: 'A', 8: 'p' }), p: 'person\n' } });
    put(box.root, 'x', lines({ 2: 'A', 5: 'B!', 8: 'p', 15: 'late' }));
    const before = folderState(box.root);
    await landed(undo(box, RUN));
    assert.deepEqual(folderState(box.root), { x: `file ${lines({ 8: 'p', 15: 'late' })}`, y: 'file y\n', p: 'file person\n' });
    assert.deepEqual(box.stages(), { a: 'undone', b: 'undone', c: 'undone' });
    await landed(redo(box, RUN));
    assert.deepEqual(folderState(box.root), before);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', c: 'landed' });
    await landed(undo(box, RUN));
    await landed(redo(box, task('a')));
    assert.deepEqual(folderState(box.root)['x'], `file ${lines({ 2: 'A', 8: 'p', 15: 'late' })}`);
    assertKept(box);
  });

  it('leaves out what was undone before, and what a rollback took can be redone', async () => {
    const box = await finished({ x: lines(), y: 'y\n' }, TASKS);
    const before = folderState(box.root);
    await landed(undo(box, task('c')));
    await landed(undo(box, RUN));
    assert.deepEqual(folderState(box.root), { x: `file ${lines()}`, y: 'file y\n' });
    await landed(redo(box, RUN));
    assert.deepEqual(folderState(box.root), before);
    await landed(undo(box, file('a', 'x')));
    const snapshot = valued(await findSnapshot(box.repo, box.run.record.state.start.snapshot));
    const ports = { ...box, openRecord: () => box.run.record };
    valued(await rollBackTo(snapshot, ports, NEVER));
    await landed(redo(box, RUN));
    assert.deepEqual(folderState(box.root), before);
    assertKept(box);
  });

  it('is all or nothing: in conflict it waits, and goes on with the rest once that is decided', async () => {
    const box = await finished({ x: lines(), y: 'y\n' }, TASKS);
    put(box.root, 'x', lines({ 2: 'person', 5: 'B!' }));
    put(box.root, 'a', 'A\nperson\n');
    const before = folderState(box.root);
    const first = valued(await undo(box, RUN));
    assert.ok(first.kind === 'conflict');
    assert.equal(first.task, 'c');
    assert.deepEqual(folderState(box.root), before);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', c: 'conflicted' });
    await decide(box, 'c', 'A\nperson\n');
    assert.deepEqual(folderState(box.root), before);
    assert.deepEqual(box.stages(), { a: 'conflicted', b: 'landed', c: 'landed' });
    assertKept(box);
    const stage = box.run.record.state.tasks.get('a')?.stage;
    const files = stage?.kind === 'conflicted' ? stage.conflict.files : [];
    assert.deepEqual(
      files.map(({ path }) => path),
      ['a', 'x'],
    );
    for (const one of files) {
      const text = one.path === 'a' ? 'person\n' : lines({ 2: 'person' });
      resolveFile(box.run.record, 'a', one.path, valued(await resolvedEntry(box.repo, one, Buffer.from(text))));
    }
    put(box.root, 'late', 'late\n');
    valued(await landTask(box.run.record, landPortsOf(box.run.record, box), 'a', NEVER));
    assert.deepEqual(folderState(box.root), {
      x: `file ${lines({ 2: 'person' })}`,
      a: 'file person\n',
      y: 'file y\n',
      late: 'file late\n',
    });
    assert.deepEqual(box.stages(), { a: 'undone', b: 'undone', c: 'undone' });
    await landed(redo(box, RUN));
    assert.deepEqual(folderState(box.root), { ...before, late: 'file late\n' });
    assertKept(box);
  });

  it('is refused while it goes on, and where nothing is left of it', async () => {
    const box = await rig({ x: 'x' }, { a: [], b: ['a'] });
    await (await box.agents.agent('a')).finish({ a: 'a' });
    const last = await box.agents.agent('b');
    assert.equal(failed(await undo(box, RUN)).message, 'The run “A goal” is still going on.');
    await last.finish();
    valued(await box.ended);
    await landed(undo(box, task('a')));
    assert.equal(failed(await undo(box, RUN)).message, 'No task of “A goal” is in the workspace.');
  });
});
