/** Rolling back: the folder is equal to the snapshot, byte for byte, and what was there before can be had again. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { array, asyncProperty, assert as check, constantFrom, record, tuple } from 'fast-check';
import { changeWord } from '../../../src/domain/changes';
import { Draft } from '../../../src/repo/draft/draft';
import { beginChain, chainNow, type LandPorts, land } from '../../../src/repo/land/land';
import { previewRollback, rollBack } from '../../../src/repo/snapshot/rollback';
import { listSnapshots, type Snapshot, takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { countingClock } from '../../support/clock';
import { type Editor, editor } from '../../support/editor';
import { changesetOf, type Edits } from '../../support/gatedWorker';
import { failed, NEVER, valued } from '../../support/result';
import {
  commitAll,
  type Files,
  folderState,
  type Given,
  git,
  put,
  putAll,
  type Sandbox,
  sandbox,
  temporaryFolder,
} from '../../support/sandbox';
import { skipFor } from '../../support/skip';

const clock = countingClock();

interface Stage extends Sandbox {
  readonly workspace: Editor;
}

async function stage(files: Files): Promise<Stage> {
  const box = await sandbox(files);
  return { ...box, workspace: editor(box.root) };
}

async function snap({ repo, workspace }: Stage): Promise<Snapshot> {
  return valued(await takeSnapshot(repo, workspace, { label: 'Test', clock }, NEVER));
}

async function back({ repo, workspace }: Stage, snapshot: Snapshot) {
  return valued(await rollBack(repo, workspace, { snapshot, clock }, NEVER));
}

/** Lands an agent's edits, which began from the run's snapshot unless `base` is given. */
async function landIn({ repo, workspace }: Stage, run: string, base: string, edits: Edits, task = 'one') {
  const ports: LandPorts = { repo, workspace, clock, titleOf: (id) => id };
  const { commit } = await changesetOf(repo, base, edits);
  const incoming = { run, task, title: task, intent: 'land' as const, base, theirs: commit ?? '' };
  const landing = valued(await land(ports, incoming, NEVER));
  assert.ok(landing.kind === 'landed');
  return landing.after;
}

describe('rolling back', () => {
  it('loses nothing that the person saves while it reads the workspace', async () => {
    const box = await stage({ 'a.txt': 'old', 'b.txt': 'b' });
    const snapshot = await snap(box);
    putAll(box.root, { 'a.txt': 'new', 'b.txt': 'B' });
    const once = [{ 'a.txt': 'saved just now', 'c.txt': 'come just now' }];
    const untitled = box.workspace.untitled;
    // It is asked for after all files were read.
    box.workspace.untitled = async () => {
      putAll(box.root, once.pop() ?? {});
      return untitled();
    };
    const { safety } = await back(box, snapshot);
    assert.deepEqual(folderState(box.root), { 'a.txt': 'file old', 'b.txt': 'file b' });
    await back(box, safety);
    assert.deepEqual(folderState(box.root), { 'a.txt': 'file saved just now', 'b.txt': 'file B', 'c.txt': 'file come just now' });
  });

  it('undoes every kind of change, and can itself be taken back', async () => {
    const files = { same: 's', changed: 'old', gone: 'g', moved: 'a longer text that moves', run: { run: 'x' }, link: { link: 'same' } };
    const box = await stage({ ...files, 'swap/in.txt': 'a folder', flat: 'a file', 'deep/er/est.txt': 'd' });
    const before = folderState(box.root);
    const snapshot = await snap(box);
    putAll(box.root, { changed: 'new', gone: null, 'new/file.txt': 'n', run: 'x', link: { link: 'changed' }, deep: null });
    renameSync(join(box.root, 'moved'), join(box.root, 'moved elsewhere'));
    put(box.root, 'swap', 'a file now');
    put(box.root, 'flat', null);
    put(box.root, 'flat/in.txt', 'a folder now');
    put(box.root, 'same', { link: 'nowhere' });
    const between = folderState(box.root);
    const { safety } = await back(box, snapshot);
    assert.deepEqual(folderState(box.root), before);
    await back(box, safety);
    assert.deepEqual(folderState(box.root), between);
  });

  it('shows first what it will do, and does that', async () => {
    const box = await stage({ a: 'a', b: 'b', '.gitignore': '*.log\n' });
    const snapshot = await snap(box);
    valued(await beginChain(box.repo, 'r1', snapshot.commit));
    await landIn(box, 'r1', snapshot.commit, { 'new.log': 'log', b: 'agent' });
    putAll(box.root, { a: null, c: 'c' });
    const preview = valued(await previewRollback(box.repo, box.workspace, snapshot, NEVER));
    assert.deepEqual(
      preview.map((change) => `${changeWord(change)} ${change.path}`),
      ['added a', 'changed b', 'deleted c', 'deleted new.log'],
    );
    assert.deepEqual((await back(box, snapshot)).changes, preview);
  });

  it('brings unsaved text back, and what was on disk under it', async () => {
    const box = await stage({ 'a.txt': 'saved', 'b.txt': 'b' });
    box.workspace.buffers.set('a.txt', 'typed').set('new.txt', 'no file');
    box.workspace.texts = [{ name: 'Untitled-1', language: 'plaintext', text: 'thoughts' }];
    const disk = folderState(box.root);
    const snapshot = await snap(box);
    box.workspace.buffers.clear();
    box.workspace.buffers.set('b.txt', 'later');
    box.workspace.texts = [];
    putAll(box.root, { 'a.txt': 'typed and saved', 'new.txt': 'saved, too' });
    const { safety } = await back(box, snapshot);
    assert.deepEqual(folderState(box.root), disk);
    assert.deepEqual(
      [...box.workspace.buffers],
      [
        ['a.txt', 'typed'],
        ['new.txt', 'no file'],
      ],
    );
    assert.deepEqual(
      box.workspace.texts,
      snapshot.untitled.map((one) => ({ ...one, text: 'thoughts' })),
    );
    await back(box, safety);
    assert.deepEqual([...box.workspace.buffers], [['b.txt', 'later']]);
    assert.equal(folderState(box.root)['a.txt'], 'file typed and saved');
  });

  it('keeps an ignored file whose unsaved text is in the snapshot, and no agent sees that text', async () => {
    const box = await stage({ 'a.txt': 'a', '.gitignore': '.env\n' });
    put(box.root, '.env', 'KEY=saved');
    box.workspace.buffers.set('.env', 'KEY=typed');
    const snapshot = await snap(box);
    const draft = new Draft(box.repo, snapshot.commit);
    assert.deepEqual(valued(await draft.list('')), ['.gitignore', 'a.txt']);
    put(box.root, '.env', 'KEY=later');
    box.workspace.buffers.set('.env', 'KEY=later still');
    const { safety } = await back(box, snapshot);
    assert.equal(folderState(box.root)['.env'], 'file KEY=saved');
    assert.deepEqual([...box.workspace.buffers], [['.env', 'KEY=typed']]);
    await back(box, safety);
    assert.equal(folderState(box.root)['.env'], 'file KEY=later');
    assert.deepEqual([...box.workspace.buffers], [['.env', 'KEY=later still']]);
  });

  it('leaves a nested repository alone, unsaved text in it included', async () => {
    const box = await stage({ 'a.txt': 'a' });
    mkdirSync(join(box.root, 'nested'));
    git(join(box.root, 'nested'), 'init', '--quiet');
    put(box.root, 'nested/x.txt', 'x');
    commitAll(join(box.root, 'nested'));
    box.workspace.buffers.set('nested/x.txt', 'typed');
    const snapshot = await snap(box);
    put(box.root, 'a.txt', 'later');
    const before = folderState(join(box.root, 'nested'));
    await back(box, snapshot);
    assert.deepEqual(folderState(join(box.root, 'nested')), before);
    assert.deepEqual([...box.workspace.buffers], [['nested/x.txt', 'typed']]);
    assert.equal(folderState(box.root)['a.txt'], 'file a');
  });

  it('brings nothing back that came after the snapshot, though a landing deleted it', async () => {
    const box = await stage({ a: 'a', '.gitignore': '*.log\n' });
    const before = folderState(box.root);
    const snapshot = await snap(box);
    valued(await beginChain(box.repo, 'r1', snapshot.commit));
    put(box.root, 'dir/new', 'the person’s');
    const ports: LandPorts = { repo: box.repo, workspace: box.workspace, clock, titleOf: (id) => id };
    await landIn(box, 'r1', valued(await chainNow(ports, 'r1', NEVER)), { 'dir/new': null });
    await back(box, snapshot);
    assert.deepEqual(folderState(box.root), before);
  });

  it('takes ignored files away that landings made, and brings them again', async () => {
    const box = await stage({ a: 'a', '.gitignore': '*.log\nout/\n' });
    putAll(box.root, { 'mine.log': 'mine', 'out/mine.txt': 'mine' });
    const before = folderState(box.root);
    const snapshot = await snap(box);
    valued(await beginChain(box.repo, 'r1', snapshot.commit));
    await landIn(box, 'r1', snapshot.commit, { 'agent.log': 'one', 'out/deep/agent.txt': 'two', 'b.txt': 'b' });
    const ports: LandPorts = { repo: box.repo, workspace: box.workspace, clock, titleOf: (id) => id };
    const later = valued(await chainNow(ports, 'r1', NEVER));
    await landIn(box, 'r1', later, { 'c.txt': 'c' }, 'two');
    const landed = folderState(box.root);
    const { safety } = await back(box, snapshot);
    assert.deepEqual(folderState(box.root), before);
    await back(box, safety);
    assert.deepEqual(folderState(box.root), landed);
    await back(box, snapshot);
    assert.deepEqual(folderState(box.root), before);
  });

  it('takes an ignored file away that one landing made and another one changed', async () => {
    const box = await stage({ '.gitignore': '*.log\n' });
    const snapshot = await snap(box);
    valued(await beginChain(box.repo, 'r1', snapshot.commit));
    const after = await landIn(box, 'r1', snapshot.commit, { 'a.log': 'one' });
    await landIn(box, 'r1', after, { 'a.log': 'two' }, 'two');
    assert.equal(folderState(box.root)['a.log'], 'file two');
    await back(box, snapshot);
    assert.deepEqual(folderState(box.root), { '.gitignore': 'file *.log\n' });
  });

  it('keeps an ignored file that a landing made and the person changed since', async () => {
    const box = await stage({ '.gitignore': '*.log\n' });
    const snapshot = await snap(box);
    valued(await beginChain(box.repo, 'r1', snapshot.commit));
    await landIn(box, 'r1', snapshot.commit, { 'a.log': 'agent', 'b.log': 'agent' });
    put(box.root, 'a.log', 'agent, and I');
    await back(box, snapshot);
    assert.deepEqual(folderState(box.root), { '.gitignore': 'file *.log\n', 'a.log': 'file agent, and I' });
  });

  it('leaves what an earlier run landed, and takes back what later ones did', async () => {
    const box = await stage({ '.gitignore': '*.log\n' });
    const first = await snap(box);
    valued(await beginChain(box.repo, 'r1', first.commit));
    await landIn(box, 'r1', first.commit, { 'first.log': '1' });
    const second = await snap(box);
    valued(await beginChain(box.repo, 'r2', second.commit));
    await landIn(box, 'r2', second.commit, { 'second.log': '2' });
    await back(box, second);
    assert.deepEqual(Object.keys(folderState(box.root)), ['.gitignore', 'first.log']);
    await back(box, first);
    assert.deepEqual(Object.keys(folderState(box.root)), ['.gitignore']);
  });

  it('saves a file that has come to be ignored before it goes over it', async () => {
    const box = await stage({ a: 'a' });
    put(box.root, 'notes.txt', 'then');
    const snapshot = await snap(box);
    putAll(box.root, { '.gitignore': 'notes.txt\n', 'notes.txt': 'now, and ignored' });
    git(box.root, 'add', '.gitignore');
    const { safety } = await back(box, snapshot);
    assert.deepEqual(folderState(box.root), { a: 'file a', 'notes.txt': 'file then' });
    await back(box, safety);
    assert.equal(folderState(box.root)['notes.txt'], 'file now, and ignored');
  });

  it('follows no link out of the workspace', async () => {
    const outside = temporaryFolder();
    put(outside, 'x.txt', 'theirs');
    const box = await stage({ 'dir/x.txt': 'mine', 'dir/y.txt': 'mine' });
    const before = folderState(box.root);
    const snapshot = await snap(box);
    put(box.root, 'dir', null);
    put(box.root, 'dir', { link: outside });
    const { safety } = await back(box, snapshot);
    assert.deepEqual(folderState(box.root), before);
    await back(box, safety);
    assert.deepEqual(folderState(box.root), { dir: `link ${outside}` });
    assert.deepEqual(folderState(outside), { 'x.txt': 'file theirs' });
  });

  it('that cannot write says so, and where to find what was there', async () => {
    const box = await stage({ 'a.txt': 'a' });
    const snapshot = await snap(box);
    put(box.root, 'a.txt', 'b');
    const broken = {
      ...box.workspace,
      restore: async () => ({ ok: false as const, failure: { kind: 'file' as const, message: 'No.', fix: 'Try.' } }),
    };
    const failure = failed(await rollBack(box.repo, broken, { snapshot, clock }, NEVER));
    const [safety] = valued(await listSnapshots(box.repo));
    assert.equal(failure.message, 'The rollback stopped half-way: No.');
    assert.equal(failure.fix, `Try. Nothing is lost: what was there before is snapshot ${safety?.id}.`);
  });

  it('is exact after any edits', async () => {
    const path = constantFrom('a', 'b', 'a/x', 'a/y', 'b/x/z', 'c.log', 'd e');
    const given = constantFrom<Given>(
      '',
      'one\n',
      'two\r\n',
      null,
      { run: 'one\n' },
      { link: 'a' },
      { link: '../b' },
      Buffer.from([0, 200, 10]),
    );
    const edits = array(tuple(path, given), { maxLength: 8 });
    await check(
      asyncProperty(record({ first: edits, later: edits, index: edits }), async ({ first, later, index }) => {
        const box = await stage({});
        const change = (some: [string, Given][]) => {
          for (const [at, what] of some) {
            const blocked = [...at.matchAll(/\//g)].map((slash) => at.slice(0, slash.index));
            for (const parent of blocked) if (parent in folderState(box.root)) put(box.root, parent, null);
            put(box.root, at, what);
          }
        };
        change(first);
        commitAll(box.root, 'x');
        change(index);
        git(box.root, 'add', '--all');
        const before = folderState(box.root);
        const snapshot = await snap(box);
        change(later);
        const between = folderState(box.root);
        const { safety } = await back(box, snapshot);
        assert.deepEqual(folderState(box.root), before);
        await back(box, safety);
        assert.deepEqual(folderState(box.root), between);
      }),
      { numRuns: 12 },
    );
  });

  it('brings back and takes away files whose names are no UTF-8', async function () {
    if (process.platform !== 'linux') return skipFor(this, 'only Linux takes names that are no UTF-8');
    const box = await stage({ a: 'a' });
    const odd = (name: string) => Buffer.concat([Buffer.from(`${box.root}/${name}-`), Buffer.from([0xff])]);
    writeFileSync(odd('gone'), 'gone');
    writeFileSync(odd('changed'), 'before');
    const snapshot = await snap(box);
    unlinkSync(odd('gone'));
    writeFileSync(odd('changed'), 'after');
    writeFileSync(odd('new'), 'new');
    put(box.root, 'a', 'A');
    const state = () => ['gone', 'changed', 'new'].map((name) => (existsSync(odd(name)) ? readFileSync(odd(name), 'utf8') : null));
    const { safety } = await back(box, snapshot);
    assert.deepEqual(state(), ['gone', 'before', null]);
    assert.deepEqual(readdirSync(box.root).length, 4);
    await back(box, safety);
    assert.deepEqual(state(), [null, 'after', 'new']);
  });

  it('leaves modes alone where git is told not to look at them', async () => {
    const box = await stage({ 'a.sh': { run: 'a' }, 'b.sh': { run: 'b' } });
    git(box.root, 'config', 'core.fileMode', 'false');
    git(box.root, 'update-index', '--chmod=-x', 'a.sh');
    const before = folderState(box.root);
    const snapshot = await snap(box);
    put(box.root, 'a.sh', 'changed');
    await back(box, snapshot);
    assert.deepEqual(folderState(box.root), before);
  });
});
