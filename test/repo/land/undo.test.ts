/** Undo: one landed task is taken back, and everything else is kept. */
import assert from 'node:assert/strict';
import { field } from '../../support/landing';
import { folderState, put, treeState } from '../../support/sandbox';

const TEN = [...'abcdefghij'].map((letter) => `${letter}\n`).join('');
const put3 = (a: string, e: string, j: string) => TEN.replace('a\n', `${a}\n`).replace('e\n', `${e}\n`).replace('j\n', `${j}\n`);

describe('an undo', () => {
  it('keeps what another task and the person did to the same file later', async () => {
    const box = await field({ shared: TEN, b: 'b' });
    const one = await box.landed('one', { shared: put3('ONE', 'e', 'j'), 'new.txt': 'one', b: null });
    await box.landed('two', { shared: put3('a', 'TWO', 'j') });
    put(box.root, 'shared', put3('ONE', 'TWO', 'PERSON'));
    const undone = await box.undo('one', one);
    assert.equal(undone.kind, 'landed');
    assert.deepEqual(folderState(box.root), { b: 'file b', shared: `file ${put3('a', 'TWO', 'PERSON')}` });
    assert.deepEqual(treeState(box.repo, await box.now()), folderState(box.root));
  });

  it('keeps unsaved text', async () => {
    const box = await field({ shared: TEN });
    const one = await box.landed('one', { shared: put3('ONE', 'e', 'j') });
    box.workspace.buffers.set('shared', put3('ONE', 'e', 'TYPED'));
    assert.equal((await box.undo('one', one)).kind, 'landed');
    assert.equal(box.workspace.buffers.get('shared'), put3('a', 'e', 'TYPED'));
    assert.equal(folderState(box.root)['shared'], `file ${put3('ONE', 'e', 'j')}`);
  });

  it('is a conflict where later work stands on the same lines, and changes nothing', async () => {
    const box = await field({ shared: TEN, other: 'o' });
    const one = await box.landed('one', { shared: put3('ONE', 'e', 'j'), other: 'one' });
    await box.landed('two', { shared: put3('TWO', 'e', 'j') }, one.after);
    const before = folderState(box.root);
    const undone = await box.undo('one', one);
    assert.ok(undone.kind === 'conflict');
    assert.deepEqual(
      [undone.conflict.intent, undone.conflict.files.map((file) => [file.path, file.oursBy])],
      ['undo', [['shared', 'Task two']]],
    );
    assert.deepEqual(folderState(box.root), before);
  });

  it('of an undo brings the work back, with all that came between', async () => {
    const box = await field({ shared: TEN });
    const one = await box.landed('one', { shared: put3('ONE', 'e', 'j'), 'deep/new.txt': 'one' });
    const undone = await box.undo('one', one);
    assert.ok(undone.kind === 'landed');
    assert.deepEqual(folderState(box.root), { shared: `file ${TEN}` });
    put(box.root, 'shared', put3('a', 'e', 'PERSON'));
    assert.equal((await box.undo('one', undone)).kind, 'landed');
    assert.deepEqual(folderState(box.root), { 'deep/new.txt': 'file one', shared: `file ${put3('ONE', 'e', 'PERSON')}` });
  });

  it('takes an ignored file back that the task made, and leaves one that was there', async () => {
    const box = await field({ '.gitignore': '*.log\n' });
    put(box.root, 'mine.log', 'mine');
    const one = await box.landed('one', { 'agent.log': 'agent', 'a.txt': 'a' });
    await box.landed('two', { 'b.txt': 'b' }, await box.now());
    assert.equal((await box.undo('one', one)).kind, 'landed');
    assert.deepEqual(folderState(box.root), { '.gitignore': 'file *.log\n', 'b.txt': 'file b', 'mine.log': 'file mine' });
  });

  it('follows a file that was renamed since', async () => {
    const box = await field({ old: TEN });
    const one = await box.landed('one', { old: put3('ONE', 'e', 'j') });
    put(box.root, 'old', null);
    put(box.root, 'new', put3('ONE', 'e', 'PERSON'));
    assert.equal((await box.undo('one', one)).kind, 'landed');
    assert.deepEqual(folderState(box.root), { new: `file ${put3('a', 'e', 'PERSON')}` });
  });
});
