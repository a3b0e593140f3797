/** The files of a conflict: what a person and a merge editor are given, and what is taken from them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { hasMarkers, resolvedEntry, writeConflictFiles } from '../../../src/repo/land/conflictFiles';
import { land } from '../../../src/repo/land/land';
import type { Edits } from '../../support/gatedWorker';
import { type Field, field } from '../../support/landing';
import { NEVER, valued } from '../../support/result';
import { blobOf, type Files, putAll } from '../../support/sandbox';

/** A conflict between the person and an agent, and its files. */
async function conflict(before: Files, person: Files, edits: Edits) {
  const box = await field(before);
  putAll(box.root, person);
  const landing = valued(await land(box.ports, await box.incoming('one', edits), NEVER));
  assert.ok(landing.kind === 'conflict');
  return { box, conflict: landing.conflict, files: await write(box, landing.conflict, false) };
}

async function write(box: Field, what: Parameters<typeof writeConflictFiles>[2], keep: boolean) {
  return valued(await writeConflictFiles(box.repo, { run: 'r1', task: 'one', title: 'Task\n one', keep }, what));
}

const read = (path: string) => readFileSync(path, 'utf8');

describe('the files of a conflict', () => {
  it('hold the base, both sides, and the merge with the names of both', async () => {
    const { files } = await conflict({ 'dir/a': 'old\n', b: 'b' }, { 'dir/a': 'mine\n' }, { 'dir/a': 'theirs\n', b: 'B' });
    const [file] = files;
    assert.ok(file !== undefined && files.length === 1);
    assert.deepEqual([file.path, file.text], ['dir/a', true]);
    assert.deepEqual([file.base, file.ours, file.theirs].map(read), ['old\n', 'mine\n', 'theirs\n']);
    assert.equal(read(file.result), '<<<<<<< Your edits\nmine\n=======\ntheirs\n>>>>>>> Task one\n');
    assert.equal(hasMarkers(read(file.result)), true);
  });

  it('keep what the person has begun, where that is asked', async () => {
    const { box, conflict: what, files } = await conflict({ a: 'old\n' }, { a: 'mine\n' }, { a: 'theirs\n' });
    const result = files[0]?.result ?? '';
    writeFileSync(result, 'merged by hand\n');
    await write(box, what, true);
    assert.equal(read(result), 'merged by hand\n');
    await write(box, what, false);
    assert.equal(hasMarkers(read(result)), true);
  });

  it('are empty where a side has no file, and are no text to be merged then', async () => {
    const { files } = await conflict({ a: 'old\n', x: 'x' }, { a: null }, { a: 'theirs\n' });
    assert.deepEqual(
      files.map((file) => [file.text, read(file.ours), read(file.theirs), read(file.result)]),
      [[false, '', 'theirs\n', 'theirs\n']],
    );
  });

  it('are whole sides where the file is binary', async () => {
    const bytes = (last: number) => Buffer.from([0, 1, 2, last]);
    const box = await field({ 'a.bin': bytes(3) });
    putAll(box.root, { 'a.bin': bytes(4) });
    const landing = valued(await land(box.ports, await box.incoming('one', { 'a.bin': '\0\u0001\u0002\u0005' }), NEVER));
    assert.ok(landing.kind === 'conflict');
    const [file] = await write(box, landing.conflict, false);
    assert.ok(file !== undefined);
    assert.deepEqual([file.text, readFileSync(file.result)], [false, bytes(4)]);
  });

  it('take a decision as git would store it', async () => {
    const { box, conflict: what } = await conflict(
      { '.gitattributes': '*.bat eol=crlf\n', 'a.bat': 'old\r\n' },
      { 'a.bat': 'mine\r\n' },
      { 'a.bat': 'theirs\n' },
    );
    const [file] = what.files;
    assert.ok(file !== undefined);
    const entry = valued(await resolvedEntry(box.repo, file, Buffer.from('both\r\n')));
    assert.deepEqual([entry.mode, blobOf(box.repo, entry.blob).toString()], ['100644', 'both\n']);
  });

  it('are not merged as long as markers are in them, and lines that only look like markers are none', () => {
    assert.equal(hasMarkers('a\n<<<<<<< x\n1\r\n=======\r\n2\n>>>>>>> y\n'), true);
    for (const text of ['', 'Title\n=======\n', '<<<<<<< only\n', '>>>>>>> a\n=======\n<<<<<<< b\n', ' <<<<<<< a\n=======\n>>>>>>> b']) {
      assert.equal(hasMarkers(text), false, text);
    }
  });
});
