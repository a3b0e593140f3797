/** Opening a folder: which repository holds its states, and what stands in the way. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { keyOf, openRepository, readRef, writeRef } from '../../src/repo/repository';
import { rollBack } from '../../src/repo/snapshot/rollback';
import { listSnapshots, takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { countingClock } from '../support/clock';
import { editor } from '../support/editor';
import { dotGitState } from '../support/nested';
import { failed, NEVER, valued } from '../support/result';
import { commitAll, folderState, git, opened, put, putAll, sandbox, temporaryFolder, treeState } from '../support/sandbox';
import { skipFor } from '../support/skip';

describe('opening a folder', () => {
  it('is the same through a link, and keeps state beside the person’s in .git', async () => {
    const box = await sandbox({ a: 'a' });
    const link = join(temporaryFolder(), 'link');
    symlinkSync(box.root, link);
    const again = await opened(link);
    assert.deepEqual([again.root, again.refs, again.stateDir], [box.root, box.repo.refs, box.repo.stateDir]);
    assert.deepEqual([box.repo.own, box.repo.top.prefix], [false, '']);
    assert.ok(box.repo.stateDir.startsWith(join(box.root, '.git', 'weft')));
  });

  it('keeps the states of several roots of one repository apart', async () => {
    const box = await sandbox({ 'one/a': 'a', 'two/b': 'b' });
    const roots = await Promise.all(['one', 'two', ''].map((path) => opened(join(box.root, path))));
    assert.equal(new Set(roots.map((repo) => repo.refs)).size, 3);
    assert.deepEqual(
      roots.map((repo) => repo.top.prefix),
      ['one/', 'two/', ''],
    );
  });

  it('works in a repository whose objects have longer names', async () => {
    const root = temporaryFolder();
    git(root, 'init', '--quiet', '--object-format=sha256');
    const repo = await opened(root);
    assert.equal(repo.zero.length, 64);
  });

  it('refuses what is git’s own: .git, a bare repository, and a folder that has one for its work trees', async () => {
    const box = await sandbox({ a: 'a' });
    const project = temporaryFolder();
    const bare = join(project, 'store');
    git(project, 'init', '--quiet', '--bare', 'store');
    put(project, '.git', 'gitdir: ./store\n');
    const worktree = join(project, 'main');
    const empty = git(bare, 'hash-object', '-t', 'tree', '-w', '/dev/null').trim();
    git(project, 'worktree', 'add', '--quiet', worktree, git(bare, 'commit-tree', '-m', 'First', empty).trim());
    const cases = [
      [join(box.root, '.git'), 'is inside .git,'],
      [join(box.root, '.git', 'hooks'), 'is inside .git,'],
      [bare, `is inside the bare repository ${bare},`],
      [join(bare, 'hooks'), `is inside the bare repository ${bare},`],
      [project, `has the bare repository ${bare} in it,`],
    ] as const;
    for (const [folder, why] of cases) {
      mkdirSync(folder, { recursive: true });
      const { kind, message } = failed(await openRepository(folder));
      assert.deepEqual([kind, message], ['input', `${folder} ${why} and Weft and its agents never touch git’s own files.`]);
    }
    assert.equal((await opened(worktree)).own, false);
  });

  it('that has become a repository since goes on with what was there, by the repository’s rules', async () => {
    const root = temporaryFolder();
    putAll(root, { 'a.txt': 'a\n', 'node_modules/m.js': 'm\n' });
    const clock = countingClock();
    const snapshot = async () => {
      const repo = await opened(root);
      return { repo, snapshot: valued(await takeSnapshot(repo, editor(root), { label: 'Test', clock }, NEVER)) };
    };
    const before = await snapshot();
    git(root, 'init', '--quiet', '--template=');
    putAll(root, { '.gitignore': '*.log\nnode_modules\n', 'b.log': 'l\n' });
    commitAll(root);
    const gitDir = dotGitState(join(root, '.git'));
    const after = await snapshot();
    assert.equal(after.repo.stateDir, before.repo.stateDir);
    assert.deepEqual(Object.keys(treeState(after.repo, after.snapshot.commit)), ['.gitignore', 'a.txt']);
    assert.deepEqual(
      valued(await listSnapshots(after.repo)).map(({ id }) => id),
      [after.snapshot.id, before.snapshot.id],
    );
    put(root, 'a.txt', 'later\n');
    valued(await rollBack(after.repo, editor(root), { snapshot: before.snapshot, clock }, NEVER));
    assert.deepEqual(folderState(root), { 'a.txt': 'file a\n', 'b.log': 'file l\n', 'node_modules/m.js': 'file m\n' });
    assert.deepEqual(dotGitState(join(root, '.git')), gitDir);
  });

  it('is not led elsewhere by variables of a hook that it runs in', async () => {
    const other = await sandbox({ a: 'a' });
    const root = temporaryFolder();
    process.env['GIT_DIR'] = join(other.root, '.git');
    process.env['GIT_INDEX_FILE'] = join(other.root, '.git', 'index');
    try {
      assert.equal((await opened(root)).own, true);
    } finally {
      delete process.env['GIT_DIR'];
      delete process.env['GIT_INDEX_FILE'];
    }
  });

  it('that is not there, or is a file, says so', async () => {
    const box = await sandbox({ file: 'f' });
    assert.match(failed(await openRepository(join(box.root, 'none'))).message, /^There is no folder .*none\.$/);
    assert.match(failed(await openRepository(join(box.root, 'file'))).message, /file is a file\.$/);
  });

  it('whose git directory leads Weft out of it, or nowhere, is refused before anything is written', async () => {
    const root = temporaryFolder();
    git(root, 'init', '--quiet');
    const key = keyOf(root);
    for (const place of ['weft', `weft/${key}`, 'refs/weft', `refs/weft/${key}`]) {
      const path = join(root, '.git', place);
      const away = temporaryFolder();
      const refused = async () => failed(await openRepository(root)).message;
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(away, path);
      assert.equal(await refused(), `${path} is a link that leads out of the repository, to ${away}; nothing was written.`);
      assert.deepEqual(readdirSync(away), []);
      rmSync(away, { recursive: true });
      assert.equal(await refused(), `${path} is a link that leads nowhere; nothing was written.`);
      rmSync(path);
      writeFileSync(path, '');
      assert.equal(await refused(), `${path} is a file; nothing was written.`);
      rmSync(path);
      // Where it stays inside, it is the person’s to arrange.
      const inside = join(root, '.git', 'kept');
      mkdirSync(inside, { recursive: true });
      symlinkSync(inside, path);
      await opened(root);
      rmSync(join(root, '.git', 'weft'), { recursive: true, force: true });
      rmSync(join(root, '.git', 'refs', 'weft'), { recursive: true, force: true });
      rmSync(inside, { recursive: true });
    }
  });

  it('of another user says what git wants to be told', async function () {
    if (process.getuid?.() !== 0) return skipFor(this, 'only root can give a folder to another user');
    const box = await sandbox({ a: 'a' });
    chownSync(box.root, 12_345, 12_345);
    chownSync(join(box.root, '.git'), 12_345, 12_345);
    const failure = failed(await openRepository(box.root));
    assert.equal(failure.message, 'git refuses this repository because another user owns it.');
    assert.match(failure.fix, /safe\.directory/);
  });
});

describe('reading objects', () => {
  it('keeps no program alive that has nothing else to do', async () => {
    const { root } = await sandbox({ a: 'text' });
    const program = `
      const { openRepository } = require(process.argv[1]);
      openRepository(process.argv[2]).then(async ({ value }) => {
        const read = await Promise.all(['HEAD:a', 'HEAD:b', 'HEAD:a'].map((name) => value.objects.read(name)));
        console.log(JSON.stringify(read.map((one) => one.value?.toString() ?? null)), (await value.objects.find('HEAD:a')).value);
      });
    `;
    const library = join(__dirname, '../../src/repo/repository.js');
    // Where it does not end by itself, it is killed, and that fails.
    const said = execFileSync(process.execPath, ['-e', program, library, root], { encoding: 'utf8', timeout: 60_000 });
    assert.equal(said, `["text",null,"text"] ${git(root, 'rev-parse', 'HEAD:a')}`);
  });
});

describe('a ref', () => {
  it('is written, read, and moved only from where it was said to be', async () => {
    const { repo, root } = await sandbox({ a: 'a' });
    const head = git(root, 'rev-parse', 'HEAD').trim();
    assert.equal(valued(await readRef(repo, 'x')), undefined);
    valued(await writeRef(repo, 'x', head));
    assert.equal(valued(await readRef(repo, 'x')), head);
    assert.equal(failed(await writeRef(repo, 'x', head, '1'.repeat(40))).kind, 'git');
  });

  it('is found wherever git put it meanwhile, and not where somebody deleted it', async () => {
    const { repo, root } = await sandbox({ a: 'a' });
    const commit = (text: string) => {
      put(root, 'a', text);
      commitAll(root);
      return git(root, 'rev-parse', 'HEAD').trim();
    };
    const [one, two] = [commit('one'), commit('two')];
    const seen = [];
    for (const step of [
      ['update-ref', `${repo.refs}x`, one],
      ['pack-refs', '--all'],
      ['update-ref', `${repo.refs}x`, two],
      ['gc', '--quiet'],
    ]) {
      git(root, ...step);
      seen.push(valued(await readRef(repo, 'x')));
    }
    git(root, 'update-ref', '-d', `${repo.refs}x`);
    assert.deepEqual([...seen, valued(await readRef(repo, 'x'))], [one, one, two, two, undefined]);
  });

  it('that git keeps its own files in is refused, and so is one whose path git cannot tell in a line', async () => {
    const box = await sandbox({ a: 'a' });
    assert.match(failed(await openRepository(join(box.root, '.git'))).message, /is inside \.git/);
    assert.match(failed(await openRepository(join(box.root, '.git', 'refs'))).message, /is inside \.git/);
    const broken = join(temporaryFolder(), 'new\nline');
    mkdirSync(broken);
    assert.match(failed(await openRepository(broken)).message, /has a line break in it\.$/);
  });

  it('writes its refs past locks that a git left which was killed, and waits for one that lives', async () => {
    const { root, repo } = await sandbox({ a: 'a' });
    const head = git(root, 'rev-parse', 'HEAD').trim();
    const lock = (name: string) => join(root, '.git', `${repo.refs}${name}.lock`);
    mkdirSync(join(root, '.git', repo.refs), { recursive: true });
    for (const name of ['dead', 'living']) writeFileSync(lock(name), '');
    // As one git after the other that locks it, for a while.
    const others = setInterval(() => writeFileSync(lock('living'), ''), 50);
    let isWritten = false;
    const living = writeRef(repo, 'living', head).then((done) => {
      isWritten = true;
      return done;
    });
    valued(await writeRef(repo, 'dead', head));
    assert.deepEqual([valued(await readRef(repo, 'dead')), existsSync(lock('dead')), isWritten], [head, false, false]);
    clearInterval(others);
    rmSync(lock('living'));
    valued(await living);
    assert.equal(valued(await readRef(repo, 'living')), head);
  });
});
