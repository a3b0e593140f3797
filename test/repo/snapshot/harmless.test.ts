/** What Weft must never touch: HEAD, the index, branches, the stash, hooks, and the times of unchanged files. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beginChain, land } from '../../../src/repo/land/land';
import { rollBack } from '../../../src/repo/snapshot/rollback';
import { takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { countingClock } from '../../support/clock';
import { editor } from '../../support/editor';
import { changesetOf } from '../../support/gatedWorker';
import { NEVER, valued } from '../../support/result';
import { commitAll, git, opened, put, putAll, type Sandbox, sandbox } from '../../support/sandbox';
import { theirs, times } from '../../support/theirs';

/** A repository in use: a branch, a stash, staged and unstaged changes. */
async function inUse(): Promise<Sandbox> {
  const box = await sandbox({ 'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'c\n' });
  git(box.root, 'branch', 'other');
  git(box.root, 'tag', 'v1');
  put(box.root, 'a.txt', 'stashed\n');
  git(box.root, 'stash', 'push', '--quiet');
  put(box.root, 'b.txt', 'staged\n');
  git(box.root, 'add', 'b.txt');
  putAll(box.root, { 'b.txt': 'staged, then changed\n', 'new.txt': 'new\n' });
  return box;
}

/** A snapshot, a landing in c.txt, and the way back. */
async function wholeRound({ root, repo }: Sandbox) {
  const clock = countingClock();
  const workspace = editor(root);
  const snapshot = valued(await takeSnapshot(repo, workspace, { label: 'Test', clock }, NEVER));
  valued(await beginChain(repo, 'r1', snapshot.commit));
  const { commit } = await changesetOf(repo, snapshot.commit, { 'c.txt': 'agent\n', 'added/d.txt': 'agent\n' });
  const incoming = { run: 'r1', task: 'one', title: 'One', intent: 'land' as const, base: snapshot.commit, theirs: commit ?? '' };
  const landed = valued(await land({ repo, workspace, clock, titleOf: (task) => task }, incoming, NEVER));
  assert.equal(landed.kind, 'landed');
  const during = times(root);
  valued(await rollBack(repo, workspace, { snapshot, clock }, NEVER));
  return during;
}

describe('a snapshot, a landing and a rollback', () => {
  it('leave HEAD, index, branches, stash and status as they were, and unchanged files untouched', async () => {
    const box = await inUse();
    const before = theirs(box.root);
    const { 'c.txt': timeBefore, ...rest } = times(box.root);
    const { 'c.txt': timeDuring, 'added/d.txt': added, ...restDuring } = await wholeRound(box);
    assert.ok(timeBefore !== undefined && timeDuring !== undefined && added !== undefined);
    assert.deepEqual(restDuring, rest);
    const { 'c.txt': timeAfter, ...restAfter } = times(box.root);
    assert.ok(timeAfter !== undefined);
    assert.deepEqual(restAfter, rest);
    assert.deepEqual(theirs(box.root), before);
  });

  it('write no shared index where the person splits theirs', async () => {
    const box = await inUse();
    git(box.root, 'config', 'core.splitIndex', 'true');
    git(box.root, 'update-index', '--split-index');
    const before = theirs(box.root);
    assert.ok(before.files.some((name) => name.startsWith('sharedindex.')));
    await wholeRound(box);
    assert.deepEqual(theirs(box.root), before);
  });

  it('work while the person’s git holds the lock of the index, and leave the lock', async () => {
    const box = await inUse();
    const lock = join(box.root, '.git', 'index.lock');
    writeFileSync(lock, '');
    await wholeRound(box);
    assert.ok(existsSync(lock));
  });

  it('run no hook, and sign nothing', async () => {
    const box = await inUse();
    const marker = join(box.root, '.git', 'hook-ran');
    const hook = `#!/bin/sh\necho "$0" >> "${marker}"\nexit 1\n`;
    const hooks = ['reference-transaction', 'post-index-change', 'pre-commit', 'post-commit', 'post-checkout', 'pre-merge-commit'];
    mkdirSync(join(box.root, '.git', 'hooks'));
    for (const name of hooks) {
      writeFileSync(join(box.root, '.git', 'hooks', name), hook);
      chmodSync(join(box.root, '.git', 'hooks', name), 0o755);
    }
    git(box.root, 'config', 'commit.gpgSign', 'true');
    git(box.root, 'config', 'gpg.program', join(box.root, '.git', 'hooks', 'pre-commit'));
    git(box.root, 'config', 'core.fsmonitor', join(box.root, '.git', 'hooks', 'pre-commit'));
    await wholeRound(box);
    assert.ok(!existsSync(marker), existsSync(marker) ? readFileSync(marker, 'utf8') : '');
  });

  it('leave no file of theirs in the folder, and their state outside what git shows', async () => {
    const box = await inUse();
    await wholeRound(box);
    assert.equal(git(box.root, 'status', '--porcelain', '--ignored'), 'MM b.txt\n?? new.txt\n');
    assert.equal(git(box.root, 'branch', '--all', '--format=%(refname)'), 'refs/heads/main\nrefs/heads/other\n');
    assert.ok(box.repo.stateDir.startsWith(join(box.root, '.git', 'weft')));
  });

  it('are all on refs, so that nothing of them is lost when git collects garbage', async () => {
    const box = await inUse();
    await wholeRound(box);
    git(box.root, 'reflog', 'expire', '--expire=now', '--all');
    git(box.root, 'gc', '--quiet', '--prune=now');
    const refs = git(box.root, 'for-each-ref', '--format=%(refname)', 'refs/weft/').trim().split('\n');
    // The last landing's stays, for the next one.
    const kinds = refs.map((ref) => ref.slice(box.repo.refs.length).replace(/^(runs|snapshots)\/.*?(\/|$)/, '$1 '));
    assert.deepEqual(kinds, ['landing', 'runs chain', 'snapshots ', 'snapshots ']);
    for (const ref of refs) git(box.root, 'rev-list', '--objects', ref);
    assert.equal(git(box.root, 'fsck', '--no-dangling'), '');
    const again = { root: box.root, repo: await opened(box.root) };
    valued(await takeSnapshot(again.repo, editor(box.root), { label: 'Later', clock: countingClock(2e6) }, NEVER));
  });

  it('do not disturb the commits that the person makes in between', async () => {
    const box = await inUse();
    await wholeRound(box);
    commitAll(box.root, 'Theirs');
    await wholeRound(box);
    assert.equal(git(box.root, 'log', '-1', '--format=%an %s'), 'Person Theirs\n');
    assert.equal(git(box.root, 'status', '--porcelain'), '');
  });
});
