/** Snapshots: the whole truth of a workspace, whatever state its repository is in. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Draft } from '../../../src/repo/draft/draft';
import { findSnapshot, listSnapshots, takeSnapshot, untitledOf } from '../../../src/repo/snapshot/snapshot';
import { countingClock } from '../../support/clock';
import { editor } from '../../support/editor';
import { failed, NEVER, valued } from '../../support/result';
import { commitAll, folderState, git, opened, put, putAll, type Sandbox, sandbox, temporaryFolder, treeState } from '../../support/sandbox';

const clock = countingClock();

async function snapshotOf({ repo, root }: Sandbox, workspace = editor(root), label = 'Test') {
  return valued(await takeSnapshot(repo, workspace, { label, clock }, NEVER));
}

/** Files of a snapshot taken now. */
async function seen(box: Sandbox, workspace = editor(box.root)) {
  return treeState(box.repo, (await snapshotOf(box, workspace)).commit);
}

describe('a snapshot', () => {
  it('has what is tracked, modified, staged, untracked and deleted, modes and links, and nothing that is ignored', async () => {
    const box = await sandbox({ same: 'same', changed: 'old', gone: 'x', staged: 'old', 'bin/tool': 'echo', '.gitignore': '*.log\n' });
    putAll(box.root, { staged: 'staged' });
    git(box.root, 'add', 'staged');
    putAll(box.root, {
      changed: 'new',
      gone: null,
      staged: 'staged, then changed',
      'deep/new.txt': 'new',
      'bin/tool': { run: 'echo' },
      'a link': { link: 'same' },
      'broken link': { link: '../nowhere' },
      'x.log': 'ignored',
      'ünï cödé "q" \\n.txt': 'name',
    });
    const expected = folderState(box.root);
    delete expected['x.log'];
    assert.deepEqual(await seen(box), expected);
    assert.equal(expected['bin/tool'], 'run echo');
  });

  it('sees an edit of the same size in the same moment', async () => {
    const box = await sandbox({ 'a.txt': 'one' });
    await snapshotOf(box);
    for (const text of ['abc', 'bcd', 'cde', 'def', 'efg']) {
      put(box.root, 'a.txt', text);
      assert.deepEqual(await seen(box), { 'a.txt': `file ${text}` });
      git(box.root, 'add', 'a.txt');
    }
  });

  it('sees an edit that only the time of the person’s index betrays', async () => {
    const box = await sandbox({ 'a.txt': 'one' });
    git(box.root, 'config', 'core.trustctime', 'false');
    // As within one tick of the clock: the file is added, then changed to as many bytes. git looks into files as young as its index.
    const tick = new Date(1_700_000_000_000);
    const touch = (path: string) => utimesSync(join(box.root, path), tick, tick);
    touch('a.txt');
    git(box.root, 'add', 'a.txt');
    put(box.root, 'a.txt', 'two');
    touch('a.txt');
    touch('.git/index');
    assert.deepEqual(await seen(box), { 'a.txt': 'file two' });
  });

  it('is taken of an empty repository, and of one without any commit', async () => {
    const box = await sandbox();
    assert.deepEqual(await seen(box), {});
    put(box.root, 'first.txt', 'first');
    assert.deepEqual(await seen(box), { 'first.txt': 'file first' });
  });

  it('is taken in the middle of a merge, and leaves the merge as it is', async () => {
    const box = await sandbox({ 'a.txt': 'base\n', 'b.txt': 'b\n' });
    git(box.root, 'checkout', '--quiet', '-b', 'other');
    put(box.root, 'a.txt', 'theirs\n');
    commitAll(box.root);
    git(box.root, 'checkout', '--quiet', 'main');
    put(box.root, 'a.txt', 'ours\n');
    commitAll(box.root);
    assert.throws(() => git(box.root, 'merge', 'other'));
    const status = git(box.root, 'status', '--porcelain');
    assert.match(status, /^UU a\.txt/);
    assert.deepEqual(await seen(box), folderState(box.root));
    assert.equal(git(box.root, 'status', '--porcelain'), status);
    assert.match((await seen(box))['a.txt'] ?? '', /<<<<<<< HEAD/);
  });

  it('of a sub-folder of a repository has that folder alone, with its own paths', async () => {
    const top = await sandbox({ 'outside.txt': 'o', 'sub/a.txt': 'a', 'sub/deep/b.txt': 'b' });
    const root = join(top.root, 'sub');
    putAll(root, { 'new.txt': 'n', 'a.txt': 'changed' });
    put(top.root, 'outside.txt', 'changed');
    const box = { root, repo: await opened(root) };
    assert.deepEqual(await seen(box), folderState(root));
    assert.deepEqual(await seen(top), folderState(top.root));
    const draft = new Draft(box.repo, (await snapshotOf(box)).commit);
    assert.deepEqual(valued(await draft.search({ pattern: 'chang', folder: '', ignoreCase: false, most: 9 }, NEVER)).hits, [
      { path: 'a.txt', line: 1, text: 'changed' },
    ]);
  });

  it('of a sub-folder that has no file yet is empty', async () => {
    const top = await sandbox({ 'outside.txt': 'o' });
    const root = join(top.root, 'empty', 'folder');
    mkdirSync(root, { recursive: true });
    assert.deepEqual(await seen({ root, repo: await opened(root) }), {});
  });

  it('of a folder that its repository ignores has the files of that folder', async () => {
    const top = await sandbox({ '.gitignore': 'build/\n' });
    putAll(top.root, { 'build/a.txt': 'a', 'build/deep/b.txt': 'b' });
    const root = join(top.root, 'build');
    assert.deepEqual(await seen({ root, repo: await opened(root) }), { 'a.txt': 'file a', 'deep/b.txt': 'file b' });
  });

  it('of a folder without git lies in a repository of Weft’s own, outside the folder', async () => {
    const root = temporaryFolder();
    putAll(root, { 'a.txt': 'a', 'bin/x': { run: 'x' }, 'node_modules/m/index.js': 'm', '.gitignore': 'secret\n', secret: 's' });
    const before = folderState(root);
    const box = { root, repo: await opened(root) };
    assert.deepEqual(await seen(box), { '.gitignore': 'file secret\n', 'a.txt': 'file a', 'bin/x': 'run x' });
    assert.deepEqual(folderState(root), before);
    assert.ok(!box.repo.stateDir.startsWith(root) && box.repo.own);
    const again = { root, repo: await opened(root) };
    assert.equal(valued(await listSnapshots(again.repo)).length, 1);
  });

  it('of a linked worktree has that worktree, apart from the others', async () => {
    const main = await sandbox({ 'a.txt': 'a' });
    const root = join(temporaryFolder(), 'linked');
    git(main.root, 'worktree', 'add', '--quiet', root);
    put(root, 'a.txt', 'linked');
    const box = { root, repo: await opened(root) };
    assert.deepEqual(await seen(box), { 'a.txt': 'file linked' });
    assert.deepEqual(await seen(main), { 'a.txt': 'file a' });
    assert.equal(valued(await listSnapshots(box.repo)).length, 1);
    assert.equal(git(root, 'status', '--porcelain'), ' M a.txt\n');
  });

  it('has unsaved text over the files, and texts without a file beside them', async () => {
    const box = await sandbox({ 'a.txt': 'saved', 'b.sh': { run: 'old' } });
    const workspace = editor(box.root);
    workspace.buffers.set('a.txt', 'typed').set('b.sh', 'typed, too').set('new/c.txt', 'no file yet');
    workspace.texts = [{ name: 'Untitled-1', language: 'markdown', text: '# Thoughts' }];
    const snapshot = await snapshotOf(box, workspace);
    assert.deepEqual(treeState(box.repo, snapshot.commit), {
      'a.txt': 'file typed',
      'b.sh': 'run typed, too',
      'new/c.txt': 'file no file yet',
    });
    assert.deepEqual(snapshot.unsaved, ['a.txt', 'b.sh', 'new/c.txt']);
    assert.deepEqual(valued(await untitledOf(box.repo, snapshot)), workspace.texts);
    assert.equal(folderState(box.root)['a.txt'], 'file saved');
  });

  it('has the truth of files that git was told not to look at', async () => {
    const box = await sandbox({ assumed: 'old', skipped: 'old', absent: 'kept' });
    git(box.root, 'update-index', '--assume-unchanged', 'assumed');
    git(box.root, 'update-index', '--skip-worktree', 'skipped', 'absent');
    putAll(box.root, { assumed: 'mine', skipped: 'mine', absent: null });
    const status = git(box.root, 'ls-files', '-v');
    assert.deepEqual(await seen(box), { absent: 'file kept', assumed: 'file mine', skipped: 'file mine' });
    assert.equal(git(box.root, 'ls-files', '-v'), status);
  });

  it('is found again by its id, or a beginning that is only its own, whatever its label says', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    const label = 'Before: first line\n\nsecond “paragraph”\n{"weft":1}';
    const first = await snapshotOf(box, editor(box.root), label);
    const second = await snapshotOf(box);
    const again = await opened(box.root);
    assert.deepEqual(valued(await listSnapshots(again)), [second, first]);
    assert.deepEqual(valued(await findSnapshot(again, first.id)), first);
    assert.equal(failed(await findSnapshot(again, 't')).message, '2 snapshots begin with “t”.');
    assert.equal(failed(await findSnapshot(again, '')).message, 'There is no snapshot “” of this folder.');
  });

  it('keeps its words where the person’s git writes commits in another encoding', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    git(box.root, 'config', 'i18n.commitEncoding', 'ISO-8859-1');
    git(box.root, 'config', 'i18n.logOutputEncoding', 'ISO-8859-1');
    const snapshot = await snapshotOf(box, editor(box.root), 'Größe “α”');
    assert.deepEqual(valued(await listSnapshots(box.repo)), [snapshot]);
  });

  it('fails by the name of the file that git cannot read, and records nothing', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    git(box.root, 'config', 'filter.broken.clean', 'false');
    git(box.root, 'config', 'filter.broken.required', 'true');
    putAll(box.root, { '.gitattributes': 'dir/bad.bin filter=broken\n', 'dir/bad.bin': 'x' });
    const refs = git(box.root, 'for-each-ref');
    const failure = failed(await takeSnapshot(box.repo, editor(box.root), { label: 'Test', clock }, NEVER));
    assert.match(failure.message, /dir\/bad\.bin/);
    assert.ok(failure.fix !== '');
    assert.equal(git(box.root, 'for-each-ref'), refs);
    put(box.root, '.gitattributes', null);
    assert.deepEqual(await seen(box), folderState(box.root));
  });

  it('fails by the name of a folder that git cannot look into, which it only warns of', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    // No path may be so long: nobody can look into the innermost folders by their paths.
    const name = 'd'.repeat(250);
    const made = [
      'for (let depth = 0; depth < 18; depth++) { fs.mkdirSync(process.argv[1]); process.chdir(process.argv[1]); }',
      "fs.writeFileSync('deep.txt', 'deep');",
    ];
    execFileSync(process.execPath, ['-e', made.join('\n'), name], { cwd: box.root });
    try {
      const refs = git(box.root, 'for-each-ref');
      const failure = failed(await takeSnapshot(box.repo, editor(box.root), { label: 'Test', clock }, NEVER));
      assert.match(failure.message, /^d{250}\/d+… cannot be read: File name too long\.$/);
      assert.equal(git(box.root, 'for-each-ref'), refs);
      put(box.root, '.gitignore', 'ddd*/\n');
      assert.deepEqual(await seen(box), { '.gitignore': 'file ddd*/\n', 'a.txt': 'file a' });
    } finally {
      execFileSync('rm', ['-rf', name], { cwd: box.root });
    }
  });

  it('fails by the name of what a person may not read', async () => {
    const nobody = process.getuid?.() === 0 ? 65_534 : 0;
    const root = temporaryFolder(nobody === 0 ? undefined : '/tmp');
    if (nobody !== 0) chownSync(root, nobody, nobody);
    const script = join(__dirname, '../../support/unreadable.js');
    const said = execFileSync(process.execPath, [script, root, String(nobody)], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: root },
    });
    assert.deepEqual(JSON.parse(said), {
      file: 'git cannot read a.txt: open("a.txt"): Permission denied.',
      folder: 'dir/ cannot be read: Permission denied.',
      refs: '',
      after: ['a.txt', 'dir/b.txt', 'dir/new.txt'],
    });
  });

  it('is taken although a file goes away while git reads', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    // The filter of one file takes another away that git has already found.
    git(box.root, 'config', 'filter.thief.clean', 'rm -f z.tmp; cat');
    putAll(box.root, { '.gitattributes': 'b.txt filter=thief\n', 'b.txt': 'b', 'z.tmp': 'z' });
    assert.deepEqual(await seen(box), { '.gitattributes': 'file b.txt filter=thief\n', 'a.txt': 'file a', 'b.txt': 'file b' });
  });

  it('is whole again after git’s garbage collection took what no snapshot held', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    put(box.root, 'new.txt', 'never committed');
    await snapshotOf(box);
    for (const ref of git(box.root, 'for-each-ref', '--format=%(refname)', 'refs/weft').trim().split('\n'))
      git(box.root, 'update-ref', '-d', ref);
    git(box.root, 'gc', '--quiet', '--prune=now');
    assert.deepEqual(await seen({ ...box, repo: await opened(box.root) }), { 'a.txt': 'file a', 'new.txt': 'file never committed' });
  });

  it('is called off by its signal', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    const off = AbortSignal.abort();
    assert.equal(failed(await takeSnapshot(box.repo, editor(box.root), { label: 'x', clock }, off)).kind, 'cancelled');
    assert.deepEqual(valued(await listSnapshots(box.repo)), []);
  });

  it('is taken twenty times at once', async () => {
    const box = await sandbox({ 'a.txt': 'a' });
    writeFileSync(join(box.root, 'b.txt'), 'b');
    const other = { root: box.root, repo: await opened(box.root) };
    const all = await Promise.all(Array.from({ length: 20 }, (_, at) => seen(at % 2 === 0 ? box : other)));
    for (const one of all) assert.deepEqual(one, { 'a.txt': 'file a', 'b.txt': 'file b' });
    assert.equal(valued(await listSnapshots(box.repo)).length, 20);
  });

  it('of a sub-folder is taken in the middle of a merge, wherever its conflicts are', async () => {
    const box = await sandbox({ 'sub/a': 'a', 'sub/b': 'base', top: 'base' });
    git(box.root, 'checkout', '--quiet', '-b', 'other');
    putAll(box.root, { top: 'other', 'sub/b': 'other' });
    commitAll(box.root);
    git(box.root, 'checkout', '--quiet', 'main');
    putAll(box.root, { top: 'mine', 'sub/b': 'mine' });
    commitAll(box.root);
    assert.throws(() => git(box.root, 'merge', 'other'));
    const status = git(box.root, 'status', '--porcelain');
    const root = join(box.root, 'sub');
    assert.deepEqual(await seen({ root, repo: await opened(root) }), folderState(root));
    assert.equal(git(box.root, 'status', '--porcelain'), status);
  });
});
