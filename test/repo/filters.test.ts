/** Line ends, encodings and filters: git's clean form inside, the person's bytes on disk. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beginChain, land } from '../../src/repo/land/land';
import { rollBack } from '../../src/repo/snapshot/rollback';
import { takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { countingClock } from '../support/clock';
import { editor } from '../support/editor';
import { changesetOf, type Edits } from '../support/gatedWorker';
import { field } from '../support/landing';
import { NEVER, valued } from '../support/result';
import {
  commitAll,
  type Files,
  folderState,
  git,
  opened,
  printable,
  put,
  putAll,
  type Sandbox,
  sandbox,
  treeState,
} from '../support/sandbox';

/** Settings first, then files: so that git takes them in as the settings say. */
async function configured(config: Readonly<Record<string, string>>, files: Files): Promise<Sandbox> {
  const box = await sandbox();
  for (const [key, value] of Object.entries(config)) git(box.root, 'config', key, value);
  putAll(box.root, files);
  commitAll(box.root);
  return box;
}

const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);

/** What an agent reads, and what its edits make of the folder; then rolls back and compares byte for byte. */
async function landed(box: Sandbox, edits: Edits) {
  const clock = countingClock();
  const workspace = editor(box.root);
  const before = folderState(box.root);
  const snapshot = valued(await takeSnapshot(box.repo, workspace, { label: 'Test', clock }, NEVER));
  valued(await beginChain(box.repo, 'r1', snapshot.commit));
  const { commit } = await changesetOf(box.repo, snapshot.commit, edits);
  const incoming = { run: 'r1', task: 'one', title: 'One', intent: 'land' as const, base: snapshot.commit, theirs: commit ?? '' };
  const landing = valued(await land({ repo: box.repo, workspace, clock, titleOf: (task) => task }, incoming, NEVER));
  const after = folderState(box.root);
  const safety = valued(await rollBack(box.repo, workspace, { snapshot, clock }, NEVER)).safety;
  assert.deepEqual(folderState(box.root), before);
  valued(await rollBack(box.repo, workspace, { snapshot: safety, clock }, NEVER));
  assert.deepEqual(folderState(box.root), after);
  return { read: treeState(box.repo, snapshot.commit), kind: landing.kind, after };
}

describe('text on disk', () => {
  it('keeps its CRLF where core.autocrlf makes LF of it inside', async () => {
    const box = await configured({ 'core.autocrlf': 'true' }, { 'a.txt': 'one\r\ntwo\r\n' });
    const { read, kind, after } = await landed(box, { 'a.txt': 'one\nTWO\n', 'new.txt': 'new\n' });
    assert.deepEqual(read, { 'a.txt': 'file one\ntwo\n' });
    assert.equal(kind, 'landed');
    assert.deepEqual(after, { 'a.txt': 'file one\r\nTWO\r\n', 'new.txt': 'file new\r\n' });
  });

  it('keeps the CRLF that git has inside, whatever core.autocrlf says', async () => {
    for (const autocrlf of ['true', 'input']) {
      const box = await configured({}, { 'a.txt': 'one\r\ntwo\r\nthree\r\n', 'person.txt': 'one\r\ntwo\r\nthree\r\n' });
      git(box.root, 'config', 'core.autocrlf', autocrlf);
      // The person changes the file that the agent changes, too: elsewhere, so the two must merge.
      put(box.root, 'person.txt', 'ONE\r\ntwo\r\nthree\r\n');
      const edits = { 'a.txt': 'one\r\nTWO\r\nthree\r\n', 'person.txt': 'ONE\r\ntwo\r\nTHREE\r\n' };
      const { read, kind, after } = await landed(box, edits);
      assert.deepEqual(read, { 'a.txt': 'file one\r\ntwo\r\nthree\r\n', 'person.txt': 'file ONE\r\ntwo\r\nthree\r\n' });
      assert.equal(kind, 'landed');
      assert.deepEqual(after, { 'a.txt': 'file one\r\nTWO\r\nthree\r\n', 'person.txt': 'file ONE\r\ntwo\r\nTHREE\r\n' });
      assert.equal(git(box.root, 'status', '--porcelain'), ' M a.txt\n M person.txt\n');
    }
  });

  it('keeps the CRLF that git has inside under text=auto, which would not touch it either', async () => {
    const box = await configured({}, { 'a.txt': 'one\r\ntwo\r\nthree\r\n' });
    put(box.root, '.gitattributes', '* text=auto\n');
    const { kind, after } = await landed(box, { 'a.txt': 'one\r\nTWO\r\nthree\r\n' });
    assert.equal(kind, 'landed');
    assert.equal(after['a.txt'], 'file one\r\nTWO\r\nthree\r\n');
  });

  it('is left as it is where nothing says otherwise: CRLF, a byte order mark, no last line end, bytes', async () => {
    const files = { 'crlf.txt': 'one\r\ntwo\r\n', 'bom.txt': '\ufeffone\n', 'open.txt': 'one', 'x.bin': Buffer.from([0, 255, 13, 10, 7]) };
    const box = await configured({}, files);
    const { read, after } = await landed(box, { 'crlf.txt': 'one\r\nTWO\r\n', 'bom.txt': '\ufefftwo\n', 'open.txt': 'two' });
    assert.equal(read['x.bin'], `file ${printable(files['x.bin'])}`);
    assert.deepEqual(after, {
      'crlf.txt': 'file one\r\nTWO\r\n',
      'bom.txt': 'file \ufefftwo\n',
      'open.txt': 'file two',
      'x.bin': read['x.bin'],
    });
  });

  it('has the line ends that its attributes say', async () => {
    const box = await configured({}, { '.gitattributes': '*.bat eol=crlf\n', 'a.bat': 'one\r\ntwo\r\n', 'a.sh': 'one\n' });
    const { read, after } = await landed(box, { 'a.bat': 'one\nTWO\n', 'b.bat': 'new\n', 'a.sh': 'two\n' });
    assert.equal(read['a.bat'], 'file one\ntwo\n');
    assert.deepEqual(after, {
      '.gitattributes': 'file *.bat eol=crlf\n',
      'a.bat': 'file one\r\nTWO\r\n',
      'b.bat': 'file new\r\n',
      'a.sh': 'file two\n',
    });
  });

  it('has the encoding that its attributes say, and the agent reads UTF-8', async () => {
    const box = await configured({}, { '.gitattributes': '*.utf16 working-tree-encoding=UTF-16LE-BOM\n', 'a.utf16': utf16('größe\n') });
    const { read, after } = await landed(box, { 'a.utf16': 'GRÖSSE\n' });
    assert.equal(read['a.utf16'], 'file größe\n');
    assert.equal(after['a.utf16'], `file ${printable(utf16('GRÖSSE\n'))}`);
  });

  it('goes through the person’s own filters', async () => {
    const filter = { 'filter.shout.clean': 'tr A-Z a-z', 'filter.shout.smudge': 'tr a-z A-Z' };
    const box = await configured(filter, { '.gitattributes': '*.loud filter=shout\n', 'a.loud': 'HELLO\n' });
    const { read, after } = await landed(box, { 'a.loud': 'goodbye\n' });
    assert.equal(read['a.loud'], 'file hello\n');
    assert.equal(after['a.loud'], 'file GOODBYE\n');
  });

  it('in a sub-folder goes by the attributes above and below it', async () => {
    const files = {
      '.gitattributes': 'sub/*.bat eol=crlf\n',
      'sub/.gitattributes': '*.cmd eol=crlf\n',
      'sub/a.bat': 'a\r\n',
      'sub/a.cmd': 'a\r\n',
    };
    const top = await configured({}, files);
    const root = join(top.root, 'sub');
    const { after } = await landed({ root, repo: await opened(root) }, { 'a.bat': 'b\n', 'a.cmd': 'b\n' });
    assert.deepEqual(after, { '.gitattributes': 'file *.cmd eol=crlf\n', 'a.bat': 'file b\r\n', 'a.cmd': 'file b\r\n' });
  });

  it('comes back byte for byte where the attributes changed, too', async () => {
    const box = await configured({}, { '.gitattributes': '*.txt eol=crlf\n', 'a.txt': 'one\r\n', 'b.txt': 'b\r\n' });
    const clock = countingClock();
    const workspace = editor(box.root);
    const before = folderState(box.root);
    const snapshot = valued(await takeSnapshot(box.repo, workspace, { label: 'Test', clock }, NEVER));
    putAll(box.root, { '.gitattributes': null, 'a.txt': null, 'b.txt': 'two\n' });
    valued(await rollBack(box.repo, workspace, { snapshot, clock }, NEVER));
    assert.deepEqual(folderState(box.root), before);
    assert.equal(readFileSync(join(box.root, 'a.txt'), 'utf8'), 'one\r\n');
  });

  it('keeps, through a landing, an undo and a rollback, bytes that git’s filters would not give back', async () => {
    const config = { 'core.autocrlf': 'input', 'filter.strip.clean': 'grep -v OUTPUT', 'filter.strip.smudge': 'cat' };
    const box = await field({});
    for (const [key, value] of Object.entries(config)) git(box.root, 'config', key, value);
    const files = {
      '.gitattributes': '*.book filter=strip\n*.c ident\n*.bat eol=crlf\n',
      'windows.txt': 'one\r\ntwo\r\n',
      'mixed.txt': 'one\r\ntwo\n',
      'a.book': 'code\nOUTPUT 1\n',
      'a.c': '/* $Id$ */\nint a;\n',
      'a.bat': 'one\ntwo\n',
    };
    putAll(box.root, files);
    const before = folderState(box.root);
    const { repo, workspace } = box;
    const clock = countingClock();
    const snapshot = valued(await takeSnapshot(repo, workspace, { label: 'Test', clock }, NEVER));
    const edits = {
      'windows.txt': 'ONE\ntwo\n',
      'mixed.txt': 'ONE\ntwo\n',
      'a.book': 'CODE\n',
      'a.c': '/* $Id$ */\nint b;\n',
      'a.bat': 'ONE\ntwo\n',
    };
    const one = await box.landed('one', edits, snapshot.commit);
    const after = folderState(box.root);
    assert.deepEqual([after['windows.txt'], after['a.bat']], ['file ONE\r\ntwo\r\n', 'file ONE\ntwo\n']);
    assert.equal((await box.undo('one', one)).kind, 'landed');
    assert.deepEqual(folderState(box.root), before);
    // What git takes for the same is not, byte for byte.
    put(box.root, 'a.book', 'code\n');
    const { safety } = valued(await rollBack(repo, workspace, { snapshot, clock }, NEVER));
    assert.deepEqual(folderState(box.root), before);
    valued(await rollBack(repo, workspace, { snapshot: safety, clock }, NEVER));
    assert.deepEqual(folderState(box.root), { ...before, 'a.book': 'file code\n' });
  });

  it('are started without the secrets of the environment', async () => {
    const box = await configured(
      { 'filter.spy.clean': 'printenv ANTHROPIC_API_KEY MY_TOKEN PATH | wc -l; cat >/dev/null' },
      { '.gitattributes': '*.txt filter=spy\n' },
    );
    process.env['ANTHROPIC_API_KEY'] = 'sk-ant-planted-key';
    process.env['MY_TOKEN'] = 'planted';
    try {
      putAll(box.root, { 'a.txt': 'a\n' });
      const snapshot = valued(await takeSnapshot(box.repo, editor(box.root), { label: 'Test', clock: countingClock() }, NEVER));
      // Of the three only the path is there.
      assert.equal(git(box.root, 'show', `${snapshot.commit}:a.txt`).trim(), '1');
    } finally {
      delete process.env['ANTHROPIC_API_KEY'];
      delete process.env['MY_TOKEN'];
    }
  });
});
