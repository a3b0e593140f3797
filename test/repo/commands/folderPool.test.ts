/** Real folders for commands: moved from tree to tree, cleaned without following a link, taken over from processes that died. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/domain/clock';
import { cancelled, ok } from '../../../src/domain/failure';
import { type Folder, type FolderSettings, folderPool, foldersHome } from '../../../src/repo/commands/folderPool';
import { listFolders, removeFolder, trimFolders } from '../../../src/repo/commands/folderStore';
import { markedWith } from '../../../src/repo/commands/processTree';
import { diffTrees, withPuts } from '../../../src/repo/trees';
import { NEVER, valued } from '../../support/result';
import { type Files, folderState, git, put, putAll, type Sandbox, sandbox, temporaryFolder } from '../../support/sandbox';
import { skipFor } from '../../support/skip';

const SETTINGS: FolderSettings = { link: ['node_modules', '.venv', '.env'], most: 1, quotaBytes: 1e9 };
const user = join(__dirname, '../..', 'support', 'folderUser.js');

/** The tree of some files. */
async function treeOf(box: Sandbox, files: Readonly<Record<string, string>>): Promise<string> {
  const empty = git(box.root, 'hash-object', '-w', '-t', 'tree', '/dev/null').trim();
  return valued(
    await withPuts(
      box.repo,
      empty,
      new Map(Object.entries(files).map(([path, text]) => [path, { mode: '100644', bytes: Buffer.from(text) }])),
    ),
  );
}

/** What a folder holds when it was moved to a tree. */
async function heldFor(box: Sandbox, tree: string, act: (folder: Folder) => void = () => undefined, settings = SETTINGS) {
  return valued(
    await folderPool(box.repo, settings, systemClock).use({ tree }, NEVER, async (folder) => {
      const held = folderState(folder.path);
      act(folder);
      return ok({ held, path: folder.path });
    }),
  );
}

describe('a folder of the pool', () => {
  it('holds a tree and nothing else, outside of the workspace, whatever a command did to the last one', async () => {
    const box = await sandbox({ 'kept.txt': 'person' });
    const one = await treeOf(box, { '.gitignore': 'dist\n', 'a.txt': 'one', 'sub/b.txt': 'b' });
    const two = await treeOf(box, { '.gitignore': 'dist\n', 'a.txt': 'two', 'c.txt': 'c' });
    const first = await heldFor(box, one, ({ path }) => {
      putAll(path, {
        'a.txt': 'ruined',
        'sub/b.txt': null,
        'dist/out.js': 'built',
        'new/x.txt': 'x',
        '.git/config': '[core]',
        'c.txt': 'mine',
      });
      mkdirSync(join(path, 'sub/empty/deep'), { recursive: true });
    });
    assert.deepEqual(first.held, { '.gitignore': 'file dist\n', 'a.txt': 'file one', 'sub/b.txt': 'file b' });
    const second = await heldFor(box, two);
    assert.deepEqual(second.held, { '.gitignore': 'file dist\n', 'a.txt': 'file two', 'c.txt': 'file c' });
    assert.equal(second.path, first.path);
    assert.deepEqual(readdirSync(second.path).sort(), ['.gitignore', 'a.txt', 'c.txt']);
    assert.ok(second.path.startsWith(foldersHome()) && !second.path.startsWith(box.root));
    assert.deepEqual(folderState(box.root), { 'kept.txt': 'file person' });
    assert.equal(git(box.root, 'worktree', 'list').trim().split('\n').length, 1);
    assert.equal(git(box.root, 'status', '--porcelain'), '');
  });

  it('is moved by writing only what differs: other files keep their inode and time', async () => {
    const box = await sandbox({});
    const one = await treeOf(box, { 'a.txt': 'one', 'b.txt': 'same' });
    const two = await treeOf(box, { 'a.txt': 'two', 'b.txt': 'same' });
    const before = statSync(join((await heldFor(box, one)).path, 'b.txt'));
    const after = statSync(join((await heldFor(box, two)).path, 'b.txt'));
    assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs]);
  });

  it('tells what commands changed as a tree, deletions included, without what is ignored or linked', async () => {
    const box = await sandbox({ '.gitignore': 'node_modules/\ndist/\n', 'node_modules/dep/index.js': 'dep', '.venv/bin': 'x' });
    const tree = await treeOf(box, { '.gitignore': 'node_modules/\ndist/\n', 'gone.txt': 'x', 'changed.txt': 'x', 'same.txt': 'x' });
    const now = valued(
      await folderPool(box.repo, SETTINGS, systemClock).use({ tree }, NEVER, async (folder) => {
        putAll(folder.path, { 'gone.txt': null, 'changed.txt': 'y', 'made/by.txt': 'command', 'dist/out.js': 'built' });
        return folder.treeNow(NEVER);
      }),
    );
    const changes = valued(await diffTrees(box.repo, tree, now)).map(({ path, before, after }) => [path, before !== null, after !== null]);
    assert.deepEqual(changes, [
      ['changed.txt', true, true],
      ['gone.txt', true, false],
      ['made/by.txt', false, true],
    ]);
    assert.deepEqual(Object.keys((await heldFor(box, tree)).held).sort(), [
      '.gitignore',
      'changed.txt',
      'gone.txt',
      'node_modules/dep',
      'same.txt',
    ]);
  });

  it('has the ignored dependencies of the workspace, at any depth, each in the way that is safe for it', async () => {
    const ignored: Files = {
      'node_modules/dep/index.js': 'dep',
      'node_modules/@scope/one/index.js': 'scoped',
      'node_modules/own': { link: '../packages/own' },
      'node_modules/.bin/tool': { link: '../dep/index.js' },
      'node_modules/.cache/x': 'the person’s',
      'packages/own/node_modules/deep/index.js': 'deep',
      'packages/gone/node_modules/deep/index.js': 'of a package that the tree has not',
      '.venv/lib/x.py': 'python',
      '.env': 'KEY=1',
      'target/big.bin': 'not wanted',
    };
    const box = await sandbox({
      '.gitignore': 'node_modules\n.venv/\n.env\ntarget\n',
      'packages/own/index.js': 'the person’s',
      ...ignored,
    });
    const tree = await treeOf(box, { 'packages/own/index.js': 'the agent’s' });
    await heldFor(box, tree, ({ path }) => {
      const at = (name: string) => join(path, name);
      assert.equal(readFileSync(at('node_modules/dep/index.js'), 'utf8'), 'dep');
      assert.equal(readFileSync(at('node_modules/@scope/one/index.js'), 'utf8'), 'scoped');
      assert.equal(readFileSync(at('node_modules/.bin/tool'), 'utf8'), 'dep');
      assert.equal(readFileSync(at('packages/own/node_modules/deep/index.js'), 'utf8'), 'deep');
      assert.equal(readFileSync(at('node_modules/own/index.js'), 'utf8'), 'the agent’s');
      assert.ok(!existsSync(at('node_modules/.cache')) && !existsSync(at('packages/gone')) && !existsSync(at('target')));
      assert.ok(lstatSync(at('.venv')).isSymbolicLink() && lstatSync(at('.env')).isFile());
      writeFileSync(at('.env'), 'KEY=2');
      put(path, 'node_modules/.cache/y', 'the folder’s');
    });
    assert.equal(readFileSync(join(box.root, '.env'), 'utf8'), 'KEY=1');
    assert.deepEqual(readdirSync(join(box.root, 'node_modules/.cache')), ['x']);
  });

  it('is cleaned and removed without following a link: real data behind it stays', async () => {
    const real = temporaryFolder();
    const data: Files = { 'deep/data.txt': 'precious', 'top.txt': 'precious' };
    putAll(real, data);
    const before = folderState(real);
    const box = await sandbox({ '.gitignore': 'node_modules\n.venv\n', 'node_modules/dep/index.js': 'dep', '.venv/x.py': 'x' });
    const dependencies = folderState(box.root);
    const tree = await treeOf(box, { 'src/a.ts': 'a', 'b.ts': 'b' });
    const { path } = await heldFor(box, tree, (folder) => {
      symlinkSync(real, join(folder.path, 'out'));
      mkdirSync(join(folder.path, 'made'));
      symlinkSync(real, join(folder.path, 'made/out'));
      symlinkSync(join(real, 'top.txt'), join(folder.temp, 'link'));
      // Where a tracked folder was, there is a link to real data now.
      put(folder.path, 'src', null);
      symlinkSync(real, join(folder.path, 'src'));
      put(folder.path, '.git', { link: real });
    });
    const again = await heldFor(box, tree, (folder) => symlinkSync(real, join(folder.path, 'out')));
    assert.deepEqual(again.held, {
      '.venv': `link ${box.root}/.venv`,
      'b.ts': 'file b',
      'node_modules/dep': `link ${box.root}/node_modules/dep`,
      'src/a.ts': 'file a',
    });
    for (const { slot } of await listFolders(foldersHome())) assert.equal(valued(await removeFolder(slot)), true);
    assert.ok(!existsSync(path));
    assert.deepEqual(folderState(real), before);
    assert.deepEqual(folderState(box.root), dependencies);
  });

  it('is made anew where a command put links to real data in the place of the folder itself', async () => {
    const real = temporaryFolder();
    putAll(real, { 'deep/data.txt': 'precious', 'top.txt': 'precious' });
    const before = folderState(real);
    const box = await sandbox({});
    const tree = await treeOf(box, { 'a.txt': 'a' });
    for (const which of ['path', 'temp'] as const) {
      const { path } = await heldFor(box, tree, (folder) => {
        renameSync(folder[which], `${folder[which]}.old`);
        symlinkSync(real, folder[which]);
      });
      const again = await heldFor(box, tree);
      assert.deepEqual([again.path, again.held], [path, { 'a.txt': 'file a' }]);
      assert.deepEqual(folderState(real), before);
    }
  });

  it('is made anew where its index is broken', async () => {
    const box = await sandbox({});
    const tree = await treeOf(box, { 'a.txt': 'one' });
    const { path } = await heldFor(box, tree);
    writeFileSync(join(path, '..', 'index'), 'garbage');
    assert.deepEqual((await heldFor(box, tree)).held, { 'a.txt': 'file one' });
  });

  it('is used by one at a time; who comes when all are in use waits for the first', async () => {
    const box = await sandbox({});
    const tree = await treeOf(box, { 'a.txt': 'one' });
    const pool = folderPool(box.repo, { ...SETTINGS, most: 2 }, systemClock);
    const log: string[] = [];
    let open = 0;
    const work = (name: string) =>
      pool.use({ tree }, NEVER, async ({ path }) => {
        open++;
        assert.ok(open <= 2, 'there are two folders');
        log.push(path);
        await new Promise((resolve) => setImmediate(resolve));
        assert.ok(!existsSync(join(path, 'mark')));
        put(path, 'mark', name);
        open--;
        return ok();
      });
    for (const done of await Promise.all(['a', 'b', 'c', 'd'].map(work))) valued(done);
    assert.equal(new Set(log).size, 2);
  });

  it('is given again, with what git ignores, to whoever had it; to all others with nothing of theirs', async () => {
    const box = await sandbox({ '.gitignore': '.env\n', '.env': 'KEY=1' });
    const one = await treeOf(box, { '.gitignore': 'dist\n.env\n', 'a.txt': 'one' });
    const two = await treeOf(box, { '.gitignore': 'dist\n.env\n', 'a.txt': 'two' });
    const pool = folderPool(box.repo, { ...SETTINGS, most: 3 }, systemClock);
    const held = async (owner: string | undefined, tree = one) =>
      valued(
        await pool.use({ tree, owner }, NEVER, async ({ path }) => {
          const files = Object.keys(folderState(path));
          putAll(path, { 'dist/out.js': 'built', 'stray.txt': 'x', 'a.txt': 'ruined', '.env': 'KEY=2' });
          return ok({ path, files });
        }),
      );
    const first = await held('a');
    assert.deepEqual(first.files, ['.env', '.gitignore', 'a.txt']);
    const other = await held('b');
    assert.notEqual(other.path, first.path);
    const again = await held('a', two);
    assert.deepEqual(again, { path: first.path, files: ['.env', '.gitignore', 'a.txt', 'dist/out.js'] });
    assert.equal(readFileSync(join(box.root, '.env'), 'utf8'), 'KEY=1');
    // There are two for those who have a name: a third one gets one of theirs, with nothing in it.
    assert.deepEqual((await held('c')).files, ['.env', '.gitignore', 'a.txt']);
    for (const files of [(await held(undefined)).files, (await held(undefined)).files])
      assert.deepEqual(files, ['.env', '.gitignore', 'a.txt']);
  });

  it('is left to checks: agents’ commands never hold all of them, and who waits is told so, and can be called off', async () => {
    const box = await sandbox({});
    const tree = await treeOf(box, { 'a.txt': 'one' });
    const pool = folderPool(box.repo, { ...SETTINGS, most: 2 }, systemClock);
    const told: string[] = [];
    const off = new AbortController();
    const onWait = () => {
      told.push('waits');
      off.abort();
    };
    valued(
      await pool.use({ tree, owner: 'a', onWait }, NEVER, async () => {
        const waited = await pool.use({ tree, owner: 'b', onWait }, off.signal, async () => ok());
        assert.deepEqual(waited, cancelled);
        return pool.use({ tree, onWait }, NEVER, async () => ok());
      }),
    );
    assert.deepEqual(told, ['waits']);
  });

  it('is taken over from a process that was killed, and the command that it left behind is ended', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux tells the environment of a process');
    const box = await sandbox({});
    const tree = await treeOf(box, { 'a.txt': 'one' });
    const flag = join(temporaryFolder(), 'begun');
    // It goes on writing into the folder, in a session of its own that no signal to the group reaches.
    const script = `setInterval(() => require('fs').writeFileSync('noise' + Math.random(), 'x'), 5); require('fs').writeFileSync(${JSON.stringify(flag)}, '')`;
    const begun = new Promise<void>((resolve) => {
      const watcher = watch(join(flag, '..'), () => {
        watcher.close();
        resolve();
      });
    });
    const holder = spawn(process.execPath, [user, box.root, tree, `setsid node -e ${JSON.stringify(script)}`], { stdio: 'ignore' });
    await begun;
    const [stored] = await listFolders(foldersHome()).then((all) => all.filter(({ root }) => root === box.root));
    assert.ok(stored !== undefined && markedWith(stored.path).length > 0);
    const gone = once(holder, 'exit');
    holder.kill('SIGKILL');
    await gone;
    assert.ok(markedWith(stored.path).length > 0, 'the command outlives its Weft');
    const { held, path } = await heldFor(box, tree);
    assert.deepEqual([held, path], [{ 'a.txt': 'file one' }, stored.path]);
    assert.deepEqual(markedWith(path), []);
  });
});

describe('the folders of all workspaces', () => {
  it('are listed, and those not used for longest go when they are over the quota', async () => {
    for (const { slot } of await listFolders(foldersHome())) assert.equal(valued(await removeFolder(slot)), true);
    const boxes = [await sandbox({}), await sandbox({}), await sandbox({})];
    for (const box of boxes) await heldFor(box, await treeOf(box, { 'a.txt': 'x'.repeat(10_000) }));
    const listed = async () => (await listFolders(foldersHome())).map(({ root, bytes }) => [root, bytes]);
    const [newest, middle, oldest] = boxes.map((box) => [box.root, 12_288]).reverse();
    assert.deepEqual(await listed(), [newest, middle, oldest]);
    await trimFolders(foldersHome(), 3 * 12_288);
    assert.deepEqual(await listed(), [newest, middle, oldest]);
    await trimFolders(foldersHome(), 3 * 12_288 - 1);
    assert.deepEqual(await listed(), [newest, middle]);
    await trimFolders(foldersHome(), 0);
    assert.deepEqual(await listed(), [newest]);
  });
});
