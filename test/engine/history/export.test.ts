/** Handing a run on as a branch. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NO_INCLUDE } from '../../../src/domain/include';
import { exportRun } from '../../../src/engine/history/export';
import { reverse } from '../../../src/engine/history/undo';
import { landPortsOf } from '../../../src/engine/landing/landing';
import { exportBranch } from '../../../src/repo/history/export';
import { openRepository } from '../../../src/repo/repository';
import { finished, finishedIn, lines } from '../../support/finished';
import { failed, NEVER, valued } from '../../support/result';
import type { Rig } from '../../support/run';
import {
  commitAll,
  folderState,
  git,
  opened,
  openedTogether,
  put,
  putAll,
  sandbox,
  temporaryFolder,
  treeState,
} from '../../support/sandbox';

const known = (root: string) => {
  git(root, 'config', 'user.name', 'Ada');
  git(root, 'config', 'user.email', 'ada@example.org');
};
const handOn = (box: Rig, branch: string, withEdits = false) => exportRun(box.run.record.state, box.repo, { branch, withEdits }, NEVER);
const logOf = (root: string, branch: string) => git(root, 'log', '--reverse', '--format=%an <%ae> %cn: %s', branch).trim().split('\n');

/** Two tasks, and the person's edits before the run, and in its midst. */
async function withEdits(): Promise<Rig> {
  const box = await sandbox({ x: lines(), y: 'y\n' });
  known(box.root);
  put(box.root, 'x', lines({ 20: 'not committed' }));
  put(box.root, 'secret', 'not tracked\n');
  return finishedIn(
    box,
    { a: { x: lines({ 2: 'A', 20: 'not committed' }) }, b: { y: null, new: 'B\n' } },
    { a: { x: lines({ 2: 'A', 10: 'between', 20: 'not committed' }) } },
    { summary: 'Did it in one line.' },
  );
}

describe('a branch from a run', () => {
  it('has a commit for each task, without what the person had not committed, and leaves everything else alone', async () => {
    const box = await withEdits();
    const look = () => [
      git(box.root, 'status', '--porcelain'),
      git(box.root, 'rev-parse', 'HEAD'),
      git(box.root, 'symbolic-ref', 'HEAD'),
      git(box.root, 'ls-files', '--stage'),
      git(box.root, 'stash', 'list'),
      JSON.stringify(folderState(box.root)),
    ];
    const before = look();
    const branch = valued(await handOn(box, 'work/from-run'));
    assert.deepEqual(look(), before);
    assert.deepEqual(branch.commits, ['Task a', 'Task b']);
    assert.deepEqual(logOf(box.root, 'work/from-run'), [
      'Person <person@localhost> Person: All',
      'Ada <ada@example.org> Ada: Did it in one line.',
      'Ada <ada@example.org> Ada: Did it in one line.',
    ]);
    assert.deepEqual(treeState(box.repo, 'work/from-run'), { new: 'file B\n', x: `file ${lines({ 2: 'A' })}` });
  });

  it('has the person’s edits as commits of their own where they are wanted', async () => {
    const box = await withEdits();
    valued(await handOn(box, 'all', true));
    assert.deepEqual(
      logOf(box.root, 'all').map((row) => row.replace(/^.*: /, '')),
      ['All', 'Work before the run', 'Did it in one line.', 'Edits during the run', 'Did it in one line.'],
    );
    assert.deepEqual(treeState(box.repo, 'all'), folderState(box.root));
  });

  it('leaves out what is undone, whole or in part, and begins where the run began', async () => {
    const box = await sandbox({ x: lines() });
    known(box.root);
    const run = await finishedIn(box, { a: { x: lines({ 2: 'A', 12: 'A' }) }, b: { b: 'B\n' }, c: { c: 'C\n' } });
    const undo = (target: Parameters<typeof reverse>[2]['target']) =>
      reverse(run.run.record, landPortsOf(run.run.record, run), { intent: 'undo', target }, NEVER);
    valued(await undo({ of: 'part', task: 'a', path: 'x', hunk: 2 }));
    valued(await undo({ of: 'task', task: 'b' }));
    commitAll(box.root, 'Later');
    assert.deepEqual(valued(await handOn(run, 'part')).commits, ['Task a', 'Task c']);
    assert.deepEqual(treeState(box.repo, 'part'), { c: 'file C\n', x: `file ${lines({ 2: 'A' })}` });
    assert.equal(git(box.root, 'rev-parse', 'part~2'), git(box.root, 'rev-parse', 'HEAD~1'));
  });

  it('takes a long summary below the title', async () => {
    const box = await sandbox({ x: 'x' });
    known(box.root);
    const run = await finishedIn(box, { a: { y: 'y' } }, {}, { summary: 'First line.\n\nMore of it.' });
    valued(await handOn(run, 'long'));
    assert.equal(git(box.root, 'log', '-1', '--format=%B', 'long').trim(), 'Task a\n\nFirst line.\n\nMore of it.');
  });

  it('and its landings leave NUL out of what git is told, which older runs may have in their titles', async () => {
    const box = await sandbox({ x: 'x' });
    known(box.root);
    const odd = { plan: { goal: 'A\0 goal' }, fields: { a: { title: 'Ti\0tle' } }, summary: 'Sum\0mary' };
    const run = await finishedIn(box, { a: { y: 'y' } }, {}, odd);
    assert.deepEqual(run.stages(), { a: 'landed' });
    valued(await handOn(run, 'odd'));
    assert.equal(git(box.root, 'log', '-1', '--format=%B', 'odd').trim(), 'Summary');
  });

  it('of a sub-folder keeps what is beside it', async () => {
    const root = temporaryFolder();
    git(root, 'init', '--quiet', '--initial-branch=main');
    known(root);
    putAll(root, { 'deep/dir/x': 'x\n', 'deep/beside': 'b\n', top: 't\n' });
    commitAll(root);
    mkdirSync(join(root, 'other'));
    const run = await finishedIn({ root: join(root, 'deep/dir'), repo: await opened(join(root, 'deep/dir')) }, { a: { 'more/y': 'Y\n' } });
    valued(await handOn(run, 'sub'));
    assert.equal(git(root, 'ls-tree', '-r', '--name-only', 'sub'), 'deep/beside\ndeep/dir/more/y\ndeep/dir/x\ntop\n');
    const fresh = await finishedIn({ root: join(root, 'other'), repo: await opened(join(root, 'other')) }, { a: { y: 'Y\n' } });
    valued(await handOn(fresh, 'fresh'));
    assert.equal(git(root, 'diff', '--name-only', 'main', 'fresh'), 'other/y\n');
  });

  it('leaves out, and names, what tasks did in a repository inside the workspace', async () => {
    const box = await sandbox({ x: 'x\n' });
    known(box.root);
    put(box.root, 'inner/y', 'y\n');
    git(join(box.root, 'inner'), 'init', '--quiet');
    commitAll(join(box.root, 'inner'));
    git(box.root, 'add', 'inner');
    git(box.root, 'commit', '--quiet', '--message', 'With a repository inside');
    put(box.root, 'x', 'mine\n');
    const run = await finishedIn(box, { a: { 'inner/y': 'Y\n', z: 'Z\n' }, b: { 'inner/new': 'new\n' } });
    const branch = valued(await handOn(run, 'outer'));
    assert.deepEqual(branch, { name: 'outer', tip: branch.tip, commits: ['Task a'], leftOut: ['inner/new', 'inner/y'], ignored: [] });
    assert.deepEqual(treeState(box.repo, 'outer'), { inner: 'repository ', x: 'file x\n', z: 'file Z\n' });
    valued(await handOn(run, 'mine', true));
    assert.deepEqual(treeState(box.repo, 'mine'), { inner: 'repository ', x: 'file mine\n', z: 'file Z\n' });
  });

  it('leaves out, and names, what git ignores: a branch is made to be pushed, and secrets are not', async () => {
    const { root } = await sandbox({ '.gitignore': '.env\nkept\n*.log\n', x: 'x\n' });
    known(root);
    put(root, 'kept', 'k\n');
    git(root, 'add', '--force', 'kept');
    git(root, 'commit', '--quiet', '--message', 'Ignored, and committed');
    put(root, '.env', 'KEY=1\n');
    const repo = valued(await openRepository(root, () => ({ ...NO_INCLUDE, globs: ['.env'] })));
    const run = await finishedIn({ root, repo }, { a: { '.env': 'KEY=2\n', kept: 'K\n', 'out.log': 'log\n', z: 'Z\n' } });
    for (const withEdits of [false, true]) {
      const branch = valued(await handOn(run, `edits-${withEdits}`, withEdits));
      assert.deepEqual([branch.commits, branch.ignored], [['Task a'], ['.env', 'out.log']]);
      assert.deepEqual(treeState(repo, branch.tip), {
        '.gitignore': 'file .env\nkept\n*.log\n',
        kept: 'file K\n',
        x: 'file x\n',
        z: 'file Z\n',
      });
    }
    await repo.objects.dispose();
  });

  it('is refused where it cannot be made, and makes none', async () => {
    const box = await withEdits();
    const refused = async (branch: string) => failed(await handOn(box, branch)).message;
    assert.equal(await refused('main'), 'There is a branch “main” already.');
    for (const bad of ['', 'a..b', '-x', 'HEAD', '@', 'a b', 'x.lock', '@{-1}', '/x', 'x/', '.x', 'a~1', 'a:b'])
      assert.equal(await refused(bad), `“${bad}” is no name that git takes for a branch.`);
    const whole = failed(await handOn(box, 'refs/heads/x'));
    assert.deepEqual(whole, {
      kind: 'input',
      message: '“refs/heads/x” is the whole name of a ref, and a branch is called without refs/heads/.',
      fix: 'Give it as x.',
    });
    for (const ref of ['refs/heads/', 'refs/tags/x']) assert.match(await refused(ref), /is the whole name of a ref/);
    git(box.root, 'branch', 'deep/er/one');
    for (const [name, taken] of [
      ['main/sub', 'main'],
      ['deep', 'deep/er/one'],
      ['deep/er', 'deep/er/one'],
      ['deep/er/one/x/y', 'deep/er/one'],
    ])
      assert.equal(await refused(name ?? ''), `There is a branch “${taken}”, and git has none called “${name}” beside it.`);
    git(box.root, 'branch', '--delete', 'deep/er/one');
    git(box.root, 'config', '--unset', 'user.email');
    assert.match(failed(await handOn(box, 'anonymous')).fix, /user\.email/);
    assert.equal(git(box.root, 'branch', '--format=%(refname:short)'), 'main\n');
  });

  it('is refused by task and file where the work stands on what was not committed', async () => {
    const box = await sandbox({ x: lines() });
    known(box.root);
    put(box.root, 'x', lines({ 2: 'not committed' }));
    const run = await finishedIn(box, { a: { x: lines({ 2: 'not committed, by A' }) } });
    const failure = failed(await handOn(run, 'not'));
    assert.equal(failure.message, '“Task a” does not fit on top of what was committed: x had changes that are not in the branch.');
    assert.match(failure.fix, /--include-edits/);
    assert.equal(git(box.root, 'branch', '--format=%(refname:short)'), 'main\n');
    valued(await handOn(run, 'with', true));
    assert.deepEqual(treeState(box.repo, 'with'), folderState(box.root));
  });

  it('is refused of several folders together, whatever repositories they are in', async () => {
    const folders = [(await sandbox({ x: 'x' })).root, (await sandbox({ y: 'y' })).root];
    const repo = await openedTogether(folders);
    const failure = failed(await exportBranch(repo, { name: 'b', from: undefined, changes: [] }, NEVER));
    assert.equal(failure.message, `This run spans several folders, and a branch is one repository’s.`);
  });

  it('is refused without git, without a commit, and of a run that left nothing', async () => {
    const root = temporaryFolder();
    put(root, 'x', 'x');
    const plain = await finishedIn({ root, repo: await opened(root) }, { a: { y: 'y' } });
    assert.match(failed(await handOn(plain, 'b')).message, /is in no git repository/);
    const box = await finished({}, { a: { y: 'y' } });
    assert.equal(failed(await handOn(box, 'b')).message, 'There is no commit that a branch could begin from.');
    valued(await reverse(box.run.record, landPortsOf(box.run.record, box), { intent: 'undo', target: { of: 'run' } }, NEVER));
    assert.match(failed(await handOn(box, 'b')).message, /No task of “A goal” is in the workspace/);
  });
});
