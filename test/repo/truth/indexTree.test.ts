/** The tree of a private index: whichever way it is made, the same that git makes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { array, asyncProperty, assert as check, constantFrom, tuple } from 'fast-check';
import { takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { treeOf } from '../../../src/repo/trees';
import { countingClock } from '../../support/clock';
import { editor } from '../../support/editor';
import { NEVER, valued } from '../../support/result';
import { commitAll, type Given, git, put, type Sandbox, sandbox } from '../../support/sandbox';

const clock = countingClock();

async function treeNow({ repo, root }: Sandbox): Promise<string> {
  const { commit } = valued(await takeSnapshot(repo, editor(root), { label: 'Test', clock }, NEVER));
  return valued(await treeOf(repo, commit));
}

/** What git makes of the work tree in an index of its own, from nothing. */
function gitsTree({ repo, root }: Sandbox): string {
  const env = { ...process.env, GIT_INDEX_FILE: join(repo.stateDir, 'index.test') };
  rmSync(env.GIT_INDEX_FILE, { force: true });
  execFileSync('git', ['add', '--all'], { cwd: root, env, stdio: 'ignore' });
  return execFileSync('git', ['write-tree'], { cwd: root, env, encoding: 'utf8' }).trim();
}

async function same(box: Sandbox): Promise<void> {
  assert.equal(await treeNow(box), gitsTree(box));
}

describe('the tree of an index', () => {
  it('is the same again where nothing changed, and empty where nothing is left', async () => {
    const box = await sandbox({ a: 'one', 'b/c': 'two' });
    const first = await treeNow(box);
    assert.equal(await treeNow(box), first);
    put(box.root, 'a', null);
    put(box.root, 'b', null);
    await same(box);
    put(box.root, 'b', 'back, as a file');
    await same(box);
  });

  it('follows files that become folders, and folders that become files', async () => {
    const box = await sandbox({ a: 'file', 'b/c/d': 'deep', e: 'other' });
    await treeNow(box);
    put(box.root, 'a', null);
    put(box.root, 'a/b', 'in a folder now');
    put(box.root, 'b', 'a file now');
    await same(box);
  });

  it('has names as they are: quotes, line ends, and bytes that are no text', async () => {
    const box = await sandbox({ a: 'one' });
    await treeNow(box);
    for (const name of ['q"u\\o\tte', 'two\nlines', 'ünï']) put(box.root, `dir/${name}`, name);
    await same(box);
    if (process.platform === 'linux') {
      writeFileSync(Buffer.concat([Buffer.from(`${box.root}/latin-`), Buffer.from([0xe9])]), 'latin');
      await same(box);
    }
  });

  it('has more changes than are worth counting', async () => {
    const box = await sandbox({ a: 'one' });
    await treeNow(box);
    for (let file = 0; file < 250; file++) put(box.root, `many/${file}`, `${file}`);
    await same(box);
    put(box.root, 'many/7', null);
    await same(box);
  });

  it('follows a submodule that is not checked out', async () => {
    const box = await sandbox({ a: 'one' });
    put(box.root, 'a', 'two');
    commitAll(box.root);
    mkdirSync(join(box.root, 'inner'));
    for (const commit of ['HEAD', 'HEAD~1']) {
      git(box.root, 'update-index', '--add', '--cacheinfo', `160000,${git(box.root, 'rev-parse', commit).trim()},inner`);
      git(box.root, 'config', 'submodule.inner.ignore', 'all');
      git(box.root, 'config', 'diff.ignoreSubmodules', 'all');
      assert.equal(await treeNow(box), git(box.root, 'write-tree').trim());
    }
  });

  it('does not need the tree of the last time', async () => {
    const box = await sandbox({ a: 'one' });
    await treeNow(box);
    put(box.root, 'a', 'two');
    writeFileSync(join(box.repo.stateDir, 'index.tree'), '0123456789012345678901234567890123456789');
    await same(box);
    put(box.root, 'a', 'three');
    writeFileSync(join(box.repo.stateDir, 'index.tree'), '--output=x');
    await same(box);
  });

  it('is what git makes after any edits', async () => {
    const path = constantFrom('a', 'b', 'a/x', 'a/y', 'b/x/z', 'd e', 'A"');
    const given = constantFrom<() => Given>(
      () => 'one\n',
      () => 'two\r\n',
      () => null,
      () => ({ run: 'one\n' }),
      () => ({ link: 'a' }),
    );
    await check(
      asyncProperty(array(array(tuple(path, given), { maxLength: 4 }), { minLength: 2, maxLength: 4 }), async (rounds) => {
        const box = await sandbox({ begin: 'ning' });
        for (const edits of rounds) {
          for (const [at, make] of edits) {
            // A link or file in the way of a folder goes first.
            const [top = ''] = at.split('/');
            put(box.root, top, null);
            put(box.root, at, make());
          }
          await same(box);
        }
      }),
      { numRuns: 12 },
    );
  });
});
