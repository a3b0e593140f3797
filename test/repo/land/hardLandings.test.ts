/** Landings that other tools get wrong: renames on both sides, deletions against edits, kinds and modes of files, line ends, size. */
import assert from 'node:assert/strict';
import { chmodSync, linkSync, lstatSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Draft } from '../../../src/repo/draft/draft';
import { chainNow, land } from '../../../src/repo/land/land';
import { rollBack } from '../../../src/repo/snapshot/rollback';
import { countingClock } from '../../support/clock';
import { type Field, field } from '../../support/landing';
import { NEVER, valued } from '../../support/result';
import { folderState, isThere, put, putAll, treeState } from '../../support/sandbox';

const TEN = [...'abcdefghij'].map((letter) => `${letter}\n`).join('');
const file = (text: string) => `file ${text}`;

/** Lands what an agent does to a draft of its own. */
async function landDraft(box: Field, task: string, work: (draft: Draft) => Promise<unknown>) {
  const draft = new Draft(box.repo, box.snapshot.commit);
  await work(draft);
  const { commit } = valued(await draft.commit());
  const incoming = { run: 'r1', task, title: `Task ${task}`, intent: 'land', base: box.snapshot.commit, theirs: commit ?? '' } as const;
  return valued(await land(box.ports, incoming, NEVER));
}

describe('a hard landing', () => {
  it('of a file that the agent renamed takes what the person edited in it along', async () => {
    const box = await field({ old: TEN, other: 'o' });
    put(box.root, 'old', TEN.replace('a\n', 'person\n'));
    const landing = await landDraft(box, 'one', async (draft) => {
      valued(await draft.move('old', 'deep/new'));
      valued(await draft.write('deep/new', Buffer.from(TEN.replace('j\n', 'agent\n'))));
    });
    assert.equal(landing.kind, 'landed');
    const merged = file(TEN.replace('a\n', 'person\n').replace('j\n', 'agent\n'));
    assert.deepEqual(folderState(box.root), { 'deep/new': merged, other: 'file o' });
  });

  it('of a file that both renamed alike is clean, and apart is a conflict that changes nothing', async () => {
    const box = await field({ old: TEN });
    renameSync(join(box.root, 'old'), join(box.root, 'same'));
    const alike = await landDraft(box, 'one', async (draft) => {
      valued(await draft.move('old', 'same'));
      valued(await draft.write('same', Buffer.from(TEN.replace('j\n', 'agent\n'))));
    });
    assert.equal(alike.kind, 'landed');
    assert.deepEqual(folderState(box.root), { same: file(TEN.replace('j\n', 'agent\n')) });
    const before = folderState(box.root);
    const apart = await landDraft(box, 'two', (draft) => draft.move('old', 'elsewhere'));
    assert.equal(apart.kind, 'conflict');
    assert.deepEqual(folderState(box.root), before);
  });

  it('of a .gitignore shows later agents nothing that git ignored before, and the person everything', async () => {
    const box = await field({ '.gitignore': '.env\n', a: 'a' });
    putAll(box.root, { '.env': 'SECRET=1\n' });
    await landDraft(box, 'one', async (draft) => valued(await draft.write('.gitignore', Buffer.from('\n'))));
    putAll(box.root, { mine: 'new\n' });
    const later = valued(await chainNow(box.ports, 'r1', NEVER));
    assert.deepEqual(Object.keys(treeState(box.repo, later)).sort(), ['.gitignore', 'a', 'mine']);
    // An agent that guesses its name is in conflict with the person's file, and does not get to see it either.
    const draft = new Draft(box.repo, later);
    valued(await draft.write('.env', Buffer.from('SECRET=2\n')));
    const { commit } = valued(await draft.commit());
    const landing = valued(
      await land(box.ports, { run: 'r1', task: 'two', title: 'Two', intent: 'land', base: later, theirs: commit ?? '' }, NEVER),
    );
    assert.equal(landing.kind, 'conflict');
    assert.equal(folderState(box.root)['.env'], file('SECRET=1\n'));
    assert.deepEqual(Object.keys(treeState(box.repo, valued(await chainNow(box.ports, 'r1', NEVER)))).sort(), ['.gitignore', 'a', 'mine']);
  });

  it('of a deletion is a conflict where the person edited the file, and none where they did not', async () => {
    const box = await field({ edited: TEN, left: TEN });
    put(box.root, 'edited', `${TEN}person\n`);
    const landing = await landDraft(box, 'one', async (draft) => {
      valued(await draft.remove('edited'));
      valued(await draft.remove('left'));
    });
    assert.deepEqual(landing.kind === 'conflict' && landing.conflict.files.map(({ path, theirs }) => [path, theirs]), [['edited', null]]);
    assert.deepEqual(folderState(box.root), { edited: file(`${TEN}person\n`), left: file(TEN) });
  });

  it('of the same new file from both is clean where it is the same, and a conflict where it is not', async () => {
    const box = await field({ a: 'a' });
    putAll(box.root, { same: 'same\n', other: 'person\n' });
    assert.equal((await landDraft(box, 'one', (draft) => draft.write('same', Buffer.from('same\n')))).kind, 'landed');
    const landing = await landDraft(box, 'two', (draft) => draft.write('other', Buffer.from('agent\n')));
    assert.deepEqual(landing.kind === 'conflict' && landing.conflict.files.map(({ path, base }) => [path, base]), [['other', null]]);
    assert.equal(folderState(box.root)['other'], 'file person\n');
  });

  it('of a mode alone merges with the person’s text, and is undone by itself', async () => {
    const box = await field({ tool: TEN, run: { run: TEN } });
    put(box.root, 'tool', TEN.replace('a\n', 'person\n'));
    const landing = await landDraft(box, 'one', async (draft) => {
      valued(await draft.write('tool', Buffer.from(TEN), '100755'));
      valued(await draft.write('run', Buffer.from(TEN), '100644'));
    });
    assert.ok(landing.kind === 'landed');
    assert.deepEqual(folderState(box.root), { run: file(TEN), tool: `run ${TEN.replace('a\n', 'person\n')}` });
    assert.equal((await box.undo('one', landing)).kind, 'landed');
    assert.deepEqual(folderState(box.root), { run: `run ${TEN}`, tool: file(TEN.replace('a\n', 'person\n')) });
  });

  it('of bytes that are no text lands whole, or is a conflict as a whole', async () => {
    const bytes = (...some: number[]) => Buffer.from([0, 1, 2, 255, ...some]);
    const box = await field({ mine: bytes(1), both: bytes(1) });
    put(box.root, 'both', bytes(2));
    assert.equal((await landDraft(box, 'one', (draft) => draft.write('mine', bytes(3)))).kind, 'landed');
    assert.deepEqual(readFileSync(join(box.root, 'mine')), bytes(3));
    assert.equal((await landDraft(box, 'two', (draft) => draft.write('both', bytes(3)))).kind, 'conflict');
    assert.deepEqual(readFileSync(join(box.root, 'both')), bytes(2));
  });

  it('of encodings that are no UTF-8 keeps every byte that nobody changed', async () => {
    const latin = (text: string) => Buffer.from(text, 'latin1');
    const box = await field({ latin: latin('eins\näöü\nzwei\ndrei\nvier\n'), wide: Buffer.from('\ufeffone\ntwo\n', 'utf16le') });
    put(box.root, 'latin', latin('EINS\näöü\nzwei\ndrei\nvier\n'));
    const landing = await landDraft(box, 'one', async (draft) => {
      valued(await draft.write('latin', latin('eins\näöü\nzwei\ndrei\nVIER ß\n')));
      valued(await draft.write('wide', Buffer.from('\ufeffone\nTWO ß\n', 'utf16le')));
    });
    assert.equal(landing.kind, 'landed');
    assert.deepEqual(readFileSync(join(box.root, 'latin')), latin('EINS\näöü\nzwei\ndrei\nVIER ß\n'));
    assert.deepEqual(readFileSync(join(box.root, 'wide')), Buffer.from('\ufeffone\nTWO ß\n', 'utf16le'));
  });

  it('of CRLF keeps it, the person’s line beside the agent’s', async () => {
    const crlf = TEN.replaceAll('\n', '\r\n');
    const box = await field({ a: crlf });
    put(box.root, 'a', crlf.replace('a\r', 'person\r'));
    assert.equal((await landDraft(box, 'one', (draft) => draft.write('a', Buffer.from(crlf.replace('j\r', 'agent\r'))))).kind, 'landed');
    assert.equal(folderState(box.root)['a'], file(crlf.replace('a\r', 'person\r').replace('j\r', 'agent\r')));
  });

  it('of a name in other letters changes the name', async () => {
    const box = await field({ 'readme.md': TEN, other: 'o' });
    const landing = await landDraft(box, 'one', (draft) => draft.move('readme.md', 'README.md'));
    assert.ok(landing.kind === 'landed');
    assert.deepEqual(folderState(box.root), { 'README.md': file(TEN), other: 'file o' });
    assert.equal((await box.undo('one', landing)).kind, 'landed');
    assert.deepEqual(folderState(box.root), { other: 'file o', 'readme.md': file(TEN) });
  });

  it('of a line of five million characters merges with what the person did to other lines', async () => {
    const long = 'x'.repeat(5_000_000);
    const box = await field({ long: `first\n${TEN}${long}\n` });
    put(box.root, 'long', `FIRST\n${TEN}${long}\n`);
    assert.equal((await landDraft(box, 'one', (draft) => draft.write('long', Buffer.from(`first\n${TEN}${long}y\n`)))).kind, 'landed');
    assert.ok(readFileSync(join(box.root, 'long'), 'utf8') === `FIRST\n${TEN}${long}y\n`);
  });

  it('of five hundred files is one landing, and one undo', async () => {
    const names = Array.from({ length: 500 }, (_, at) => `folder${at % 20}/file${at}`);
    const box = await field(Object.fromEntries(names.map((name) => [name, `${name}\n`])));
    const edits = Object.fromEntries(names.map((name) => [name, `${name}, changed\n`]));
    const landed = await box.landed('one', edits);
    assert.deepEqual(treeState(box.repo, landed.after), folderState(box.root));
    assert.equal(landed.changes.length, 500);
    assert.equal((await box.undo('one', landed)).kind, 'landed');
    assert.equal(folderState(box.root)['folder0/file0'], 'file folder0/file0\n');
  });

  it('puts a folder where a link to one was, and takes it back, without touching where the link led', async () => {
    const box = await field({ 'real/in': 'in\n', linked: { link: 'real' } });
    const landing = await landDraft(box, 'one', async (draft) => {
      valued(await draft.remove('linked'));
      valued(await draft.write('linked/in', Buffer.from('new\n')));
    });
    assert.ok(landing.kind === 'landed');
    assert.deepEqual(folderState(box.root), { 'linked/in': 'file new\n', 'real/in': 'file in\n' });
    assert.equal((await box.undo('one', landing)).kind, 'landed');
    assert.deepEqual(folderState(box.root), { linked: 'link real', 'real/in': 'file in\n' });
    assert.equal(await box.undo('one', landing).then(({ kind }) => kind), 'landed');
  });

  it('leaves a file’s permissions and its other names, whatever it writes', async () => {
    if (process.platform === 'win32') return;
    const box = await field({ secret: 's\n', twice: 't\n', gone: 'g\n' });
    chmodSync(join(box.root, 'secret'), 0o600);
    chmodSync(join(box.root, 'gone'), 0o600);
    linkSync(join(box.root, 'twice'), join(box.root, '.git', 'other-name'));
    const landed = await box.landed('one', { secret: 'S\n', twice: 'T\n', gone: null });
    const mode = (name: string) => lstatSync(join(box.root, name)).mode & 0o777;
    assert.equal(mode('secret'), 0o600);
    assert.equal(readFileSync(join(box.root, '.git', 'other-name'), 'utf8'), 'T\n');
    assert.ok(!isThere(box.root, 'gone'));
    assert.equal((await box.undo('one', landed)).kind, 'landed');
    assert.deepEqual([mode('secret'), mode('gone'), mode('twice') & 0o600], [0o600, 0o600, 0o600]);
    put(box.root, 'gone', null);
    valued(await rollBack(box.repo, box.workspace, { snapshot: box.snapshot, clock: countingClock() }, NEVER));
    assert.deepEqual([readFileSync(join(box.root, 'gone'), 'utf8'), statSync(join(box.root, 'gone')).mode & 0o777], ['g\n', 0o600]);
  });
});
