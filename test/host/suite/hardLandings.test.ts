/** Landings in the real VS Code that fail half-way, that meet other encodings, and that rename by case alone. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { Draft } from '../../../src/repo/draft/draft';
import { land } from '../../../src/repo/land/land';
import { beginTestRun, never, type TestRun } from '../agents';
import { everything } from '../everything';
import { freshFolder, must, openFile, type TestFolder, typeAt } from '../folder';

const lines = (...all: string[]) => `${all.join('\n')}\n`;

/** An agent's work in bytes, for files that are no UTF-8. */
async function workIn(place: TestFolder, run: TestRun, files: Readonly<Record<string, Buffer>>) {
  const draft = new Draft(place.repo, run.snapshot.commit);
  for (const [path, bytes] of Object.entries(files)) must(await draft.write(path, bytes));
  const { commit } = must(await draft.commit());
  const id = (await run.work('none', {})).run;
  const { commit: base } = run.snapshot;
  return { run: id, task: 'bytes', title: 'Task bytes', intent: 'land', base, theirs: commit ?? base } as const;
}

function utf16(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
}

describe('a landing', () => {
  it('that fails half-way leaves every file and all unsaved text as before, and says what was in the way', async () => {
    const text = lines('one', 'two', 'three', 'four', 'five');
    const place = await freshFolder({
      'a.txt': text,
      'closed.txt': 'old\n',
      'gone.txt': 'old\n',
      'saved.txt': 'old\n',
      '.gitignore': '*.log\n',
    });
    const [document, saved] = [await openFile(place.uri('a.txt')), await openFile(place.uri('saved.txt'))];
    const run = await beginTestRun(place);
    await typeAt(document, 4, 'typed\n');
    const edits = {
      'a.txt': text.replace('one', 'ONE'),
      'closed.txt': 'new\n',
      'gone.txt': null,
      'saved.txt': 'new\n',
      'made.txt': 'made\n',
    };
    // What git ignores is in no snapshot, and gives way to nothing.
    mkdirSync(place.path('wall'));
    writeFileSync(place.path('wall/kept.log'), 'kept\n');
    writeFileSync(place.path('stone.log'), 'kept\n');
    const before = everything(place.path(''));
    for (const [name, said] of [
      ['wall', 'wall is still a folder: there are files in it that git ignores.'],
      ['stone.log/made.txt', 'VS Code could not write stone.log/made.txt.'],
    ] as const) {
      const landing = await land(run.ports, await run.work(`for ${name}`, { ...edits, [name]: 'made\n' }), never);
      assert.deepEqual(landing.ok ? '' : [landing.failure.kind, landing.failure.message], ['file', said]);
      assert.deepEqual(everything(place.path('')), before);
      assert.deepEqual([document.getText(), document.isDirty], [text.replace('five', 'typed\nfive'), true]);
      assert.deepEqual([saved.getText(), saved.isDirty], ['old\n', false]);
      assert.equal(existsSync(join(place.repo.stateDir, 'intent.json')), false);
    }
    // Once nothing is in the way, the same work lands.
    assert.equal((await run.land(await run.work('b', edits))).kind, 'landed');
    assert.deepEqual([document.getText(), document.isDirty], [text.replace('one', 'ONE').replace('five', 'typed\nfive'), true]);
  });

  it('keeps the bytes of Windows-1252 and UTF-16, in files that are closed, open, and open with unsaved text', async () => {
    const latin = (text: string) => Buffer.from(text, 'latin1');
    const text = 'café\nzwei\ndrei\nvier\nfünf\n';
    const files = {
      'closed.txt': latin(text),
      'open.txt': latin(text),
      'dirty.txt': latin(text),
      'closed.u16': utf16(text),
      'open.u16': utf16(text),
      'dirty.u16': utf16(text),
    };
    const config = vscode.workspace.getConfiguration('files');
    await config.update('encoding', 'windows1252', vscode.ConfigurationTarget.Global);
    try {
      const place = await freshFolder(files);
      const document = async (name: string) => openFile(place.uri(name));
      const [open, dirty, open16, dirty16] = [
        await document('open.txt'),
        await document('dirty.txt'),
        await document('open.u16'),
        await document('dirty.u16'),
      ];
      assert.deepEqual(
        [open.encoding, dirty.encoding, open16.encoding, dirty16.encoding],
        ['windows1252', 'windows1252', 'utf16le', 'utf16le'],
      );
      const run = await beginTestRun(place);
      const wanted = text.replace('café', 'CAFÉ');
      for (const one of [dirty, dirty16]) await typeAt(one, 4, 'größer\n');
      const work = {
        'closed.txt': latin(wanted),
        'open.txt': latin(wanted),
        'dirty.txt': latin(wanted),
        'closed.u16': utf16(wanted),
        'open.u16': utf16(wanted),
      };
      assert.equal((await run.land(await workIn(place, run, work))).kind, 'landed');
      for (const [name, bytes] of Object.entries({ ...work, 'dirty.txt': latin(text), 'dirty.u16': utf16(text) }))
        assert.deepEqual(readFileSync(place.path(name)), bytes, name);
      assert.deepEqual([open.getText(), open.isDirty, open.encoding], [wanted, false, 'windows1252']);
      assert.deepEqual([open16.getText(), open16.isDirty, open16.encoding], [wanted, false, 'utf16le']);
      assert.deepEqual([dirty.getText(), dirty.isDirty], [wanted.replace('fünf', 'größer\nfünf'), true]);
      assert.deepEqual([dirty16.getText(), dirty16.isDirty], [text.replace('fünf', 'größer\nfünf'), true]);
      assert.ok((await dirty.save()) && (await dirty16.save()));
      assert.deepEqual(readFileSync(place.path('dirty.txt')), latin(wanted.replace('fünf', 'größer\nfünf')));
      assert.deepEqual(readFileSync(place.path('dirty.u16')), utf16(text.replace('fünf', 'größer\nfünf')));
    } finally {
      await config.update('encoding', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('merges into unsaved text of a UTF-16 file where git knows that it is text, and is a conflict where git does not', async () => {
    const text = lines('café', 'zwei', 'drei', 'vier', 'fünf 🧵');
    const wanted = text.replace('café', 'CAFÉ');
    const typed = (all: string) => all.replace('fünf', 'größer\nfünf');
    const place = await freshFolder({
      '.gitattributes': 'known.u16 text working-tree-encoding=UTF-16LE-BOM\n',
      'known.u16': utf16(text),
      'unknown.u16': utf16(text),
    });
    const [known, unknown] = [await openFile(place.uri('known.u16')), await openFile(place.uri('unknown.u16'))];
    assert.deepEqual([known.encoding, unknown.encoding], ['utf16le', 'utf16le']);
    const run = await beginTestRun(place);
    for (const document of [known, unknown]) await typeAt(document, 4, 'größer\n');
    // An agent reads and writes what git holds: UTF-8, where it knows better.
    const landing = await run.land(await run.work('known', { 'known.u16': wanted }));
    assert.equal(landing.kind, 'landed');
    assert.deepEqual([known.getText(), known.isDirty, known.encoding], [typed(wanted), true, 'utf16le']);
    assert.deepEqual(readFileSync(place.path('known.u16')), utf16(text));
    const conflict = must(await land(run.ports, await workIn(place, run, { 'unknown.u16': utf16(wanted) }), never));
    assert.deepEqual(conflict.kind === 'conflict' && conflict.conflict.files.map(({ path, oursBy }) => [path, oursBy]), [
      ['unknown.u16', 'Your edits'],
    ]);
    assert.deepEqual([unknown.getText(), unknown.isDirty], [typed(text), true]);
    assert.ok((await known.save()) && (await unknown.save()));
    assert.deepEqual(
      [readFileSync(place.path('known.u16')), readFileSync(place.path('unknown.u16'))],
      [utf16(typed(wanted)), utf16(typed(text))],
    );
  });

  it('leaves a folder that was empty before as it was when it is undone', async () => {
    const place = await freshFolder({ 'a.txt': 'a\n' });
    mkdirSync(place.path('empty'));
    const run = await beginTestRun(place);
    const incoming = await run.work('a', { 'empty/new.txt': 'new\n', 'made/new.txt': 'new\n' });
    const landing = await run.land(incoming);
    assert.equal((await run.undo(incoming, landing)).kind, 'landed');
    assert.deepEqual([readdirSync(place.path('empty')), existsSync(place.path('made'))], [[], false]);
  });

  it('puts a file where a folder was, and a folder where a file was', async () => {
    const place = await freshFolder({ 'folder/in/a.txt': 'old\n', file: 'old\n' });
    const run = await beginTestRun(place);
    const incoming = await run.work('a', { 'folder/in/a.txt': null, folder: 'now a file\n', file: null, 'file/b.txt': 'new\n' });
    const before = everything(place.path(''));
    const landing = await run.land(incoming);
    assert.deepEqual(
      [readFileSync(place.path('folder'), 'utf8'), readFileSync(place.path('file/b.txt'), 'utf8')],
      ['now a file\n', 'new\n'],
    );
    assert.equal((await run.undo(incoming, landing)).kind, 'landed');
    assert.deepEqual(everything(place.path('')), before);
  });

  it('renames a file by case alone', async () => {
    const place = await freshFolder({ 'readme.md': 'text\n', 'other.txt': 'old\n' });
    await openFile(place.uri('readme.md'));
    const run = await beginTestRun(place);
    const incoming = await run.work('a', { 'readme.md': null, 'README.md': 'text\n', 'other.txt': 'new\n' });
    const landing = await run.land(incoming);
    const names = () =>
      readdirSync(place.path(''))
        .filter((name) => name !== '.git')
        .sort();
    assert.deepEqual([names(), readFileSync(place.path('README.md'), 'utf8')], [['README.md', 'other.txt'], 'text\n']);
    assert.equal((await run.undo(incoming, landing)).kind, 'landed');
    assert.deepEqual([names(), readFileSync(place.path('readme.md'), 'utf8')], [['other.txt', 'readme.md'], 'text\n']);
  });
});
