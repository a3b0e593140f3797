/** Who wrote a line: through edits, renames, undos and several runs. */
import assert from 'node:assert/strict';
import { blameNow } from '../../../src/repo/history/blame';
import { beginChain, chainNow, type Incoming, land } from '../../../src/repo/land/land';
import { takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { changesetOf, type Edits } from '../../support/gatedWorker';
import { type Field, field } from '../../support/landing';
import { failed, NEVER, valued } from '../../support/result';
import { git, put } from '../../support/sandbox';

const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join('');

/** Who wrote each line: `r1 a`, `person`, `before`. */
async function writersOf(box: Field, path: string): Promise<string[]> {
  const lines = valued(await blameNow(box.repo, box.workspace, path, NEVER));
  return lines.map(({ writer }) => (writer.by === 'task' ? `${writer.run} ${writer.task}` : writer.by));
}

/** A later run in the same folder: what lands in its chain, by task. */
async function laterRun(box: Field, run: string): Promise<(task: string, edits: Edits) => ReturnType<Field['undo']>> {
  const snapshot = valued(await takeSnapshot(box.repo, box.workspace, { label: run, clock: box.ports.clock }, NEVER));
  valued(await beginChain(box.repo, run, snapshot.commit));
  return async (task, edits) => {
    const base = valued(await chainNow(box.ports, run, NEVER));
    const { commit } = await changesetOf(box.repo, base, edits);
    const incoming: Incoming = { run, task, title: task, intent: 'land', base, theirs: commit ?? base };
    return valued(await land(box.ports, incoming, NEVER));
  };
}

describe('blame', () => {
  it('tells tasks, the person and what was there before apart, unsaved text included', async () => {
    const box = await field({ x: text('one', 'two', 'three', 'four') });
    await box.landed('a', { x: text('ONE', 'two', 'three', 'four') });
    put(box.root, 'x', text('ONE', 'two', 'mine', 'four'));
    await box.landed('b', { y: 'y' });
    box.workspace.buffers.set('x', text('ONE', 'two', 'mine', 'typed', 'four'));
    assert.deepEqual(await writersOf(box, 'x'), ['r1 a', 'before', 'person', 'person', 'before']);
    assert.match(failed(await blameNow(box.repo, box.workspace, 'z', NEVER)).message, /There is no file z/);
  });

  it('is of the file’s own lines, and runs no command that shows it in another way', async () => {
    const box = await field({ '.gitattributes': 'x diff=shown\n', x: text('one', 'two') });
    git(box.root, 'config', 'diff.shown.textconv', 'sed -n 1p');
    assert.deepEqual(await writersOf(box, 'x'), ['before', 'before']);
  });

  it('follows a file that an agent renamed, and one that the person renamed since', async () => {
    const lines = ['a line that is long enough', 'another line of the file', 'and a third one, longer', 'the last line of it'];
    const [one = '', two = '', three = '', four = ''] = lines;
    const box = await field({ old: text(...lines) });
    await box.landed('a', { old: text('by a, which is an agent', two, three, four) });
    await box.landed('b', { old: null, 'dir/new': text('by a, which is an agent', two, three, 'by b, another agent') }, await box.now());
    put(box.root, 'dir/new', null);
    put(box.root, 'mine', text('by a, which is an agent', 'by me', three, 'by b, another agent'));
    assert.deepEqual(await writersOf(box, 'mine'), ['r1 a', 'person', 'before', 'r1 b']);
    assert.ok(one.length > 0);
  });

  it('gives lines that an undo brought back to who wrote them before, and those of a redo to the task', async () => {
    const box = await field({ x: text('one', 'two', 'three') });
    await box.landed('a', { x: text('ONE', 'two', 'three') });
    const landing = await box.landed('b', { x: text('b1', 'b2', 'three') }, await box.now());
    assert.deepEqual(await writersOf(box, 'x'), ['r1 b', 'r1 b', 'before']);
    const undone = await box.undo('b', landing);
    assert.deepEqual(await writersOf(box, 'x'), ['r1 a', 'before', 'before']);
    assert.ok(undone.kind === 'landed');
    const { before, after } = undone;
    valued(await land(box.ports, { run: 'r1', task: 'b', title: 'b', intent: 'redo', base: after, theirs: before }, NEVER));
    assert.deepEqual(await writersOf(box, 'x'), ['r1 b', 'r1 b', 'before']);
  });

  it('reaches through older runs, with what the person did between them', async () => {
    const box = await field({ x: text('one', 'two', 'three', 'four', 'five') });
    await box.landed('a', { x: text('ONE', 'two', 'three', 'four', 'five') });
    put(box.root, 'x', text('ONE', 'between', 'three', 'four', 'five'));
    const second = await laterRun(box, 'r2');
    await second('a', { x: text('ONE', 'between', 'r2', 'four', 'five') });
    const third = await laterRun(box, 'r3');
    await third('c', { y: text('y') });
    put(box.root, 'x', text('ONE', 'between', 'r2', 'four', 'after'));
    assert.deepEqual(await writersOf(box, 'x'), ['r1 a', 'person', 'r2 a', 'before', 'person']);
    assert.deepEqual(await writersOf(box, 'y'), ['r3 c']);
  });

  it('finds what an older run did after a newer one began', async () => {
    const box = await field({ x: text('one', 'two', 'three'), z: text('z') });
    const a = await box.landed('a', { x: text('ONE', 'two', 'three') });
    const second = await laterRun(box, 'r2');
    await second('b', { y: text('y') });
    await box.landed('late', { z: text('late') }, await box.now());
    assert.deepEqual(await writersOf(box, 'z'), ['r1 late']);
    await box.undo('a', a);
    assert.deepEqual(await writersOf(box, 'x'), ['before', 'before', 'before']);
    // A task of the newer run lands in the same file: to its chain, what the older one did is an edit of somebody’s.
    await second('c', { z: text('late', 'c') });
    assert.deepEqual(await writersOf(box, 'z'), ['r1 late', 'r2 c']);
  });

  it('does not mind the person’s own settings, a commit graph, or that there was no run', async () => {
    const box = await field({ 'dir/x "y"': text('one') });
    git(box.root, 'config', 'blame.ignoreRevsFile', 'not-there');
    await box.landed('a', { 'dir/x "y"': text('one', 'two') });
    const landing = await box.landed('b', { 'dir/x "y"': text('one', 'two', 'three') }, await box.now());
    git(box.root, 'commit-graph', 'write', '--reachable');
    const second = await laterRun(box, 'r2');
    await second('c', { z: 'z' });
    await box.undo('b', landing);
    assert.deepEqual(await writersOf(box, 'dir/x "y"'), ['before', 'r1 a']);
    const other = await field({ x: text('one') });
    git(other.root, 'update-ref', '-d', `${other.repo.refs}runs/r1/chain`);
    assert.deepEqual(await writersOf(other, 'x'), ['before']);
  });
});
