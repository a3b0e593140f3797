/** Landings in a real workspace: open, unsaved and closed files, and somebody who types meanwhile. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, mkdtempSync, readFileSync, readlinkSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { land } from '../../../src/repo/land/land';
import { beginTestRun, never } from '../agents';
import { freshFolder, openFile, typeAt } from '../folder';

const lines = (...all: string[]) => `${all.join('\n')}\n`;

describe('landing', () => {
  it('keeps what a person typed and did not save, and merges the agent’s lines into it', async () => {
    const place = await freshFolder({ 'a.txt': lines('one', 'two', 'three', 'four', 'five') });
    const document = await openFile(place.uri('a.txt'));
    const run = await beginTestRun(place);
    await typeAt(document, 4, 'typed\n');
    const landing = await run.land(await run.work('a', { 'a.txt': lines('ONE', 'two', 'three', 'four', 'five') }));
    assert.equal(landing.kind, 'landed');
    assert.equal(document.getText(), lines('ONE', 'two', 'three', 'four', 'typed', 'five'));
    assert.equal(document.isDirty, true, 'what was not saved stays unsaved');
    assert.equal(readFileSync(place.path('a.txt'), 'utf8'), lines('one', 'two', 'three', 'four', 'five'));
  });

  it('saves open files that were saved, writes closed ones, and leaves the others alone', async () => {
    const place = await freshFolder({ 'open.txt': 'old\n', 'closed.txt': 'old\n', 'gone.txt': 'old\n', 'other.txt': 'same\n' });
    const long = new Date(2020, 1, 1);
    utimesSync(place.path('other.txt'), long, long);
    const document = await openFile(place.uri('open.txt'));
    const run = await beginTestRun(place);
    const landing = await run.land(
      await run.work('a', { 'open.txt': 'new\n', 'closed.txt': 'new\n', 'gone.txt': null, 'deep/er/made.txt': 'made\n' }),
    );
    assert.equal(landing.kind, 'landed');
    assert.deepEqual([document.getText(), document.isDirty], ['new\n', false]);
    const read = (name: string) => (existsSync(place.path(name)) ? readFileSync(place.path(name), 'utf8') : null);
    assert.deepEqual(['open.txt', 'closed.txt', 'gone.txt', 'deep/er/made.txt'].map(read), ['new\n', 'new\n', null, 'made\n']);
    assert.equal(statSync(place.path('other.txt')).mtimeMs, long.getTime());
    assert.equal(vscode.workspace.textDocuments.find((one) => one.uri.path.endsWith('closed.txt'))?.isDirty ?? false, false);
  });

  it('makes new files beside closed ones that change', async () => {
    const place = await freshFolder({ 'src/closed.js': 'old\n', 'test/other.js': 'old\n' });
    const run = await beginTestRun(place);
    const landing = await run.land(await run.work('a', { 'src/closed.js': 'new\n', 'test/made.js': 'made\n' }));
    assert.equal(landing.kind, 'landed');
    assert.deepEqual(
      [readFileSync(place.path('src/closed.js'), 'utf8'), readFileSync(place.path('test/made.js'), 'utf8')],
      ['new\n', 'made\n'],
    );
  });

  it('lands what is there already, and links, which no WorkspaceEdit can hold', async () => {
    const place = await freshFolder({ 'a.txt': 'old\n', 'target.txt': 'old\n' });
    symlinkSync('target.txt', place.path('link'));
    const run = await beginTestRun(place);
    const first = await run.work('a', { 'a.txt': 'new\n', 'made.txt': 'made\n' });
    const same = await run.work('b', { 'a.txt': 'new\n', 'made.txt': 'made\n' });
    assert.equal((await run.land(first)).kind, 'landed');
    assert.equal((await run.land(same)).kind, 'landed');
    assert.equal(readFileSync(place.path('made.txt'), 'utf8'), 'made\n');
    const unlinked = await run.work('c', { link: null });
    const landing = await run.land(unlinked);
    assert.equal(existsSync(place.path('link')), false);
    assert.equal((await run.undo(unlinked, landing)).kind, 'landed');
    assert.equal(readlinkSync(place.path('link')), 'target.txt');
  });

  it('takes for unsaved what was typed while a save was under way, though VS Code tells extensions that it is saved', async () => {
    // Big enough that writing it takes longer than typing a letter.
    const place = await freshFolder({ 'big.txt': 'a line of a big file\n'.repeat(200_000) });
    const document = await openFile(place.uri('big.txt'));
    let round = 0;
    do {
      await typeAt(document, 0, `round ${round++}\n`);
      const saved = saving(document);
      const ended = document.save();
      await saved;
      await typeAt(document, 0, 'meanwhile\n');
      await ended;
    } while (document.isDirty || readFileSync(place.path('big.txt'), 'utf8') === document.getText());
    const unsaved = await place.workspace.unsaved();
    assert.deepEqual(
      unsaved.map(({ path, bytes }) => [path, bytes.toString() === document.getText()]),
      [['big.txt', true]],
    );
  });

  it('loses no letter of a person who types while it lands', async () => {
    const text = Array.from({ length: 40 }, (_, at) => `line ${at}`);
    const place = await freshFolder({ 'typed.txt': lines(...text) });
    const document = await openFile(place.uri('typed.txt'));
    const run = await beginTestRun(place);
    const incoming = await run.work('a', { 'typed.txt': lines('FIRST', ...text.slice(1)) });
    const landing = run.land(incoming);
    const typed: string[] = [];
    let landed = false;
    const done = landing.finally(() => {
      landed = true;
    });
    for (let at = 0; !landed && at < 150; at++) {
      typed.push(`typed ${at}`);
      await typeAt(document, 30, `typed ${at}\n`);
    }
    assert.equal((await done).kind, 'landed');
    const now = document.getText().split('\n');
    assert.equal(now[0], 'FIRST');
    assert.deepEqual(
      now.filter((line) => line.startsWith('typed ')),
      [...typed].reverse(),
    );
  });

  it('puts a folder where a link to one was, without touching where the link led', async () => {
    const place = await freshFolder({ 'real/in.txt': 'in\n', 'other.txt': 'old\n' });
    symlinkSync('real', place.path('linked'));
    await openFile(place.uri('real/in.txt'));
    const run = await beginTestRun(place);
    const landing = await run.land(await run.work('a', { linked: null, 'linked/in.txt': 'new\n', 'other.txt': 'new\n' }));
    assert.equal(landing.kind, 'landed');
    const texts = ['linked/in.txt', 'real/in.txt', 'other.txt'].map((name) => readFileSync(place.path(name), 'utf8'));
    assert.deepEqual([lstatSync(place.path('linked')).isDirectory(), ...texts], [true, 'new\n', 'in\n', 'new\n']);
  });

  it('applies nothing in conflict, and says who wrote the other side', async () => {
    const place = await freshFolder({ 'a.txt': 'old\n', 'b.txt': 'old\n' });
    const run = await beginTestRun(place);
    const [first, second] = [
      await run.work('first', { 'a.txt': 'first\n' }),
      await run.work('second', { 'a.txt': 'second\n', 'b.txt': 'second\n' }),
    ];
    assert.equal((await run.land(first)).kind, 'landed');
    const landing = await run.land(second);
    assert.equal(landing.kind, 'conflict');
    assert.deepEqual(landing.kind === 'conflict' && landing.conflict.files.map(({ path, oursBy }) => ({ path, oursBy })), [
      { path: 'a.txt', oursBy: 'Task first' },
    ]);
    assert.deepEqual([readFileSync(place.path('a.txt'), 'utf8'), readFileSync(place.path('b.txt'), 'utf8')], ['first\n', 'old\n']);
  });

  it('keeps CRLF, a byte order mark and mixed line ends as they are, in open and closed files', async () => {
    const crlf = '\ufeffone\r\ntwo\r\nthree\r\n';
    const mixed = 'one\r\ntwo\nthree\r\n';
    const place = await freshFolder({ 'crlf.txt': crlf, 'closed.txt': crlf, 'mixed.txt': mixed });
    const [document, other] = [await openFile(place.uri('crlf.txt')), await openFile(place.uri('mixed.txt'))];
    const run = await beginTestRun(place);
    const landing = await run.land(
      await run.work('a', {
        'crlf.txt': crlf.replace('two', 'TWO'),
        'closed.txt': crlf.replace('two', 'TWO'),
        'mixed.txt': mixed.replace('two', 'TWO'),
      }),
    );
    assert.equal(landing.kind, 'landed');
    const bytes = ['crlf.txt', 'closed.txt', 'mixed.txt'].map((name) => readFileSync(place.path(name), 'utf8'));
    assert.deepEqual(bytes, [crlf.replace('two', 'TWO'), crlf.replace('two', 'TWO'), mixed.replace('two', 'TWO')]);
    assert.deepEqual([document.isDirty, other.isDirty], [false, false]);
  });

  it('refuses a read-only file and a path behind a link, and writes nothing', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'weft-outside-'));
    const place = await freshFolder({ 'locked.txt': 'old\n', 'free.txt': 'old\n', 'folder/a.txt': 'old\n' });
    const run = await beginTestRun(place);
    const locked = await run.work('locked', { 'free.txt': 'new\n', 'locked.txt': 'new\n' });
    chmodSync(place.path('locked.txt'), 0o444);
    const refused = await land(run.ports, locked, never);
    assert.deepEqual(refused.ok ? '' : [refused.failure.kind, refused.failure.message], ['file', 'locked.txt is read-only.']);
    const behind = await run.work('behind', { 'linked/new.txt': 'new\n', 'free.txt': 'new\n' });
    symlinkSync(outside, place.path('linked'));
    const escaped = await land(run.ports, behind, never);
    assert.match(escaped.ok ? '' : escaped.failure.message, /behind the link linked/);
    assert.equal(readFileSync(place.path('free.txt'), 'utf8'), 'old\n');
    assert.equal(existsSync(join(outside, 'new.txt')), false);
  });
});

/** When a document is about to be saved. */
function saving(document: vscode.TextDocument): Promise<void> {
  return new Promise((resolve) => {
    const listening = vscode.workspace.onWillSaveTextDocument((event) => {
      if (event.document !== document) return;
      listening.dispose();
      resolve();
    });
  });
}
