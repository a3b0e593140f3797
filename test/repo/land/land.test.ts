/** Landing: an agent's work meets the workspace as it is by then, and arrives whole or not at all. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { changeWord } from '../../../src/domain/changes';
import { readChains } from '../../../src/repo/history/chain';
import { chainRef, land, previewLanding } from '../../../src/repo/land/land';
import { readRef } from '../../../src/repo/repository';
import { keptRaws } from '../../../src/repo/truth/raw';
import type { Edits } from '../../support/gatedWorker';
import { field, fieldIn } from '../../support/landing';
import { failed, NEVER, valued } from '../../support/result';
import { folderState, git, isThere, opened, put, putAll, sandbox, temporaryFolder, treeState } from '../../support/sandbox';

const lines = (...some: string[]) => some.map((line) => `${line}\n`).join('');
const TEN = lines(...'abcdefghij');

describe('a landing', () => {
  it('applies what the agent changed, and records it in the chain', async () => {
    const box = await field({ a: 'a', b: { run: 'b' }, c: 'c', d: 'd' });
    const { before, after, changes } = await box.landed('one', { a: 'A', b: 'B', c: null, 'new/e': 'e' });
    const expected = { a: 'file A', b: 'run B', d: 'file d', 'new/e': 'file e' };
    assert.deepEqual(folderState(box.root), expected);
    assert.deepEqual(treeState(box.repo, after), expected);
    assert.equal(before, box.snapshot.commit);
    assert.deepEqual(
      changes.map((change) => `${changeWord(change)} ${change.path}`),
      ['changed a', 'changed b', 'deleted c', 'added new/e'],
    );
    assert.equal(valued(await readRef(box.repo, chainRef('r1'))), after);
  });

  it('merges with what the person did meanwhile, and gives it a link of its own in the chain', async () => {
    const box = await field({ shared: TEN, mine: 'old' });
    putAll(box.root, { shared: TEN.replace('a\n', 'person\n'), mine: 'new', untracked: 'u' });
    await box.landed('one', { shared: TEN.replace('j\n', 'agent\n') });
    const expected = { mine: 'file new', shared: `file ${TEN.replace('a\n', 'person\n').replace('j\n', 'agent\n')}`, untracked: 'file u' };
    assert.deepEqual(folderState(box.root), expected);
    const chain = git(box.root, 'log', '--first-parent', '--reverse', '--format=%s', `${box.repo.refs}${chainRef('r1')}`);
    assert.equal(chain, 'Test\nYou\nTask one\n');
    assert.deepEqual(treeState(box.repo, await box.now()), expected);
  });

  it('merges into unsaved text, which stays unsaved, and leaves the file under it', async () => {
    const box = await field({ shared: TEN });
    box.workspace.buffers.set('shared', TEN.replace('a\n', 'typed\n'));
    await box.landed('one', { shared: TEN.replace('j\n', 'agent\n') });
    assert.equal(box.workspace.buffers.get('shared'), TEN.replace('a\n', 'typed\n').replace('j\n', 'agent\n'));
    assert.equal(folderState(box.root)['shared'], `file ${TEN}`);
  });

  it('follows a file that the person renamed', async () => {
    const box = await field({ old: TEN });
    renameSync(join(box.root, 'old'), join(box.root, 'new'));
    await box.landed('one', { old: TEN.replace('j\n', 'agent\n') });
    assert.deepEqual(folderState(box.root), { new: `file ${TEN.replace('j\n', 'agent\n')}` });
  });

  it('in a file that the person deleted is a conflict, and applies nothing', async () => {
    const box = await field({ gone: TEN, other: 'o' });
    put(box.root, 'gone', null);
    const landing = valued(await land(box.ports, await box.incoming('one', { gone: `${TEN}more\n`, other: 'O' }), NEVER));
    assert.ok(landing.kind === 'conflict');
    assert.deepEqual(
      landing.conflict.files.map(({ path, base, ours, theirs, oursBy }) => [path, base !== null, ours, theirs !== null, oursBy]),
      [['gone', true, null, true, 'Your edits']],
    );
    assert.deepEqual(folderState(box.root), { other: 'file o' });
  });

  it('in a conflict with a file that git ignores shows that file to no later task', async () => {
    const box = await field({ '.gitignore': '.env\n', a: 'a' });
    put(box.root, '.env', 'SECRET=1');
    const landing = valued(await land(box.ports, await box.incoming('one', { '.env': 'guess' }), NEVER));
    assert.deepEqual(landing.kind === 'conflict' && landing.conflict.files.map((file) => file.path), ['.env']);
    await box.landed('two', { b: 'b' });
    assert.deepEqual(Object.keys(treeState(box.repo, await box.now())), ['.gitignore', 'a', 'b']);
  });

  it('on the same lines is a conflict that names who was there first, and applies nothing of the task', async () => {
    const box = await field({ shared: TEN, other: 'o' });
    await box.landed('one', { shared: TEN.replace('e\n', 'one\n') });
    const before = folderState(box.root);
    const two = await box.incoming('two', { shared: TEN.replace('e\n', 'two\n'), other: 'two', 'new/x': 'two' });
    const landing = valued(await land(box.ports, two, NEVER));
    assert.ok(landing.kind === 'conflict');
    assert.deepEqual(
      landing.conflict.files.map((file) => [file.path, file.oursBy]),
      [['shared', 'Task one']],
    );
    assert.match(treeState(box.repo, landing.conflict.tree)['shared'] ?? '', /<<<<<<< [\s\S]*one\n=======\ntwo\n>>>>>>> /);
    assert.deepEqual(folderState(box.root), before);
    put(box.root, 'shared', TEN.replace('e\n', 'person\n'));
    const again = valued(await land(box.ports, two, NEVER));
    assert.deepEqual(again.kind === 'conflict' && again.conflict.files.map((file) => file.oursBy), ['Your edits']);
  });

  it('names the task even where its title has several lines', async () => {
    const box = await field({ shared: 'old\n' });
    const one = await box.incoming('one', { shared: 'one\n' });
    valued(await land(box.ports, { ...one, title: 'A title\n\nof two paragraphs' }, NEVER));
    const landing = valued(await land(box.ports, await box.incoming('two', { shared: 'two\n' }), NEVER));
    assert.deepEqual(landing.kind === 'conflict' && landing.conflict.files.map((file) => file.oursBy), ['Task one']);
  });

  it('changes a file into a folder and a folder into a file', async () => {
    const box = await field({ file: 'f', 'folder/a': 'a', 'folder/deep/b': 'b' });
    await box.landed('one', { file: null, 'file/in': 'i', 'folder/a': null, 'folder/deep/b': null, folder: 'now a file' });
    assert.deepEqual(folderState(box.root), { 'file/in': 'file i', folder: 'file now a file' });
  });

  it('keeps what the person put into a folder where the agent deleted a file', async () => {
    const box = await field({ thing: 'a file', b: 'b' });
    put(box.root, 'thing', null);
    put(box.root, 'thing/mine.txt', 'a folder by now');
    const { after } = await box.landed('one', { thing: null, b: 'B' });
    assert.deepEqual(folderState(box.root), { b: 'file B', 'thing/mine.txt': 'file a folder by now' });
    assert.deepEqual(treeState(box.repo, after), folderState(box.root));
  });

  it('in a read-only file says so, and writes nothing at all', async () => {
    const box = await field({ locked: 'l', open: 'o' });
    chmodSync(join(box.root, 'locked'), 0o444);
    const failure = failed(await land(box.ports, await box.incoming('one', { open: 'O', locked: 'L', new: 'n' }), NEVER));
    assert.equal(failure.message, 'locked is read-only.');
    assert.match(failure.fix, /chmod u\+w/);
    assert.deepEqual(folderState(box.root), { locked: 'file l', open: 'file o' });
    assert.equal(lstatSync(join(box.root, 'locked')).mode & 0o777, 0o444);
  });

  it('never writes through a link that leads out of the workspace', async () => {
    const outside = temporaryFolder();
    const box = await field({ 'dir/a.txt': TEN, other: 'o' });
    put(outside, 'a.txt', TEN);
    put(box.root, 'dir', null);
    put(box.root, 'dir', { link: outside });
    const failure = failed(await land(box.ports, await box.incoming('one', { 'dir/new.txt': 'n', other: 'O' }), NEVER));
    assert.match(failure.message, /^dir\/new\.txt lies behind the link dir, which may lead out of the workspace\.$/);
    const changed = valued(await land(box.ports, await box.incoming('two', { 'dir/a.txt': `${TEN}x`, other: 'O' }), NEVER));
    assert.equal(changed.kind, 'conflict');
    assert.deepEqual(folderState(outside), { 'a.txt': `file ${TEN}` });
    assert.equal(folderState(box.root)['other'], 'file o');
  });

  it('that fails half-way puts back what it had written', async () => {
    const box = await field({ a: 'a', gone: 'g', 'folder/tracked': 't', '.gitignore': 'ignored\n' });
    // The agent makes a file of the folder, in which git does not see this one: it can be no file as long as that is there.
    put(box.root, 'folder/ignored', 'mine');
    const before = folderState(box.root);
    const edits = { a: 'A', gone: null, new: 'n', 'folder/tracked': null, folder: 'a file' };
    const failure = failed(await land(box.ports, await box.incoming('one', edits), NEVER));
    assert.match(failure.message, /^folder is still a folder: /);
    assert.deepEqual(folderState(box.root), before);
  });

  it('looks again where the workspace changed in the very last moment', async () => {
    const box = await field({ shared: TEN });
    let moves = 0;
    box.workspace.meanwhile = () => {
      if (moves++ < 3) put(box.root, 'shared', TEN.replace('a\n', `person ${moves}\n`));
    };
    await box.landed('one', { shared: TEN.replace('j\n', 'agent\n') });
    assert.equal(moves, 4);
    assert.equal(folderState(box.root)['shared'], `file ${TEN.replace('a\n', 'person 3\n').replace('j\n', 'agent\n')}`);
  });

  it('takes for the person’s what an editor made of a file as it saved it', async () => {
    const box = await field({ a: 'a\n' });
    const apply: typeof box.workspace.apply = async (edits) => {
      const done = await box.workspace.apply(edits);
      put(box.root, 'a', 'agent, formatted\n');
      return done;
    };
    const ports = { ...box.ports, workspace: { ...box.workspace, apply } };
    const landing = valued(await land(ports, await box.incoming('one', { a: 'agent\n' }), NEVER));
    assert.ok(landing.kind === 'landed');
    assert.deepEqual(treeState(box.repo, landing.after), { a: 'file agent\n' });
    const tip = valued(await readRef(box.repo, chainRef('r1'))) ?? '';
    assert.deepEqual(treeState(box.repo, tip), { a: 'file agent, formatted\n' });
    assert.equal(git(box.root, 'log', '-1', '--format=%s %P', tip), `You ${landing.after}\n`);
  });

  it('gives up on a workspace that never holds still, with nothing written and nothing lost', async () => {
    const box = await field({ shared: TEN });
    let moves = 0;
    box.workspace.meanwhile = () => put(box.root, 'shared', TEN.replace('a\n', `person ${++moves}\n`));
    const pauses: number[] = [];
    const workspace = { ...box.workspace, calm: async (atLeastMs: number) => void pauses.push(atLeastMs) };
    const began = performance.now();
    const failure = failed(await land({ ...box.ports, workspace }, await box.incoming('one', { shared: `${TEN}agent\n` }), NEVER));
    assert.equal(failure.kind, 'moved');
    // It waited, each time, for a pause as long as the try had taken.
    assert.equal(pauses.length, moves);
    const waited = pauses.reduce((sum, pause) => sum + pause, 0);
    assert.ok(Math.min(...pauses) > 0 && waited > (performance.now() - began) / 2, `${pauses}`);
    assert.equal(folderState(box.root)['shared'], `file ${TEN.replace('a\n', `person ${moves}\n`)}`);
  });

  it('tells when it was, and when it kept bytes, by the clock that it is given', async () => {
    const box = await field({ '.gitattributes': '*.txt text eol=lf\n' });
    const start = box.ports.clock.now();
    put(box.root, 'a.txt', 'one\r\ntwo\n');
    await box.landed('one', { 'a.txt': 'ONE\ntwo\n' }, await box.now());
    const [chain] = valued(await readChains(box.repo));
    assert.deepEqual(
      chain?.links.map(({ by }) => by),
      ['person', 'task'],
    );
    const kept = [...valued(await keptRaws(box.repo)).values()].flat();
    assert.equal(kept.length, 1);
    const times = [...(chain?.links ?? []), ...kept].map(({ at }) => at);
    assert.ok(
      times.every((at) => at > start && at < box.ports.clock.now()),
      times.join(),
    );
  });

  it('twice changes nothing the second time', async () => {
    const box = await field({ a: 'a' });
    const incoming = await box.incoming('one', { a: 'A', b: 'b' });
    valued(await land(box.ports, incoming, NEVER));
    const again = valued(await land(box.ports, incoming, NEVER));
    assert.deepEqual(again.kind === 'landed' && again.changes, []);
  });

  it('is called off before it writes, not after', async () => {
    const box = await field({ a: 'a' });
    const off = new AbortController();
    const incoming = await box.incoming('one', { a: 'A' });
    assert.equal(failed(await land(box.ports, incoming, AbortSignal.abort())).kind, 'cancelled');
    box.workspace.meanwhile = () => off.abort();
    assert.equal(valued(await land(box.ports, incoming, off.signal)).kind, 'landed');
    assert.equal(folderState(box.root)['a'], 'file A');
  });

  it('can be looked at first', async () => {
    const box = await field({ a: TEN, b: 'b' });
    put(box.root, 'b', 'person');
    const preview = valued(await previewLanding(box.ports, await box.incoming('one', { a: 'A', b: 'agent', c: 'c' }), NEVER));
    assert.deepEqual(preview.conflicts, ['b']);
    assert.deepEqual(
      preview.changes.filter(({ path }) => path !== 'b').map((change) => `${changeWord(change)} ${change.path}`),
      ['changed a', 'added c'],
    );
    assert.deepEqual(folderState(box.root), { a: `file ${TEN}`, b: 'file person' });
  });

  it('of a run whose chain is gone says so', async () => {
    const box = await field({ a: 'a' });
    git(box.root, 'update-ref', '-d', `${box.repo.refs}${chainRef('r1')}`);
    assert.match(failed(await land(box.ports, await box.incoming('one', { a: 'A' }), NEVER)).message, /^The history of run r1 is gone\./);
  });

  it('works in a sub-folder, in a folder without git, and beside the person’s lock of the index', async () => {
    const top = await sandbox({ 'sub/a.txt': TEN, 'outside.txt': 'o' });
    const plain = temporaryFolder();
    put(plain, 'a.txt', TEN);
    put(top.root, '.git/index.lock', '');
    for (const root of [join(top.root, 'sub'), plain]) {
      const box = await fieldIn({ root, repo: await opened(root) });
      put(root, 'a.txt', TEN.replace('a\n', 'person\n'));
      await box.landed('one', { 'a.txt': TEN.replace('j\n', 'agent\n'), 'b/c.txt': 'c' });
      assert.deepEqual(folderState(root), {
        'a.txt': `file ${TEN.replace('a\n', 'person\n').replace('j\n', 'agent\n')}`,
        'b/c.txt': 'file c',
      });
    }
    assert.equal(folderState(top.root)['outside.txt'], 'file o');
    assert.ok(isThere(top.root, '.git/index.lock'));
  });

  it('is one at a time among processes: two that land at once in one file lose nothing', async () => {
    const box = await field({ shared: TEN });
    mkdirSync(join(box.root, 'dir'));
    const tasks = [...'abcdefghij'].map((letter) => ({
      letter,
      edits: { shared: TEN.replace(`${letter}\n`, `${letter.toUpperCase()}\n`), [`dir/${letter}`]: letter },
    }));
    const all = await Promise.all(tasks.map(({ letter, edits }) => box.incoming(letter, edits)));
    // Half of them here, half of them in another process. Lines that touch would be conflicts, so each has every other line.
    const even = all.filter((_, at) => at % 4 === 0);
    const odd = all.filter((_, at) => at % 4 === 2);
    const child = spawn(process.execPath, [join(__dirname, '../..', 'support', 'landElsewhere.js'), box.root, JSON.stringify(odd)]);
    const complaints: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    const [[code], ...landed] = await Promise.all([once(child, 'close'), ...even.map((incoming) => land(box.ports, incoming, NEVER))]);
    assert.equal(code, 0, Buffer.concat(complaints).toString());
    for (const landing of landed) assert.equal(valued(landing).kind, 'landed');
    assert.equal(folderState(box.root)['shared'], `file ${lines(...'AbCdEfGhIj')}`);
    assert.equal(Object.keys(folderState(box.root)).length, 6);
    const chain = git(box.root, 'log', '--first-parent', '--format=%s', `${box.repo.refs}${chainRef('r1')}`);
    assert.equal(chain.match(/Task/g)?.length, 5);
  });

  it('sees what the person did to a file that only a renamed folder brings into it', async () => {
    const files = { 'd/a.txt': 'aaa\n1\n2\n3\n', 'd/b.txt': 'bbb\n1\n2\n3\n' };
    const box = await field(files);
    git(box.root, 'config', 'merge.directoryRenames', 'true');
    await box.landed('one', { 'd/new.txt': 'new\n1\n2\n' });
    put(box.root, 'd/new.txt', 'new\n1\n2\nPERSON\n');
    await box.landed('two', { 'd/a.txt': null, 'd/b.txt': null, 'e/a.txt': files['d/a.txt'], 'e/b.txt': files['d/b.txt'] });
    assert.deepEqual(folderState(box.root), {
      'e/a.txt': `file ${files['d/a.txt']}`,
      'e/b.txt': `file ${files['d/b.txt']}`,
      'e/new.txt': 'file new\n1\n2\nPERSON\n',
    });
  });

  it('says what stands in the way: a sparse checkout, a folder that holds ignored files', async () => {
    const box = await sandbox({ 'in/a': 'a', 'out/b': 'b', 'dir/c': 'c', '.gitignore': '*.log\n' });
    git(box.root, 'sparse-checkout', 'set', '--no-cone', '/*', '!/out/');
    put(box.root, 'dir/x.log', 'ignored');
    const at = await fieldIn(box);
    const before = folderState(box.root);
    const landing = async (edits: Edits) => failed(await land(at.ports, await at.incoming('one', edits), NEVER));
    assert.equal((await landing({ 'out/b': 'B', 'in/a': 'A' })).message, 'out/b is outside of your sparse checkout.');
    assert.equal(
      (await landing({ 'dir/c': null, dir: 'file', 'in/a': 'A' })).message,
      'dir is still a folder: there are files in it that git ignores.',
    );
    assert.deepEqual(folderState(box.root), before);
  });
});
