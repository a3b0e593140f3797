/** Rollback and undo in a real workspace, unsaved text included. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { systemClock } from '../../../src/domain/clock';
import { rollBack } from '../../../src/repo/snapshot/rollback';
import { takeSnapshot } from '../../../src/repo/snapshot/snapshot';
import { beginTestRun, never } from '../agents';
import { everything } from '../everything';
import { freshFolder, must, openFile, typeAt } from '../folder';

const lines = (...all: string[]) => `${all.join('\n')}\n`;

describe('going back', () => {
  it('makes the workspace equal to the snapshot, byte for byte, unsaved and untitled text included', async () => {
    const place = await freshFolder({
      'saved.txt': lines('one', 'two'),
      'unsaved.txt': lines('one', 'two'),
      'crlf.txt': '\ufeffone\r\ntwo\r\n',
      'mixed.txt': 'one\r\ntwo\n',
      'binary.bin': Buffer.from([0, 1, 2, 255]),
      'deleted.txt': 'still here\n',
      '.gitignore': 'ignored.txt\n',
    });
    const unsaved = await openFile(place.uri('unsaved.txt'));
    await typeAt(unsaved, 1, 'typed before\n');
    const mixed = await openFile(place.uri('mixed.txt'));
    const untitled = await vscode.workspace.openTextDocument({ language: 'markdown', content: 'a thought' });
    await vscode.window.showTextDocument(untitled, { preview: false });
    const before = everything(place.repo.top.folder);
    const snapshot = must(await takeSnapshot(place.repo, place.workspace, { label: 'then', clock: systemClock }, never));

    await typeAt(unsaved, 0, 'typed after\n');
    assert.equal(await unsaved.save(), true);
    const saved = await openFile(place.uri('saved.txt'));
    await typeAt(saved, 0, 'never saved\n');
    await typeAt(mixed, 0, 'never saved\n');
    for (const name of ['crlf.txt', 'binary.bin', 'added.txt']) writeFileSync(place.path(name), 'agent\n');
    await vscode.workspace.fs.delete(place.uri('deleted.txt'));
    await vscode.window.showTextDocument(untitled);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');

    const done = must(await rollBack(place.repo, place.workspace, { snapshot, clock: systemClock }, never));
    assert.deepEqual(everything(place.repo.top.folder), before);
    const find = (name: string) => vscode.workspace.textDocuments.find((document) => document.uri.path.endsWith(`/${name}`));
    assert.deepEqual([find('unsaved.txt')?.getText(), find('unsaved.txt')?.isDirty], [lines('one', 'typed before', 'two'), true]);
    assert.deepEqual([saved.getText(), saved.isDirty], [lines('one', 'two'), false]);
    assert.equal(mixed.isDirty, false);
    assert.ok(vscode.workspace.textDocuments.some((document) => document.isUntitled && document.getText() === 'a thought'));

    // And forward again: the rollback took a snapshot of its own.
    must(await rollBack(place.repo, place.workspace, { snapshot: done.safety, clock: systemClock }, never));
    assert.equal(readFileSync(place.path('added.txt'), 'utf8'), 'agent\n');
    assert.deepEqual([saved.getText(), saved.isDirty], [lines('never saved', 'one', 'two'), true]);
  });

  it('undoes one of two tasks that edited the same file, and keeps the other’s and the person’s later edits', async () => {
    const text = Array.from({ length: 30 }, (_, at) => `line ${at}`);
    const change = (...changes: [number, string][]) =>
      lines(...text.map((line, at) => changes.find(([where]) => where === at)?.[1] ?? line));
    const place = await freshFolder({ 'both.txt': lines(...text), 'only.txt': 'old\n' });
    const document = await openFile(place.uri('both.txt'));
    const run = await beginTestRun(place);
    const a = await run.work('a', { 'both.txt': change([2, 'A was here']), 'only.txt': 'a\n' });
    const b = await run.work('b', { 'both.txt': change([12, 'B was here']) });
    const landedA = await run.land(a);
    assert.equal((await run.land(b)).kind, 'landed');
    await typeAt(document, 22, 'the person was here\n');

    const undone = await run.undo(a, landedA);
    assert.equal(undone.kind, 'landed');
    const expected = change([12, 'B was here']).split('\n');
    expected.splice(22, 0, 'the person was here');
    assert.equal(document.getText(), expected.join('\n'));
    assert.equal(document.isDirty, true);
    assert.equal(readFileSync(place.path('only.txt'), 'utf8'), 'old\n');
  });
});
