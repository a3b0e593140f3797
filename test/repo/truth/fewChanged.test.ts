/** Few changed files beside a large index: the tree is the one that git makes when they are added to it, and the index stays as it is. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { array, asyncProperty, assert as check, constantFrom, tuple } from 'fast-check';
import { takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { lookUp, treeOf } from '../../../src/repo/trees';
import { treeOfFewChanged } from '../../../src/repo/truth/fewChanged';
import { treeAsBefore } from '../../../src/repo/truth/indexTree';
import { countingClock } from '../../support/clock';
import { editor } from '../../support/editor';
import { nest } from '../../support/nested';
import { NEVER, valued } from '../../support/result';
import { blobOf, commitAll, type Files, type Given, git, opened, put, putAll, type Sandbox, sandbox } from '../../support/sandbox';

const clock = countingClock();

async function snapped({ repo, root }: Sandbox): Promise<string> {
  const { commit } = valued(await takeSnapshot(repo, editor(root), { label: 'Test', clock }, NEVER));
  return valued(await treeOf(repo, commit));
}

/** The tree by few files, and by adding all to an index like ours, as git does it alone. */
async function both({ repo, root }: Sandbox): Promise<{ few: string | undefined; gits: string }> {
  const before = await treeAsBefore(repo, repo.top);
  assert.ok(before !== undefined);
  const few = await treeOfFewChanged(repo, { part: repo.top, apart: [], tree: before.tree }, NEVER);
  const env = { ...process.env, GIT_INDEX_FILE: join(repo.stateDir, 'index.test') };
  copyFileSync(repo.top.index, env.GIT_INDEX_FILE);
  execFileSync('git', ['add', '--all', '--sparse'], { cwd: root, env, stdio: 'ignore' });
  return { few, gits: execFileSync('git', ['write-tree'], { cwd: root, env, encoding: 'utf8' }).trim() };
}

async function same(box: Sandbox): Promise<void> {
  const { few, gits } = await both(box);
  assert.equal(few, gits);
}

/** Ready for changes: with a private index whose tree is known. */
async function ready(files: Files, prepare: (root: string) => void = () => undefined): Promise<Sandbox> {
  const box = await sandbox();
  prepare(box.root);
  putAll(box.root, files);
  commitAll(box.root);
  await snapped(box);
  return box;
}

describe('few changed files', () => {
  it('are stored as git stores them: new ones, deleted ones, links, modes, and none', async () => {
    const box = await ready({ a: 'one', 'b/c': 'two', 'b/d': { link: 'c' }, e: { run: 'three' }, 'f/g/h': 'deep' });
    await same(box);
    putAll(box.root, {
      a: { run: 'one' },
      'b/c': null,
      'b/d': 'no link',
      e: null,
      'f/g/h': null,
      'new/ünï "q"': 'new',
      l: { link: 'gone' },
    });
    await same(box);
    putAll(box.root, { b: null, a: null, 'a/b': 'where a file was', f: 'where a folder was' });
    await same(box);
  });

  it('go by the rules of the whole: what is ignored, how lines end, attributes that are not on disk', async () => {
    const crlf = 'one\r\ntwo\r\n';
    const box = await ready({ 'kept.txt': crlf, 'plain.txt': 'one\n', '.gitattributes': '*.lf text eol=lf\n', 'x.lf': 'one\n' }, (root) => {
      // What has CRLF inside already keeps it; what is new does not get it.
      git(root, 'config', 'core.autocrlf', 'false');
    });
    git(box.root, 'config', 'core.autocrlf', 'true');
    putAll(box.root, {
      'kept.txt': `${crlf}three\r\n`,
      'plain.txt': crlf,
      'new.txt': crlf,
      'x.lf': crlf,
      '.gitignore': '*.log\n',
      'no.log': 'x',
    });
    await same(box);
    put(box.root, '.gitattributes', null);
    await same(box);
    git(box.root, 'add', '--force', 'no.log');
    await snapped(box);
    put(box.root, 'no.log', 'tracked, and ignored');
    await same(box);
    put(box.root, 'no.log', null);
    await same(box);
  });

  it('are left to git where they are many, or long, or no plain files', async () => {
    const box = await ready({ a: 'one', 'b/c': 'two' });
    const left = async () => (await both(box)).few;
    const many = Array.from({ length: 33 }, (_, file) => [`many/${file}`, `${file}`] as const);
    putAll(box.root, Object.fromEntries(many));
    assert.equal(await left(), undefined);
    put(box.root, 'many', null);
    put(box.root, 'long', Buffer.alloc((1 << 20) + 1));
    assert.equal(await left(), undefined);
    put(box.root, 'long', null);
    put(box.root, 'b', null);
    // What was in the folder lies behind a link now, which git adds nothing behind.
    mkdirSync(join(box.root, '../elsewhere'), { recursive: true });
    symlinkSync('../elsewhere', join(box.root, 'b'));
    assert.equal(await left(), undefined);
    put(box.root, 'b', null);
    await same(box);
    nest(box.root, 'inner', { x: 'x' });
    assert.equal(await left(), undefined);
  });

  it('are left to git, which fails by its name, where it cannot look into a folder', async () => {
    const box = await ready({ a: 'one' });
    // No path may be so long: nobody can look into the innermost folders by their paths.
    const name = 'd'.repeat(250);
    const made = 'for (let depth = 0; depth < 18; depth++) { fs.mkdirSync(process.argv[1]); process.chdir(process.argv[1]); }';
    execFileSync(process.execPath, ['-e', `${made} fs.writeFileSync('deep', '');`, name], { cwd: box.root });
    try {
      const { tree } = (await treeAsBefore(box.repo, box.repo.top)) ?? { tree: '' };
      assert.equal(await treeOfFewChanged(box.repo, { part: box.repo.top, apart: [], tree }, NEVER), undefined);
    } finally {
      execFileSync('rm', ['-rf', name], { cwd: box.root });
    }
  });

  it('are what git makes of them after any edits', async () => {
    const path = constantFrom('a', 'b', 'a/x', 'a/y', 'b/x/z', 'd e', 'A"', '.gitattributes', 'a/.gitignore');
    const given = constantFrom<() => Given>(
      () => 'one\n',
      () => 'x text\r\n',
      () => null,
      () => ({ run: 'one\n' }),
      () => ({ link: 'a' }),
    );
    let [few, all] = [0, 0];
    await check(
      asyncProperty(array(array(tuple(path, given), { maxLength: 4 }), { minLength: 2, maxLength: 4 }), async (rounds) => {
        const box = await ready({ begin: 'ning' });
        for (const edits of rounds) {
          for (const [at, make] of edits) {
            // A link or file in the way of a folder goes first.
            const [top = ''] = at.split('/');
            if (at.includes('/') || edits.some(([other]) => other.startsWith(`${at}/`))) put(box.root, top, null);
            put(box.root, at, make());
          }
          const trees = await both(box);
          all++;
          if (trees.few === undefined) continue;
          few++;
          assert.equal(trees.few, trees.gits);
        }
      }),
      { numRuns: 15 },
    );
    assert.ok(few > all / 2, `${few} of ${all}`);
  });

  it('leave a large index as it is, and are forgotten when they are as they were', async () => {
    const box = await sandbox();
    const files = Array.from(
      { length: 12_000 },
      (_, at) => `M 100644 inline a-folder-with-many-files/f${at % 60}/file${at}\ndata ${String(at).length}\n${at}\n`,
    );
    const stream = `commit refs/heads/main\ncommitter P <p@localhost> 1700000000 +0000\ndata 0\n${files.join('')}done\n`;
    execFileSync('git', ['fast-import', '--quiet', '--done'], { cwd: box.root, input: stream });
    git(box.root, 'reset', '--quiet', '--hard');
    const first = await snapped(box);
    const index = () => readFileSync(box.repo.top.index);
    const before = index();
    const texts = async (tree: string, paths: string[]) => {
      const found = valued(await lookUp(box.repo, tree, paths));
      return paths.map((path) => {
        const entry = found.get(path);
        return entry === undefined || entry === 'folder' ? entry : blobOf(box.repo, entry.blob).toString();
      });
    };
    const at = (path: string) => `a-folder-with-many-files/${path}`;
    putAll(box.root, { [at('f1/file1')]: 'changed', [at('f2/new')]: 'new', [at('f3/file3')]: null });
    const changed = await snapped(box);
    assert.deepEqual(index().equals(before), true);
    assert.deepEqual(await texts(changed, ['f1/file1', 'f2/new', 'f3/file3', 'f4/file4'].map(at)), ['changed', 'new', undefined, '4']);
    putAll(box.root, { [at('f1/file1')]: '1', [at('f2/new')]: null, [at('f3/file3')]: '3' });
    assert.equal(await snapped({ ...box, repo: await opened(box.root) }), first);
    // The person's own index counts more than what ours knows.
    put(box.root, at('f1/file1'), 'staged');
    git(box.root, 'add', '--all');
    assert.deepEqual(await texts(await snapped(box), [at('f1/file1')]), ['staged']);
    assert.deepEqual(index().equals(before), false);
  });
});
