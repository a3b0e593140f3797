/** Several folders as one workspace: one tree, one chain, landings that are whole or not at all over all of them. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../../src/domain/failure';
import { Draft } from '../../src/repo/draft/draft';
import { type Incoming, land } from '../../src/repo/land/land';
import type { Repository } from '../../src/repo/repository';
import { locate, nameFolders } from '../../src/repo/root';
import { rollBack } from '../../src/repo/snapshot/rollback';
import { listSnapshots, takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { isWorkspace } from '../../src/repo/spanning';
import { buildCommit } from '../../src/repo/trees';
import { listFiles } from '../../src/repo/truth/truth';
import { countingClock } from '../support/clock';
import { editor } from '../support/editor';
import { type Field, fieldIn } from '../support/landing';
import { dotGitState, nest, submodule } from '../support/nested';
import { failed, NEVER, valued } from '../support/result';
import { type Files, folderState, git, openedTogether, putAll, temporaryFolder, treeState } from '../support/sandbox';

const clock = countingClock(5e6);

interface Several {
  readonly repo: Repository;
  readonly folders: readonly string[];
}

async function together(...folders: string[]): Promise<Several> {
  return { repo: await openedTogether(folders), folders };
}

/** A folder with these files, in a repository if `commit` says so. */
function folder(name: string, files: Files, commit = true): string {
  const parent = temporaryFolder();
  if (commit) return nest(parent, name, files);
  putAll(join(parent, name), files);
  return join(parent, name);
}

/** What the folders hold, as one tree has it. */
function state({ repo }: Several): Record<string, string> {
  const all: Record<string, string> = {};
  assert.ok(typeof repo.root !== 'string');
  for (const root of repo.root)
    for (const [path, text] of Object.entries(folderState(root.folder)))
      if (locate(repo.root, `${root.name}/${path}`) !== undefined) all[`${root.name}/${path}`] = text;
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function fieldOf({ repo, folders: [root = ''] }: Several) {
  return fieldIn({ root, repo });
}

/** What is to land, made by none of today's drafts: they refuse what is in none of the folders. */
async function unchecked(at: Field, task: string, edits: Readonly<Record<string, string>>): Promise<Incoming> {
  const puts = new Map(Object.entries(edits).map(([path, text]) => [path, { mode: '100644' as const, bytes: Buffer.from(text) }]));
  const base = at.snapshot.commit;
  const theirs = valued(await buildCommit(at.repo, { from: base, puts, parents: [base], message: 'Work' }));
  return { ...(await at.incoming(task, {})), theirs };
}

describe('the names of several folders', () => {
  it('are their own, with what comes before where that is needed to tell them apart', () => {
    const names = (...folders: string[]) => nameFolders(folders).map(({ name, folder: at }) => `${name} ${at}`);
    assert.deepEqual(names('/w/web', '/w/api'), ['api /w/api', 'web /w/web']);
    assert.deepEqual(names('/one/app', '/two/app', '/two/web'), ['one-app /one/app', 'two-app /two/app', 'web /two/web']);
    assert.deepEqual(names('/x/one/app', '/y/one/App'), ['x-one-app /x/one/app', 'y-one-App /y/one/App']);
    assert.deepEqual(names('/app', '/one/app'), ['app /app', 'one-app /one/app']);
    assert.deepEqual(names('/a-b/c', '/a/b-c', '/d/c'), ['a-b-c /a-b/c', 'b-c /a/b-c', 'd-c /d/c']);
    assert.deepEqual(names('/w/con', '/w/x'), ['folder /w/con', 'x /w/x']);
    assert.deepEqual(names('/w/con', '/w/~x'), ['w-con /w/con', 'w-~x /w/~x']);
  });

  it('lead to the folder that has the file, an inner one before the one that it lies in', () => {
    const root = nameFolders(['/w', '/w/libs/x', '/v']);
    assert.deepEqual(locate(root, 'w/a/b'), { top: '/w', inside: 'a/b' });
    assert.deepEqual(locate(root, 'x/a'), { top: '/w/libs/x', inside: 'a' });
    for (const nowhere of ['w/libs/x/a', 'w/libs/x', 'a', 'wv/a']) assert.equal(locate(root, nowhere), undefined);
    assert.deepEqual(locate(root, 'w/libs/xy'), { top: '/w', inside: 'libs/xy' });
  });
});

describe('a workspace of several folders', () => {
  it('is one tree, whose landings, undo and rollback reach all of them, and whose repositories stay as they are', async () => {
    const api = folder('api', { 'x.txt': 'x\n', 'same.txt': 'api\n', '.gitignore': '*.log\n' });
    nest(api, 'libs/inner', { 'i.txt': 'i\n' });
    const web = folder('web', { 'y.txt': 'y\n', 'same.txt': 'web\n' });
    const inner = submodule(web, 'sub', { 's.txt': 's\n' });
    const plain = folder('docs', { 'z.md': 'z\n', 'node_modules/m/index.js': 'm\n' }, false);
    const repository = nest(temporaryFolder(), 'mono', { 'packages/core/c.ts': 'c\n', 'packages/other.ts': 'o\n' });
    putAll(api, { 'x.txt': 'changed\n', 'new.txt': 'new\n', 'a.log': 'ignored\n' });
    const gitDirs = [api, join(api, 'libs/inner'), web, repository].map((one) => join(one, '.git'));
    const all = await together(api, web, plain, join(repository, 'packages/core'));
    const gits = () => gitDirs.map(dotGitState);
    const gitsBefore = gits();
    const before = state(all);
    const at = await fieldOf(all);
    const { 'api/a.log': log, 'docs/node_modules/m/index.js': module, 'web/sub/.git': link, ...listed } = before;
    assert.deepEqual([log, module, link], ['file ignored\n', 'file m\n', undefined]);
    assert.deepEqual(treeState(all.repo, at.snapshot.commit), listed);

    const edits = {
      'api/x.txt': 'agent\n',
      'web/sub/s.txt': 'agent\n',
      'docs/z.md': null,
      'core/c.ts': 'agent\n',
      'api/libs/inner/j.txt': 'j\n',
    };
    const one = await at.landed('one', edits);
    await at.landed('two', { 'web/y.txt': 'two\n' }, await at.now());
    const { 'docs/z.md': gone, ...kept } = before;
    assert.equal(gone, 'file z\n');
    const agents = {
      'api/x.txt': 'file agent\n',
      'web/sub/s.txt': 'file agent\n',
      'core/c.ts': 'file agent\n',
      'api/libs/inner/j.txt': 'file j\n',
    };
    assert.deepEqual(state(all), { ...kept, ...agents, 'web/y.txt': 'file two\n' });
    assert.equal((await at.undo('one', one)).kind, 'landed');
    assert.deepEqual(state(all), { ...before, 'web/y.txt': 'file two\n' });
    const { safety } = valued(await rollBack(all.repo, at.workspace, { snapshot: at.snapshot, clock }, NEVER));
    assert.deepEqual(state(all), before);
    valued(await rollBack(all.repo, at.workspace, { snapshot: safety, clock }, NEVER));
    assert.deepEqual(state(all), { ...before, 'web/y.txt': 'file two\n' });
    valued(await rollBack(all.repo, at.workspace, { snapshot: at.snapshot, clock }, NEVER));
    assert.deepEqual(gits(), gitsBefore);
    assert.equal(folderState(inner)['s.txt'], 'file s\n');
    assert.equal(git(repository, 'status', '--porcelain'), '');
  });

  it('is the same in whatever order its folders are given, through links too, and another than each of them alone', async () => {
    const [one, two] = [folder('app', { 'a.txt': 'one\n' }), folder('app', { 'a.txt': 'two\n' })];
    assert.equal(await isWorkspace([one, two]), false);
    const first = await together(one, two);
    assert.equal(await isWorkspace([two, one]), true);
    assert.equal(await isWorkspace([two, join(two, 'gone')]), false);
    const link = join(temporaryFolder(), 'link');
    symlinkSync(one, link);
    const again = await together(two, link, one);
    assert.equal(again.repo.stateDir, first.repo.stateDir);
    const workspace = editor(first.repo.root);
    valued(await takeSnapshot(first.repo, workspace, { label: 'Test', clock }, NEVER));
    assert.equal(valued(await listSnapshots(again.repo)).length, 1);
    const files = valued(await listFiles(again.repo, workspace, NEVER));
    assert.equal(new Set(files).size, 2);
    assert.ok(files.every((path) => path.endsWith('-app/a.txt')));
    const alone = await together(one, link);
    assert.equal(alone.repo.root, one);
    assert.equal(valued(await listSnapshots(alone.repo)).length, 0);
  });

  it('has each file once where one of its folders lies in another', async () => {
    const outer = folder('outer', { 'a.txt': 'a\n', 'packages/x/b.txt': 'b\n', 'packages/xy.txt': 'xy\n' });
    nest(outer, 'vendor/y', { 'y.txt': 'y\n' });
    const all = await together(outer, join(outer, 'packages/x'), join(outer, 'vendor/y'));
    const at = await fieldOf(all);
    const expected = { 'outer/a.txt': 'file a\n', 'outer/packages/xy.txt': 'file xy\n', 'x/b.txt': 'file b\n', 'y/y.txt': 'file y\n' };
    assert.deepEqual(treeState(all.repo, at.snapshot.commit), expected);
    await at.landed('one', { 'x/b.txt': 'agent\n', 'y/new.txt': 'agent\n', 'outer/a.txt': 'agent\n' });
    assert.equal(folderState(outer)['packages/x/b.txt'], 'file agent\n');
    assert.deepEqual(treeState(all.repo, await at.now()), state(all));
    const incoming = await unchecked(at, 'two', { 'outer/packages/x/alias.txt': 'agent\n' });
    assert.match(failed(await land(at.ports, incoming, NEVER)).message, /lies in none of the workspace’s folders \(outer, x, y\)/);
  });

  it('refuses in a draft already what would be in none of its folders, and says where it could be', async () => {
    const parent = temporaryFolder();
    const outer = nest(parent, 'outer', { 'a.txt': 'a\n', 'more/b.txt': 'b\n', 'packages/x/x.txt': 'x\n' });
    const empty = join(parent, 'empty');
    mkdirSync(empty);
    const all = await together(outer, join(outer, 'packages/x'), empty);
    const at = await fieldOf(all);
    const draft = new Draft(all.repo, at.snapshot.commit);
    const names = 'Begin its path with the name of one of them: empty/, outer/, x/.';
    const none = (path: string) => ({
      kind: 'input' as const,
      message: `${path} is in none of the folders of this workspace.`,
      fix: names,
    });
    const write = (path: string) => draft.write(path, Buffer.from('agent\n'));
    for (const path of ['README.md', 'src/a.ts', 'OUTER/a.txt', 'empty']) assert.deepEqual(failed(await write(path)), none(path));
    assert.deepEqual(failed(await draft.move('outer/a.txt', 'a.txt')), none('a.txt'));
    assert.deepEqual(failed(await draft.move('outer/more', 'more')), none('more'));
    const inner = {
      kind: 'input',
      message: 'outer/packages/x/y.txt is in a folder that has a name of its own here.',
      fix: 'Call it x/y.txt.',
    };
    assert.deepEqual(failed(await write('outer/packages/x/y.txt')), inner);
    valued(await write('outer/more/x/y.txt'));
    assert.deepEqual(failed(await draft.move('outer/more', 'outer/packages')), inner);
    for (const path of ['empty/new.txt', 'outer/packages/new.txt', 'x/new.txt']) valued(await write(path));
    const { commit } = valued(await draft.commit());
    const landing = valued(await land(at.ports, { ...(await at.incoming('one', {})), theirs: commit ?? '' }, NEVER));
    assert.equal(landing.kind, 'landed');
    assert.deepEqual(state(all), {
      'empty/new.txt': 'file agent\n',
      'outer/a.txt': 'file a\n',
      'outer/more/b.txt': 'file b\n',
      'outer/more/x/y.txt': 'file agent\n',
      'outer/packages/new.txt': 'file agent\n',
      'x/new.txt': 'file agent\n',
      'x/x.txt': 'file x\n',
    });
  });

  it('puts no file where one of its folders is, though that is empty', async () => {
    const parent = temporaryFolder();
    const [api, web] = [nest(parent, 'api', { 'a.txt': 'a\n' }), join(parent, 'web')];
    mkdirSync(web);
    const all = await together(api, web);
    const at = await fieldOf(all);
    const refused = failed(await land(at.ports, await unchecked(at, 'one', { web: 'a file\n' }), NEVER));
    assert.equal(refused.message, 'web lies in none of the workspace’s folders (api, web).');
    assert.equal(statSync(web).isDirectory(), true);
  });

  it('lands in all of its folders or in none', async () => {
    const parent = temporaryFolder();
    const [api, web] = [nest(parent, 'api', { 'a.txt': 'a\n' }), nest(parent, 'web', { 'b.txt': 'b\n' })];
    const all = await together(api, web);
    const at = await fieldOf(all);
    const before = state(all);
    const edits = { 'api/a.txt': 'agent\n', 'web/b.txt': 'agent\n' };
    const nowhere = await unchecked(at, 'one', { ...edits, 'README.md': 'new\n' });
    const refused = failed(await land(at.ports, nowhere, NEVER));
    assert.equal(refused.message, 'README.md lies in none of the workspace’s folders (api, web).');
    assert.deepEqual(state(all), before);
    chmodSync(join(web, 'b.txt'), 0o444);
    assert.match(failed(await land(at.ports, await at.incoming('two', edits), NEVER)).message, /^web\/b\.txt is read-only/);
    assert.deepEqual(state(all), before);
    chmodSync(join(web, 'b.txt'), 0o644);
    await at.landed('three', edits);
    assert.deepEqual(state(all), { 'api/a.txt': 'file agent\n', 'web/b.txt': 'file agent\n' });
  });

  it('names in a conflict who wrote the other side, and applies nothing of it anywhere', async () => {
    const [api, web] = [folder('api', { 'a.txt': 'a\n' }), folder('web', { 'b.txt': 'b\n' })];
    const all = await together(api, web);
    const at = await fieldOf(all);
    await at.landed('one', { 'api/a.txt': 'one\n' });
    const landing = valued(await land(at.ports, await at.incoming('two', { 'api/a.txt': 'two\n', 'web/b.txt': 'two\n' }), NEVER));
    assert.ok(landing.kind === 'conflict');
    assert.deepEqual(
      landing.conflict.files.map(({ path, oursBy }) => [path, oursBy]),
      [['api/a.txt', 'Task one']],
    );
    assert.deepEqual(state(all), { 'api/a.txt': 'file one\n', 'web/b.txt': 'file b\n' });
  });

  it('keeps a folder that a landing empties', async () => {
    const [api, web] = [folder('api', { 'a.txt': 'a\n' }), folder('web', { 'deep/b.txt': 'b\n' }, false)];
    const all = await together(api, web);
    const at = await fieldOf(all);
    await at.landed('one', { 'web/deep/b.txt': null });
    assert.deepEqual(state(all), { 'api/a.txt': 'file a\n' });
    mkdirSync(join(web, 'deep'));
    assert.deepEqual(treeState(all.repo, await at.now()), state(all));
  });

  it('waits for a landing in one of its folders, and has that one wait for its own', async () => {
    const [api, web] = [folder('api', { 'a.txt': 'a\n' }), folder('web', { 'b.txt': 'b\n' })];
    const all = await together(web, api);
    const { repo: alone } = await together(api);
    const order: string[] = [];
    let spanning: Promise<Result<void>> | undefined;
    valued(
      await alone.landLock(NEVER, async () => {
        spanning = all.repo.landLock(NEVER, async () => {
          order.push('all');
          return ok();
        });
        // In the meantime, the one of all folders has had every chance.
        valued(await listFiles(alone, editor(api), NEVER));
        order.push('alone');
        return ok();
      }),
    );
    assert.ok(spanning !== undefined);
    valued(await spanning);
    assert.deepEqual(order, ['alone', 'all']);
  });
});
