/** Ignored files that the person includes: in snapshots and drafts, landed, undone and rolled back as any file is. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type Include, MEGABYTE } from '../../../src/domain/include';
import { Draft } from '../../../src/repo/draft/draft';
import { openRepository } from '../../../src/repo/repository';
import { previewRollback, rollBack } from '../../../src/repo/snapshot/rollback';
import { takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { countingClock } from '../../support/clock';
import { editor } from '../../support/editor';
import { fieldIn } from '../../support/landing';
import { failed, NEVER, valued } from '../../support/result';
import {
  commitAll,
  type Files,
  folderState,
  git,
  put,
  putAll,
  type Sandbox,
  sandbox,
  temporaryFolder,
  treeState,
} from '../../support/sandbox';

const clock = countingClock();

interface Including extends Sandbox {
  /** What the person set by now. */
  globs: string[];
  limits: Pick<Include, 'maxFileBytes' | 'maxBytes'>;
}

async function including(globs: string[], committed: Files, ignored: Files = {}): Promise<Including> {
  const { root } = await sandbox(committed);
  putAll(root, ignored);
  const box: Omit<Including, 'repo'> = { root, globs, limits: { maxFileBytes: MEGABYTE, maxBytes: 2 * MEGABYTE } };
  const repo = valued(await openRepository(root, () => ({ globs: box.globs, ...box.limits })));
  after(() => repo.objects.dispose());
  return Object.assign(box, { repo });
}

async function snap({ repo, root }: Sandbox, workspace = editor(root)) {
  return valued(await takeSnapshot(repo, workspace, { label: 'Test', clock }, NEVER));
}

async function seen(box: Sandbox) {
  return treeState(box.repo, (await snap(box)).commit);
}

const IGNORE = '.env\n.env.*\nnode_modules/\nsecrets/\n*.db\n';

describe('an included file', () => {
  it('is in a snapshot, wherever it lies, and the person’s git does not see that', async () => {
    const box = await including(['.env', 'secrets/*.key', '*.db'], { '.gitignore': IGNORE, 'a.txt': 'a' });
    putAll(box.root, {
      '.env': 'TOKEN=1\n',
      '.env.local': 'not named',
      'pkg/only/.env': 'deep',
      'secrets/one.key': { run: 'k' },
      'secrets/other.txt': 'not named',
      'node_modules/m/.env': 'not looked for',
      'x.db': { link: 'a.txt' },
    });
    const status = git(box.root, 'status', '--porcelain', '--ignored');
    const expected = {
      '.env': 'file TOKEN=1\n',
      '.gitignore': `file ${IGNORE}`,
      'a.txt': 'file a',
      'pkg/only/.env': 'file deep',
      'secrets/one.key': 'run k',
      'x.db': 'link a.txt',
    };
    assert.deepEqual(await seen(box), expected);
    put(box.root, '.env', 'TOKEN=2\n');
    put(box.root, 'pkg/only/.env', null);
    const { 'pkg/only/.env': _gone, ...rest } = expected;
    assert.deepEqual(await seen(box), { ...rest, '.env': 'file TOKEN=2\n' });
    box.globs = ['.env'];
    assert.deepEqual(Object.keys(await seen(box)), ['.env', '.gitignore', 'a.txt']);
    box.globs = [];
    assert.deepEqual(Object.keys(await seen(box)), ['.gitignore', 'a.txt']);
    put(box.root, 'pkg/only/.env', 'deep');
    assert.equal(git(box.root, 'status', '--porcelain', '--ignored'), status);
  });

  it('is in a snapshot of a sub-folder, and of a folder without git', async () => {
    const top = await sandbox({ '.gitignore': IGNORE, 'sub/a.txt': 'a' });
    putAll(top.root, { 'sub/.env': 'sub', '.env': 'top' });
    const bare = temporaryFolder();
    putAll(bare, { '.gitignore': IGNORE, '.env': 'bare', 'node_modules/m.js': 'm' });
    for (const [root, expected] of [
      [join(top.root, 'sub'), { '.env': 'file sub', 'a.txt': 'file a' }],
      [bare, { '.env': 'file bare', '.gitignore': `file ${IGNORE}` }],
    ] as const) {
      const repo = valued(await openRepository(root, () => ({ globs: ['.env'], maxFileBytes: 100, maxBytes: 100 })));
      assert.deepEqual(await seen({ root, repo }), expected);
      await repo.objects.dispose();
    }
  });

  it('is stored in git’s clean form, as any file', async () => {
    const box = await including(['.env'], { '.gitignore': IGNORE, '.gitattributes': '.env text eol=crlf\n' }, { '.env': 'A\r\nB\r\n' });
    const snapshot = await snap(box);
    assert.equal(treeState(box.repo, snapshot.commit)['.env'], 'file A\nB\n');
    put(box.root, '.env', 'C\r\n');
    valued(await rollBack(box.repo, editor(box.root), { snapshot, clock }, NEVER));
    assert.equal(folderState(box.root)['.env'], 'file A\r\nB\r\n');
  });

  it('is left out when it is too large, and the snapshot tells so', async () => {
    const box = await including(
      ['.env', '*.db'],
      { '.gitignore': IGNORE },
      { '.env': 'x', 'big.db': Buffer.alloc(3000), 'b.db': Buffer.alloc(900) },
    );
    box.limits = { maxFileBytes: 1000, maxBytes: 1000 };
    const snapshot = await snap(box);
    assert.deepEqual(Object.keys(treeState(box.repo, snapshot.commit)), ['.env', '.gitignore', 'b.db']);
    assert.deepEqual(snapshot.tooLarge, { count: 1, bytes: 3000, largest: [{ path: 'big.db', bytes: 3000 }] });
    assert.deepEqual(snapshot.include, ['.env', '*.db']);
    // What a snapshot had no room for is not taken away by it.
    box.limits = { maxFileBytes: 5000, maxBytes: 5000 };
    put(box.root, '.env', 'changed');
    const done = valued(await rollBack(box.repo, editor(box.root), { snapshot, clock }, NEVER));
    assert.deepEqual(
      done.changes.map(({ path }) => path),
      ['.env'],
    );
    assert.equal(lstatSync(join(box.root, 'big.db')).size, 3000);
  });

  it('fails the snapshot by its name when it cannot be read, and nothing is recorded', async () => {
    const box = await including(['.env'], { '.gitignore': IGNORE }, { '.env': 'x' });
    git(box.root, 'config', 'filter.broken.clean', 'false');
    git(box.root, 'config', 'filter.broken.required', 'true');
    put(box.root, '.gitattributes', '.env filter=broken\n');
    const failure = failed(await takeSnapshot(box.repo, editor(box.root), { label: 'Test', clock }, NEVER));
    assert.match(failure.message, /\.env/);
    assert.equal(git(box.root, 'for-each-ref', 'refs/weft'), '');
  });

  it('comes back from disk where git’s garbage collection took what no snapshot held', async () => {
    const box = await including(['.env'], { '.gitignore': IGNORE }, { '.env': 'x' });
    await snap(box);
    for (const ref of git(box.root, 'for-each-ref', '--format=%(refname)', 'refs/weft').trim().split('\n'))
      git(box.root, 'update-ref', '-d', ref);
    git(box.root, 'gc', '--quiet', '--prune=now');
    assert.equal((await seen({ ...box, repo: valued(await openRepository(box.root, box.repo.include)) }))['.env'], 'file x');
  });

  it('is seen by agents, lands, is undone, and keeps what the person wrote into it', async () => {
    const box = await including(['.env'], { '.gitignore': IGNORE }, { '.env': 'A=1\n\n\n\n\nB=1\n' });
    const run = await fieldIn(box);
    const draft = new Draft(box.repo, run.snapshot.commit);
    assert.equal(valued(await draft.read('.env'))?.bytes.toString(), 'A=1\n\n\n\n\nB=1\n');
    put(box.root, '.env', 'A=1\n\n\n\n\nB=person\n');
    const landed = await run.landed('one', { '.env': 'A=agent\n\n\n\n\nB=1\n' });
    assert.equal(folderState(box.root)['.env'], 'file A=agent\n\n\n\n\nB=person\n');
    assert.equal(treeState(box.repo, await run.now())['.env'], 'file A=agent\n\n\n\n\nB=person\n');
    assert.equal((await run.undo('one', landed)).kind, 'landed');
    assert.equal(folderState(box.root)['.env'], 'file A=1\n\n\n\n\nB=person\n');
  });

  it('stays in the chain of its run when the setting changes, and so does an ignored file that an agent made', async () => {
    const box = await including(['.env'], { '.gitignore': IGNORE, 'a.txt': 'a' }, { '.env': 'A=1\n' });
    const run = await fieldIn(box);
    await run.landed('one', { 'made.db': 'agent’s\n' });
    box.globs = [];
    assert.deepEqual(treeState(box.repo, await run.now()), {
      '.env': 'file A=1\n',
      '.gitignore': `file ${IGNORE}`,
      'a.txt': 'file a',
      'made.db': 'file agent’s\n',
    });
    put(box.root, 'made.db', null);
    assert.deepEqual(Object.keys(treeState(box.repo, await run.now())), ['.env', '.gitignore', 'a.txt']);
  });

  it('is rolled back as any file, unsaved text included, and the rollback can be taken back', async () => {
    const box = await including(['.env', 'secrets'], { '.gitignore': IGNORE }, { '.env': 'then', 'secrets/gone': 'x' });
    const workspace = editor(box.root);
    workspace.buffers.set('.env', 'typed');
    const snapshot = await snap(box, workspace);
    workspace.buffers.clear();
    putAll(box.root, { '.env': 'now', 'secrets/gone': null, 'secrets/new': 'n' });
    const before = folderState(box.root);
    // The setting of now says nothing of what the snapshot has.
    box.globs = [];
    const { safety, changes } = valued(await rollBack(box.repo, workspace, { snapshot, clock }, NEVER));
    assert.deepEqual(folderState(box.root), { '.env': 'file then', '.gitignore': `file ${IGNORE}`, 'secrets/gone': 'file x' });
    assert.deepEqual([...workspace.buffers], [['.env', 'typed']]);
    assert.deepEqual(
      changes.map(({ path }) => path),
      ['.env', 'secrets/gone', 'secrets/new'],
    );
    valued(await rollBack(box.repo, workspace, { snapshot: safety, clock }, NEVER));
    assert.deepEqual(folderState(box.root), before);
    assert.deepEqual([...workspace.buffers], []);
  });

  it('is left alone, with its unsaved text, by a snapshot of before it was included', async () => {
    const box = await including([], { '.gitignore': IGNORE, 'a.txt': 'a' }, { '.env': 'mine', 'open.db': 'on disk' });
    const workspace = editor(box.root);
    const snapshot = await snap(box, workspace);
    box.globs = ['.env'];
    put(box.root, 'a.txt', 'changed');
    workspace.buffers.set('.env', 'typed').set('open.db', 'typed, too');
    assert.deepEqual(
      valued(await previewRollback(box.repo, workspace, snapshot, NEVER)).map(({ path }) => path),
      ['a.txt'],
    );
    valued(await rollBack(box.repo, workspace, { snapshot, clock }, NEVER));
    assert.deepEqual(folderState(box.root), {
      '.env': 'file mine',
      '.gitignore': `file ${IGNORE}`,
      'a.txt': 'file a',
      'open.db': 'file on disk',
    });
    assert.deepEqual(Object.fromEntries(workspace.buffers), { '.env': 'typed', 'open.db': 'typed, too' });
  });

  it('that a landing made before it was included is still taken back with the run', async () => {
    const box = await including([], { '.gitignore': IGNORE });
    const run = await fieldIn(box);
    await run.landed('one', { '.env': 'agent’s\n' });
    box.globs = ['.env'];
    valued(await rollBack(box.repo, run.workspace, { snapshot: run.snapshot, clock }, NEVER));
    assert.deepEqual(Object.keys(folderState(box.root)), ['.gitignore']);
  });

  it('is not looked for in a nested repository, nor behind a link', async () => {
    const elsewhere = temporaryFolder();
    put(elsewhere, 'secret.key', 'outside');
    const box = await including(['secrets/**'], { '.gitignore': IGNORE }, { 'secrets/a.key': 'a', 'secrets/out': { link: elsewhere } });
    execFileSync('git', ['init', '--quiet', join(box.root, 'secrets/nested')]);
    put(box.root, 'secrets/nested/x.key', 'x');
    commitAll(join(box.root, 'secrets/nested'));
    assert.deepEqual(Object.keys(await seen(box)), ['.gitignore', 'secrets/a.key', 'secrets/out']);
  });
});
