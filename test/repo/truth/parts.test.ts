/** Nested repositories and submodules: their files are in snapshots, drafts, landings, undo and rollback; their own `.git` is nobody's but theirs. */

import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rollBack } from '../../../src/repo/snapshot/rollback';
import { takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { countingClock } from '../../support/clock';
import { type Editor, editor } from '../../support/editor';
import { type Field, fieldIn } from '../../support/landing';
import { dotGitState, nest, submodule } from '../../support/nested';
import { NEVER, valued } from '../../support/result';
import { commitAll, folderState, git, opened, put, putAll, type Sandbox, sandbox, treeState } from '../../support/sandbox';
import { skipFor } from '../../support/skip';

const clock = countingClock(3e6);

async function snap({ repo, root }: Sandbox, workspace: Editor = editor(root)) {
  return valued(await takeSnapshot(repo, workspace, { label: 'Test', clock }, NEVER));
}

async function seen(box: Sandbox) {
  return treeState(box.repo, (await snap(box)).commit);
}

async function back({ repo, workspace }: Field, snapshot: Awaited<ReturnType<typeof snap>>) {
  return valued(await rollBack(repo, workspace, { snapshot, clock }, NEVER));
}

/** Snapshot → agents' edits → undo of one → rollback, and the way there again; nothing of git's own changes. */
async function wholeRound(box: Sandbox, path: string, gitDirs: readonly string[]) {
  const before = folderState(box.root);
  const gits = () => gitDirs.map(dotGitState);
  const gitsBefore = gits();
  const at = await fieldIn(box);
  const edits = { [`${path}/x.txt`]: 'agent\n', [`${path}/new/y.txt`]: 'new\n', [`${path}/gone.txt`]: null };
  const one = await at.landed('one', edits);
  const two = await at.landed('two', { [`${path}/two.txt`]: 'two\n' }, await at.now());
  assert.deepEqual(two.changes.length, 1);
  const after = folderState(box.root);
  const { [`${path}/gone.txt`]: gone, ...kept } = before;
  assert.ok(gone !== undefined);
  const landed = { [`${path}/x.txt`]: 'file agent\n', [`${path}/new/y.txt`]: 'file new\n', [`${path}/two.txt`]: 'file two\n' };
  assert.deepEqual(after, { ...kept, ...landed });
  assert.equal((await at.undo('one', one)).kind, 'landed');
  assert.deepEqual(folderState(box.root), { ...before, [`${path}/two.txt`]: 'file two\n' });
  const { safety, left } = await back(at, at.snapshot);
  assert.deepEqual(folderState(box.root), before);
  assert.deepEqual(left, []);
  await back(at, safety);
  assert.deepEqual(folderState(box.root), { ...before, [`${path}/two.txt`]: 'file two\n' });
  await back(at, at.snapshot);
  assert.deepEqual(gits(), gitsBefore);
}

const FILES = { 'x.txt': 'x\n', 'gone.txt': 'gone\n', 'deep/z.txt': 'z\n', '.gitignore': '*.log\n' };

describe('a nested repository', () => {
  it('is in snapshots, landings, undo and rollback, and its .git stays as it is', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    const inner = nest(box.root, 'libs/x', FILES);
    putAll(inner, { 'x.txt': 'changed\n', 'untracked.txt': 'u\n', 'bin/run': { run: 'r' }, link: { link: 'x.txt' } });
    await wholeRound(box, 'libs/x', [join(inner, '.git')]);
    assert.equal(git(box.root, 'status', '--porcelain'), '?? libs/\n');
    assert.match(git(inner, 'fsck'), /^$/);
  });

  it('follows its own rules of what is ignored, and how lines end', async () => {
    const box = await sandbox({ 'a.txt': 'a\n', '.gitattributes': '*.txt text eol=crlf\n', '.gitignore': '*.tmp\n' });
    const inner = nest(box.root, 'x', { '.gitignore': '*.log\n', 'a.crlf': 'one\ntwo\n', '.gitattributes': '*.crlf text eol=crlf\n' });
    mkdirSync(join(inner, '.git', 'info'), { recursive: true });
    writeFileSync(join(inner, '.git', 'info', 'exclude'), '*.secret\n');
    putAll(inner, { 'b.log': 'l', 'c.tmp': 't', 'd.secret': 's', 'forced.log': 'f', 'e.txt': 'e\n', 'a.crlf': 'one\r\nthree\r\n' });
    git(inner, 'add', '--force', 'forced.log');
    const files = await seen(box);
    assert.deepEqual(Object.keys(files), [
      '.gitattributes',
      '.gitignore',
      'a.txt',
      'x/.gitattributes',
      'x/.gitignore',
      'x/a.crlf',
      'x/c.tmp',
      'x/e.txt',
      'x/forced.log',
    ]);
    assert.equal(files['x/a.crlf'], 'file one\nthree\n');
    const at = await fieldIn(box);
    await at.landed('one', { 'x/a.crlf': 'one\nfour\n', 'x/e.txt': 'agent\n', 'x/new.crlf': 'new\n' });
    const { 'x/a.crlf': changed, 'x/e.txt': plain, 'x/new.crlf': made } = folderState(box.root);
    assert.deepEqual([changed, plain, made], ['file one\r\nfour\r\n', 'file agent\n', 'file new\r\n']);
  });

  it('may lie in another nested one', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    const outer = nest(box.root, 'x', { 'o.txt': 'o\n' });
    const inner = nest(box.root, 'x/deep/y', FILES);
    nest(box.root, 'x/deep/y/z', { 'in.txt': 'in\n' });
    await wholeRound(box, 'x/deep/y', [join(outer, '.git'), join(inner, '.git'), join(inner, 'z', '.git')]);
    put(box.root, 'x/deep/y/z/in.txt', 'later\n');
    assert.deepEqual(await seen(box), folderState(box.root));
  });

  it('needs no commit, and no file', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    for (const path of ['fresh', 'also/fresh', 'empty']) {
      mkdirSync(join(box.root, path), { recursive: true });
      git(join(box.root, path), 'init', '--quiet', '--template=');
    }
    putAll(box.root, { 'fresh/x.txt': 'x\n', 'fresh/gone.txt': 'g\n', 'also/fresh/y.txt': 'y\n' });
    await wholeRound(box, 'fresh', [join(box.root, 'fresh', '.git'), join(box.root, 'empty', '.git')]);
    assert.deepEqual(await seen(box), folderState(box.root));
  });

  it('that the workspace ignores is not seen, and may be written into', async () => {
    const box = await sandbox({ 'a.txt': 'a\n', '.gitignore': 'vendor/\n' });
    const inner = nest(box.root, 'vendor/x', FILES);
    const before = dotGitState(join(inner, '.git'));
    const at = await fieldIn(box);
    assert.deepEqual(Object.keys(treeState(box.repo, at.snapshot.commit)), ['.gitignore', 'a.txt']);
    await at.landed('one', { 'vendor/x/new.txt': 'new\n' });
    assert.equal(folderState(box.root)['vendor/x/new.txt'], 'file new\n');
    await back(at, at.snapshot);
    assert.equal(folderState(box.root)['vendor/x/new.txt'], undefined);
    assert.deepEqual(dotGitState(join(inner, '.git')), before);
  });

  it('is seen in a folder without git, and in a sub-folder of a repository', async () => {
    const plain = await sandbox({ 'a.txt': 'a\n' });
    rmSync(join(plain.root, '.git'), { recursive: true });
    const beside = { root: plain.root, repo: await opened(plain.root) };
    const inner = nest(plain.root, 'x', FILES);
    await wholeRound(beside, 'x', [join(inner, '.git')]);
    const top = await sandbox({ 'outside.txt': 'o\n', 'sub/a.txt': 'a\n' });
    const nested = nest(top.root, 'sub/x', FILES);
    const root = join(top.root, 'sub');
    await wholeRound({ root, repo: await opened(root) }, 'x', [join(nested, '.git')]);
  });

  it('keeps unsaved text, which comes back', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    nest(box.root, 'x', FILES);
    const at = await fieldIn(box);
    at.workspace.buffers.set('x/x.txt', 'typed');
    const snapshot = await snap(box, at.workspace);
    assert.equal(treeState(box.repo, snapshot.commit)['x/x.txt'], 'file typed');
    at.workspace.buffers.clear();
    put(box.root, 'x/x.txt', 'later\n');
    await back(at, snapshot);
    assert.deepEqual([...at.workspace.buffers], [['x/x.txt', 'typed']]);
    assert.equal(folderState(box.root)['x/x.txt'], 'file x\n');
  });

  it('is left whole by a rollback to before it was there, unsaved text included, and the rollback says so', async () => {
    const box = await sandbox({ 'a.txt': 'a\n', 'libs/b.txt': 'b\n' });
    const at = await fieldIn(box);
    const inner = nest(box.root, 'libs/x', FILES);
    nest(box.root, 'libs/x/y', FILES);
    putAll(box.root, { 'libs/x/x.txt': 'work\n', 'a.txt': 'later\n', 'libs/b.txt': null });
    at.workspace.buffers.set('libs/x/deep/z.txt', 'typed');
    const before = folderState(box.root);
    const gitBefore = dotGitState(join(inner, '.git'));
    const { left, changes } = await back(at, at.snapshot);
    assert.deepEqual(left, ['libs/x']);
    assert.deepEqual(
      changes.map(({ path }) => path),
      ['a.txt', 'libs/b.txt'],
    );
    assert.deepEqual(folderState(box.root), { ...before, 'a.txt': 'file a\n', 'libs/b.txt': 'file b\n' });
    assert.deepEqual(dotGitState(join(inner, '.git')), gitBefore);
    assert.deepEqual([...at.workspace.buffers], [['libs/x/deep/z.txt', 'typed']]);
  });

  it('comes back as files where it was deleted', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    nest(box.root, 'x', FILES);
    const before = folderState(box.root);
    const at = await fieldIn(box);
    rmSync(join(box.root, 'x'), { recursive: true });
    assert.deepEqual(await seen(box), { 'a.txt': 'file a\n' });
    await back(at, at.snapshot);
    assert.deepEqual(folderState(box.root), before);
    assert.deepEqual(await seen(box), before);
  });

  it('becomes a folder like others when its .git goes, and a part when a folder gets one', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    const inner = nest(box.root, 'x', FILES);
    assert.deepEqual(await seen(box), folderState(box.root));
    rmSync(join(inner, '.git'), { recursive: true });
    put(box.root, 'x/x.txt', 'later\n');
    assert.deepEqual(await seen(box), folderState(box.root));
    git(inner, 'init', '--quiet', '--template=');
    put(box.root, 'x/x.txt', 'last\n');
    assert.deepEqual(await seen(box), folderState(box.root));
  });

  it('has new contents after a commit, a checkout and a garbage collection of its own', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    const inner = nest(box.root, 'x', FILES);
    await seen(box);
    put(inner, 'x.txt', 'second\n');
    commitAll(inner);
    assert.deepEqual(await seen(box), folderState(box.root));
    git(inner, 'checkout', '--quiet', 'HEAD~1');
    git(inner, 'gc', '--quiet', '--prune=now');
    assert.deepEqual(await seen(box), folderState(box.root));
    git(box.root, 'gc', '--quiet', '--prune=now');
    assert.deepEqual(await seen(box), folderState(box.root));
  });

  it('of many files is copied as one pack', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    nest(box.root, 'x', Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`${at}.txt`, `${at}\n`])));
    assert.deepEqual(await seen(box), folderState(box.root));
    assert.ok(readdirSync(join(box.root, '.git', 'objects', 'pack')).some((name) => name.endsWith('.pack')));
    assert.equal(git(box.root, 'fsck', '--no-dangling'), '');
  });

  it('whose objects are named otherwise, or that another user owns, follows the rules of the workspace', async function () {
    const box = await sandbox({ 'a.txt': 'a\n', '.gitignore': '*.log\n' });
    const inner = join(box.root, 'x');
    mkdirSync(inner);
    git(inner, 'init', '--quiet', '--object-format=sha256', '--template=');
    putAll(inner, FILES);
    commitAll(inner);
    await wholeRound(box, 'x', [join(inner, '.git')]);
    if (process.getuid?.() !== 0) return skipFor(this, 'only root can give a folder to another user');
    const foreign = nest(box.root, 'theirs', FILES);
    git(foreign, 'config', 'filter.evil.clean', `touch ${join(box.root, 'ran')}`);
    put(foreign, '.gitattributes', '* filter=evil\n');
    for (const path of [foreign, join(foreign, '.git')]) chownSync(path, 12_345, 12_345);
    chmodSync(foreign, 0o777);
    await wholeRound(box, 'theirs', [join(foreign, '.git')]);
    assert.equal(folderState(box.root)['ran'], undefined);
  });

  it('costs no hook, and none of its filters runs twice for a file that did not change', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    const inner = nest(box.root, 'x', FILES);
    const log = join(box.root, '.git', 'ran');
    git(inner, 'config', 'filter.count.clean', `sh -c 'echo ran >> ${log}; cat'`);
    git(inner, 'config', 'core.fsmonitor', `touch ${log}`);
    putAll(inner, { '.gitattributes': '*.big filter=count\n', 'one.big': 'one\n' });
    utimesSync(join(inner, 'one.big'), 1e9, 1e9);
    assert.equal((await seen(box))['x/one.big'], 'file one\n');
    const after = dotGitState(join(box.root, '.git'))['ran'];
    assert.ok(after !== undefined);
    await seen(box);
    assert.equal(dotGitState(join(box.root, '.git'))['ran'], after);
  });
});

describe('a submodule', () => {
  it('is in snapshots, landings, undo and rollback, and neither repository’s own state changes', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    submodule(box.root, 'libs/x', FILES);
    const status = git(box.root, 'status', '--porcelain');
    await wholeRound(box, 'libs/x', [join(box.root, '.git', 'modules')]);
    assert.equal(git(box.root, 'status', '--porcelain'), status);
  });

  it('that is dirty, or at another commit, is as it is on disk', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    const inner = submodule(box.root, 'libs/x', FILES);
    put(inner, 'x.txt', 'committed\n');
    commitAll(inner);
    putAll(inner, { 'x.txt': 'dirty\n', 'untracked.txt': 'u\n' });
    const status = git(box.root, 'status', '--porcelain');
    await wholeRound(box, 'libs/x', [join(box.root, '.git', 'modules')]);
    assert.equal(git(box.root, 'status', '--porcelain'), status);
  });

  it('that is not checked out stays what it is, and its files are seen when it is', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    submodule(box.root, 'libs/x', FILES);
    git(box.root, 'submodule', '--quiet', 'deinit', '--force', 'libs/x');
    const at = await fieldIn(box);
    assert.equal(treeState(box.repo, at.snapshot.commit)['libs/x'], 'repository ');
    await at.landed('one', { 'a.txt': 'agent\n' });
    git(box.root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init');
    await at.landed('two', { 'libs/x/x.txt': 'agent\n' }, await at.now());
    // What began before it was there still fits.
    await at.landed('three', { 'b.txt': 'b\n' });
    assert.deepEqual(await seen(box), folderState(box.root));
    const before = folderState(box.root);
    const { left } = await back(at, at.snapshot);
    assert.deepEqual(left, ['libs/x']);
    const { 'b.txt': made, ...rest } = before;
    assert.equal(made, 'file b\n');
    assert.deepEqual(folderState(box.root), { ...rest, 'a.txt': 'file a\n' });
  });

  it('in the middle of a conflict about its commit does not stop a snapshot', async () => {
    const box = await sandbox({ 'a.txt': 'a\n' });
    const inner = submodule(box.root, 'x', FILES);
    await seen(box);
    const at = (branch: string, text: string) => {
      git(box.root, 'checkout', '--quiet', '-b', branch, 'main');
      git(inner, 'checkout', '--quiet', '-B', branch, 'origin/main');
      put(inner, 'x.txt', text);
      commitAll(inner);
      commitAll(box.root);
    };
    at('one', 'one\n');
    at('two', 'two\n');
    assert.throws(() => git(box.root, 'merge', 'one'));
    assert.match(git(box.root, 'status', '--porcelain'), /^UU x/m);
    assert.deepEqual(await seen(box), folderState(box.root));
  });
});

describe('a linked worktree of the person’s inside the workspace', () => {
  it('is a folder with its files', async () => {
    const box = await sandbox(FILES);
    git(box.root, 'worktree', 'add', '--quiet', 'trees/other', '-b', 'other');
    put(box.root, 'trees/other/x.txt', 'other\n');
    await wholeRound(box, 'trees/other', []);
    assert.deepEqual(await seen(box), folderState(box.root));
  });
});
