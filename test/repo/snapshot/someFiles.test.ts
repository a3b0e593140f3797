/** Restoring chosen files of a snapshot: these as they were, everything else as it is, and a way back. */
import assert from 'node:assert/strict';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { rollBack } from '../../../src/repo/snapshot/rollback';
import { listSnapshots, takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { countingClock } from '../../support/clock';
import { type Editor, editor } from '../../support/editor';
import { failed, NEVER, valued } from '../../support/result';
import { type Files, folderState, put, putAll, type Sandbox, sandbox } from '../../support/sandbox';

const clock = countingClock();

async function stage(files: Files): Promise<Sandbox & { workspace: Editor }> {
  const box = await sandbox(files);
  return { ...box, workspace: editor(box.root) };
}

type Stage = Awaited<ReturnType<typeof stage>>;

async function snap({ repo, workspace }: Stage) {
  return valued(await takeSnapshot(repo, workspace, { label: 'Then', clock }, NEVER));
}

describe('restoring chosen files', () => {
  it('changes these alone, and can be taken back', async () => {
    const box = await stage({ 'a.txt': 'a then', 'b.txt': 'b then', 'dir/c.txt': 'c then', 'dir/d.txt': 'd then', gone: 'g', run: 'x' });
    const snapshot = await snap(box);
    putAll(box.root, {
      'a.txt': 'a now',
      'b.txt': 'b now',
      'dir/c.txt': null,
      'dir/d.txt': 'd now',
      'dir/new': 'n',
      gone: null,
      run: { run: 'x' },
    });
    const before = folderState(box.root);
    const time = lstatSync(join(box.root, 'b.txt')).mtimeMs;
    const { safety, changes } = valued(await rollBack(box.repo, box.workspace, { snapshot, clock, only: ['a.txt', 'dir', 'run'] }, NEVER));
    assert.deepEqual(folderState(box.root), {
      'a.txt': 'file a then',
      'b.txt': 'file b now',
      'dir/c.txt': 'file c then',
      'dir/d.txt': 'file d then',
      run: 'file x',
    });
    assert.equal(lstatSync(join(box.root, 'b.txt')).mtimeMs, time);
    assert.deepEqual(
      changes.map(({ path }) => path),
      ['a.txt', 'dir/c.txt', 'dir/d.txt', 'dir/new', 'run'],
    );
    assert.equal(safety.label, 'Before restoring files of “Then”');
    valued(await rollBack(box.repo, box.workspace, { snapshot: safety, clock }, NEVER));
    assert.deepEqual(folderState(box.root), before);
  });

  it('brings their unsaved text back, and leaves that of others', async () => {
    const box = await stage({ 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' });
    box.workspace.buffers.set('a.txt', 'a typed then');
    box.workspace.texts = [{ name: 'Untitled-1', language: 'plaintext', text: 'then' }];
    const snapshot = await snap(box);
    box.workspace.buffers.clear();
    box.workspace.buffers.set('b.txt', 'b typed now').set('c.txt', 'c typed now');
    box.workspace.texts = [{ name: 'Untitled-2', language: 'plaintext', text: 'now' }];
    put(box.root, 'a.txt', 'a now');
    valued(await rollBack(box.repo, box.workspace, { snapshot, clock, only: ['a.txt', 'c.txt'] }, NEVER));
    assert.deepEqual(Object.fromEntries(box.workspace.buffers), { 'a.txt': 'a typed then', 'b.txt': 'b typed now' });
    assert.deepEqual(folderState(box.root), { 'a.txt': 'file a', 'b.txt': 'file b', 'c.txt': 'file c' });
    assert.deepEqual(box.workspace.texts, [{ name: 'Untitled-2', language: 'plaintext', text: 'now' }]);
  });

  it('says what is misspelt, and what stands in the way, and does nothing then', async () => {
    const box = await stage({ 'a.txt': 'a', place: 'a file' });
    const snapshot = await snap(box);
    putAll(box.root, { 'a.txt': 'now', place: null });
    put(box.root, 'place/in.txt', 'a folder');
    const now = folderState(box.root);
    const refused = async (...only: string[]) => failed(await rollBack(box.repo, box.workspace, { snapshot, clock, only }, NEVER)).message;
    assert.equal(await refused('a.txt', 'b.txt'), 'b.txt is neither in the folder nor in the snapshot.');
    const back = valued(await rollBack(box.repo, box.workspace, { snapshot, clock, only: ['place'] }, NEVER));
    assert.equal(folderState(box.root)['place'], 'file a file');
    const alone = failed(await rollBack(box.repo, box.workspace, { snapshot: back.safety, clock, only: ['place/in.txt'] }, NEVER));
    assert.equal(alone.message, 'place stands where a chosen file has to be.');
    valued(await rollBack(box.repo, box.workspace, { snapshot: back.safety, clock, only: ['place', 'place/in.txt'] }, NEVER));
    assert.deepEqual(folderState(box.root), now);
    assert.equal(valued(await listSnapshots(box.repo)).length, 3);
  });
});
