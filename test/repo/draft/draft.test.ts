/** Drafts: an agent's own copy. What it does there is seen there, and nowhere else. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Draft } from '../../../src/repo/draft/draft';
import type { Search } from '../../../src/repo/draft/search';
import { takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { countingClock } from '../../support/clock';
import { editor } from '../../support/editor';
import { failed, NEVER, valued } from '../../support/result';
import { type Files, folderState, git, type Sandbox, sandbox, treeState } from '../../support/sandbox';

async function draftIn(box: Sandbox): Promise<Draft> {
  const why = { label: 'Test', clock: countingClock() };
  return new Draft(box.repo, valued(await takeSnapshot(box.repo, editor(box.root), why, NEVER)).commit, 'Work\n\nin two lines');
}

async function draftOf(files: Files) {
  const box = await sandbox(files);
  return { box, draft: await draftIn(box) };
}

const bytes = (text: string) => Buffer.from(text);
const everything = { folder: '', ignoreCase: false, most: 500 };

async function textAt(draft: Draft, path: string): Promise<string | null> {
  return valued(await draft.read(path))?.bytes.toString() ?? null;
}

/** What the draft would land, by path. */
async function result({ repo }: Sandbox, draft: Draft) {
  const { commit } = valued(await draft.commit());
  return treeState(repo, commit ?? draft.base);
}

describe('a draft', () => {
  it('lists and reads the tree, with what was changed over it', async () => {
    const { box, draft } = await draftOf({ 'a.txt': 'a', 'src/b.txt': 'b', 'src/deep/c.txt': 'c', 'srcs.txt': 's' });
    valued(await draft.write('src/new.txt', bytes('new')));
    valued(await draft.write('a.txt', bytes('changed')));
    valued(await draft.remove('src/b.txt'));
    assert.deepEqual(valued(await draft.list('')), ['a.txt', 'src/deep/c.txt', 'src/new.txt', 'srcs.txt']);
    assert.deepEqual(valued(await draft.list('src')), ['src/deep/c.txt', 'src/new.txt']);
    assert.deepEqual(valued(await draft.list('nowhere')), []);
    assert.deepEqual(await Promise.all(['a.txt', 'src/b.txt', 'src/new.txt', 'src'].map((path) => textAt(draft, path))), [
      'changed',
      null,
      'new',
      null,
    ]);
    assert.equal(folderState(box.root)['a.txt'], 'file a');
    assert.deepEqual(await result(box, draft), {
      'a.txt': 'file changed',
      'src/deep/c.txt': 'file c',
      'src/new.txt': 'file new',
      'srcs.txt': 'file s',
    });
  });

  it('keeps modes, and takes one that is given', async () => {
    const { box, draft } = await draftOf({ 'run.sh': { run: 'one' }, plain: 'one' });
    valued(await draft.write('run.sh', bytes('two')));
    valued(await draft.write('new.sh', bytes('three'), '100755'));
    assert.deepEqual(await result(box, draft), { 'new.sh': 'run three', plain: 'file one', 'run.sh': 'run two' });
  });

  it('writes through no link, whichever way it is asked', async () => {
    const { box, draft } = await draftOf({ out: { link: '/etc' }, file: { link: 'real' }, real: 'r' });
    assert.match(failed(await draft.write('file', bytes('x'))).message, /^file is a link to real\./);
    assert.match(failed(await draft.write('out/passwd', bytes('x'))).message, /^out\/passwd cannot be made: out is a link \(to \/etc\)/);
    assert.match(failed(await draft.move('real', 'out/real')).message, /out is a link/);
    valued(await draft.move('file', 'renamed'));
    valued(await draft.remove('out'));
    valued(await draft.write('out/now.txt', bytes('a folder')));
    assert.deepEqual(await result(box, draft), { 'out/now.txt': 'file a folder', real: 'file r', renamed: 'link real' });
  });

  it('lets no agent say how git merges or filters files, but how their lines end', async () => {
    const { draft } = await draftOf({ '.gitattributes': '*.lock merge=ours\n' });
    for (const text of ['*.lock merge=ours\n.env merge=union\n', '[attr]mine -text\n*.lock merge=ours\n', '*.lock\tfilter=x\n', ''])
      assert.match(failed(await draft.write('.gitattributes', bytes(text))).message, /would change how git merges or filters files/);
    assert.equal((await draft.remove('.gitattributes')).ok, false);
    assert.equal((await draft.move('.gitattributes', 'elsewhere')).ok, false);
    valued(await draft.write('.gitattributes', bytes('*.lock merge=ours\n*.txt text eol=lf\n*.png binary\n')));
  });

  it('changes no settings of Weft: they say what agents see, and what is kept of their work', async () => {
    const { draft } = await draftOf({
      '.vscode/settings.json': '{"weft.snapshot.keep": 9, "tabs": 2}',
      'x/settings.json': '{"weft.model": "m"}',
    });
    const refused = [
      await draft.write('.vscode/settings.json', bytes('{"weft.snapshot.keep": 1, "tabs": 2}')),
      await draft.write('in/.VSCode/Settings.json', bytes('{"\\u0077eft.approvals.plan": "allow"}')),
      await draft.write('a.code-workspace', bytes('{"folders": [], "settings": {"weft.snapshot.include": ["*"]}}')),
      await draft.remove('.vscode/settings.json'),
      await draft.move('x/settings.json', 'y/.vscode/settings.json'),
      await draft.move('x', 'z/.vscode'),
    ];
    assert.deepEqual(
      refused.map((result) => failed(result).kind),
      refused.map(() => 'input'),
    );
    valued(await draft.write('.vscode/settings.json', bytes('{"tabs": 4, /* mine */ "weft.snapshot.keep": 9}')));
    assert.deepEqual(await draft.now().then((now) => valued(now).changes.map(({ path }) => path)), ['.vscode/settings.json']);
  });

  it('refuses a file where a folder is, and a folder where a file is, until that is gone', async () => {
    const { box, draft } = await draftOf({ file: 'f', 'folder/in.txt': 'i' });
    assert.match(failed(await draft.write('folder', bytes('x'))).message, /^folder is a folder\./);
    assert.match(failed(await draft.write('file/in.txt', bytes('x'))).message, /^file\/in\.txt cannot be made: file is a file\./);
    assert.match(failed(await draft.move('file', 'file/moved')).message, /file is a file/);
    valued(await draft.remove('file'));
    valued(await draft.write('file/in.txt', bytes('now a folder')));
    valued(await draft.remove('folder/in.txt'));
    valued(await draft.write('folder', bytes('now a file')));
    assert.deepEqual(await result(box, draft), { 'file/in.txt': 'file now a folder', folder: 'file now a file' });
  });

  it('moves files and folders to where nothing is, and nothing over anything', async () => {
    const { box, draft } = await draftOf({ 'a/x': '1', 'a/y/z': { run: '2' }, 'b/x': '3', c: '4' });
    assert.match(failed(await draft.move('c', 'b/x')).message, /^There is a file b\/x already\./);
    assert.match(failed(await draft.move('c', 'b')).message, /^b is a folder\./);
    assert.match(failed(await draft.move('a', 'c')).message, /^There is a file c already\./);
    assert.match(failed(await draft.move('a', 'b')).message, /^There is a folder b already\./);
    assert.match(failed(await draft.move('a', 'a/inside')).message, /^a\/inside lies inside a\./);
    assert.match(failed(await draft.move('nowhere', 'd')).message, /^There is no file nowhere\./);
    assert.deepEqual(valued(await draft.commit()), { commit: null, changes: [] });
    valued(await draft.move('a', 'd/e'));
    valued(await draft.move('c', 'a'));
    assert.deepEqual(await result(box, draft), { a: 'file 4', 'b/x': 'file 3', 'd/e/x': 'file 1', 'd/e/y/z': 'run 2' });
  });

  it('has one answer for calls that come at the same time', async () => {
    const { box, draft } = await draftOf({ 'a/x': '1', b: 'b' });
    const done = await Promise.all([
      draft.write('new', bytes('a file')),
      draft.write('new/in.txt', bytes('a folder')),
      draft.move('b', 'c'),
      draft.move('b', 'd'),
      draft.move('a', 'e'),
      draft.write('a/y', bytes('2')),
    ]);
    assert.deepEqual(
      done.map((one) => one.ok),
      [true, false, true, false, true, true],
    );
    assert.deepEqual(await result(box, draft), { 'a/y': 'file 2', c: 'file b', 'e/x': 'file 1', new: 'file a file' });
    await Promise.all(Array.from({ length: 50 }, (_, at) => draft.write(`many/${at}`, bytes(String(at)))));
    assert.equal(valued(await draft.list('many')).length, 50);
  });

  it('finds lines in what it has, changes included', async () => {
    const { draft } = await draftOf({ 'a.txt': 'one\ntwo\n', 'src/b.txt': 'TWO\n', 'x.bin': Buffer.from('two\0'), 'ü "q".txt': 'two\n' });
    valued(await draft.write('new.txt', bytes('x\n\ttwo fold\r\n')));
    valued(await draft.write('a.txt', bytes('one\nthree\n')));
    const hitsOf = async (pattern: string, more: Partial<Search> = {}) =>
      valued(await draft.search({ ...everything, pattern, ...more }, NEVER)).hits;
    assert.deepEqual(await hitsOf('two'), [
      { path: 'new.txt', line: 2, text: '\ttwo fold\r' },
      { path: 'ü "q".txt', line: 1, text: 'two' },
    ]);
    assert.deepEqual(await hitsOf('^t(w|x)o$', { folder: 'src', ignoreCase: true }), [{ path: 'src/b.txt', line: 1, text: 'TWO' }]);
    assert.deepEqual(await hitsOf('-v'), []);
    assert.match(failed(await draft.search({ ...everything, pattern: '(' }, NEVER)).message, /^The search for "\(" failed: /);
    assert.equal(failed(await draft.search({ ...everything, pattern: 'x' }, AbortSignal.abort())).kind, 'cancelled');
  });

  it('commits exactly its changes, on top of its base, and nothing where nothing changed', async () => {
    const { box, draft } = await draftOf({ a: 'a', b: 'b' });
    valued(await draft.write('a', bytes('a')));
    valued(await draft.write('c', bytes('c')));
    valued(await draft.remove('c'));
    assert.deepEqual(valued(await draft.commit()), { commit: null, changes: [] });
    valued(await draft.write('a', bytes('new')));
    valued(await draft.remove('b'));
    const { commit, changes } = valued(await draft.commit());
    assert.deepEqual(
      changes.map(({ path, before, after }) => [path, before?.mode, after?.mode]),
      [
        ['a', '100644', '100644'],
        ['b', '100644', undefined],
      ],
    );
    assert.equal(git(box.root, 'log', '-1', '--format=%P %B', commit ?? '').trim(), `${draft.base} Work\n\nin two lines`);
  });

  it('holds names and bytes of every kind', async () => {
    const names = ['with blank', 'tab\tand "quotes"', 'back\\slash', 'ünï/日本', '-dash', 'new\nline', '*star?'];
    const { box, draft } = await draftOf({ first: 'f' });
    for (const name of names) valued(await draft.write(name, bytes(name)));
    const big = Buffer.alloc(5_000_000, 'abc\r\n\0');
    valued(await draft.write('big', big));
    assert.deepEqual(
      Object.fromEntries(Object.entries(await result(box, draft)).filter(([name]) => names.includes(name))),
      Object.fromEntries(names.map((name) => [name, `file ${name}`])),
    );
    const again = new Draft(box.repo, valued(await draft.commit()).commit ?? '');
    for (const name of names) assert.equal(await textAt(again, name), name);
    assert.ok(valued(await again.read('big'))?.bytes.equals(big));
  });

  it('leaves a submodule alone that is not checked out', async () => {
    const box = await sandbox({ a: 'a' });
    mkdirSync(join(box.root, 'nested'));
    git(box.root, 'update-index', '--add', '--cacheinfo', `160000,${git(box.root, 'rev-parse', 'HEAD').trim()},nested`);
    const draft = await draftIn(box);
    for (const path of ['nested', 'nested/new']) {
      assert.match(failed(await draft.write(path, bytes('x'))).message, /nested is a submodule that is not checked out/);
    }
    assert.match(failed(await draft.remove('nested')).message, /nested is a submodule that is not checked out/);
    assert.match(failed(await draft.move('a', 'nested/a')).message, /nested is a submodule that is not checked out/);
    assert.deepEqual(await result(box, draft), { a: 'file a', nested: 'repository ' });
  });

  it('moves a folder of many files whole or not at all, its own changes included', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`big/deep/${at}.txt`, `${at}`]));
    const { box, draft } = await draftOf({ ...many, 'big/run': { run: 'r' }, file: 'f' });
    valued(await draft.write('big/new.txt', Buffer.from('new')));
    valued(await draft.remove('big/deep/7.txt'));
    assert.equal(failed(await draft.move('big', 'file/big')).message, 'file/big cannot be made: file is a file.');
    valued(await draft.move('big', 'moved/to'));
    const expected: [string, string][] = Object.entries(many).map(([path, text]) => [path.replace('big', 'moved/to'), `file ${text}`]);
    const { 'moved/to/deep/7.txt': gone, ...rest } = Object.fromEntries(expected);
    assert.equal(gone, 'file 7');
    assert.deepEqual(await result(box, draft), { ...rest, 'moved/to/new.txt': 'file new', 'moved/to/run': 'run r', file: 'file f' });
  });

  it('knows what its agent read of the base: read and searched, but not listed, looked at, or made by itself', async () => {
    const { box, draft } = await draftOf({ 'a.txt': 'one', 'b.txt': 'two', 'c.txt': 'three', 'd.txt': 'four', 'hit.txt': 'a hit' });
    const blob = (path: string) => git(box.root, 'rev-parse', `HEAD:${path}`).trim();
    assert.deepEqual(valued(await draft.reads()), []);
    valued(await draft.list(''));
    valued(await draft.look('a.txt'));
    valued(await draft.read('b.txt'));
    valued(await draft.write('b.txt', bytes('changed')));
    valued(await draft.write('d.txt', bytes('replaced')));
    valued(await draft.read('d.txt'));
    valued(await draft.read('nowhere.txt'));
    valued(await draft.search({ ...everything, pattern: 'hit|replaced' }, NEVER));
    assert.deepEqual(valued(await draft.reads()), [
      { path: 'b.txt', blob: blob('b.txt') },
      { path: 'nowhere.txt', blob: null },
      { path: 'hit.txt', blob: blob('hit.txt') },
    ]);
  });

  it('knows which folders its agent was told of: by their names, or by what is in them', async () => {
    const { draft } = await draftOf({ 'src/a.txt': 'one', 'docs/b.txt': 'two' });
    valued(await draft.read('src/a.txt'));
    valued(await draft.look('docs/b.txt'));
    assert.deepEqual(draft.looks, []);
    valued(await draft.list('docs'));
    valued(await draft.list('src'));
    valued(await draft.search({ ...everything, folder: 'src', pattern: 'nothing' }, NEVER));
    valued(await draft.list('src'));
    assert.deepEqual(draft.looks, [
      { folder: 'docs', at: 'names' },
      { folder: 'src', at: 'contents' },
    ]);
    // More than it tells of one by one.
    draft.remember(Array.from({ length: 501 }, (_, at) => `${at}.txt`));
    assert.deepEqual(draft.looks.at(-1), { folder: '', at: 'contents' });
  });

  it('goes on from what was done before, deletions, modes and links included', async () => {
    const { box, draft } = await draftOf({ 'a.txt': 'a', 'gone.txt': 'g', 'run.sh': { run: 'one' }, link: { link: 'a.txt' } });
    valued(await draft.remove('gone.txt'));
    valued(await draft.write('run.sh', bytes('two')));
    valued(await draft.move('link', 'linked'));
    valued(await draft.write('b/new.txt', bytes('new')));
    const { commit } = valued(await draft.commit());
    const again = valued(await Draft.resume(box.repo, draft.base, commit ?? ''));
    assert.equal(await textAt(again, 'b/new.txt'), 'new');
    valued(await again.write('a.txt', bytes('A')));
    assert.deepEqual(await result(box, again), {
      'a.txt': 'file A',
      'b/new.txt': 'file new',
      linked: 'link a.txt',
      'run.sh': 'run two',
    });
  });
});
