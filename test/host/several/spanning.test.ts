/** A window of several folders: one run over all of them, typed text, undo and rollback. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RunState } from '../../../src/domain/run';
import { type Answers, answering } from '../answers';
import { heard, setting } from '../events';
import { openFile, typeAt } from '../folder';

/** The folders by their names on disk: the window calls one of them otherwise. */
function at(folder: 'api' | 'web' | 'notes', name: string): vscode.Uri {
  const found = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.path.endsWith(`/${folder}`));
  assert.ok(found !== undefined);
  return vscode.Uri.joinPath(found.uri, name);
}

function text(uri: vscode.Uri): string {
  return readFileSync(uri.fsPath, 'utf8');
}

/** A scripted model that plans one task, which writes these files. */
async function scripted(files: Readonly<Record<string, string>>): Promise<void> {
  const calls = Object.entries(files).map(([path, content]) => ({ tool: 'write_file', input: { path, content } }));
  const turns = [
    { paceMs: 0, calls },
    { paceMs: 0, calls: [{ tool: 'finish', input: { summary: 'Did it.' } }] },
  ];
  const plan = { goal: 'Both', tasks: [{ id: 'both', title: 'Both sides', role: 'coder', instructions: 'Do it.' }] };
  const folder = mkdtempSync(join(tmpdir(), 'weft-scenario-'));
  writeFileSync(join(folder, 'scenario.json'), JSON.stringify({ tasks: { both: turns }, plans: [plan] }));
  await setting('model', `scripted:${join(folder, 'scenario.json')}`);
  await setting('approvals.plan', 'allow');
}

const foldersChanged = () =>
  new Promise<void>((resolve) => {
    const listening = vscode.workspace.onDidChangeWorkspaceFolders(() => {
      listening.dispose();
      resolve();
    });
  });

const taskRow = (state: RunState, id: string) => ({ view: { state }, task: state.tasks.get(id) });

describe('a window of several folders', () => {
  let answers: Answers | undefined;
  // A window may tell of its folders only after it has begun.
  before(async () => {
    while ((vscode.workspace.workspaceFolders?.length ?? 0) < 3) await foldersChanged();
  });
  afterEach(() => answers?.dispose());

  it('has a run over all of them, which lands around typed text, is undone, and is rolled back', async () => {
    await scripted({ 'api/a.txt': 'ONE\ntwo\nthree\ntyped\n', 'web/b.txt': 'agent\n', 'notes/new.md': 'agent\n' });
    const document = await openFile(at('api', 'a.txt'));
    await typeAt(document, 3, 'typed\n');
    answers = answering({ picks: ['All folders'], buttons: ['Undo Task', 'Roll Back'] });
    const happened = await heard();
    await vscode.commands.executeCommand('weft.dispatch', 'Change both sides');
    const { state } = await happened.next('run.finished');
    assert.equal(answers.asked[0], 'The API, web, notes, All folders', 'what the active editor is in comes first');
    assert.deepEqual(
      [...state.tasks.values()].map(({ stage }) => stage.kind),
      ['landed'],
    );
    assert.deepEqual([document.getText(), document.isDirty], ['ONE\ntwo\nthree\ntyped\n', true]);
    assert.equal(text(at('api', 'a.txt')), 'one\ntwo\nthree\n', 'nothing that was unsaved is saved');
    assert.deepEqual([text(at('web', 'b.txt')), text(at('notes', 'new.md'))], ['agent\n', 'agent\n']);

    await vscode.commands.executeCommand('weft.undoTask', taskRow(state, 'both'));
    await answers.told('is undone, and everything else is kept');
    assert.deepEqual([document.getText(), document.isDirty], ['one\ntwo\nthree\ntyped\n', true]);
    assert.equal(text(at('web', 'b.txt')), 'b\n');
    await assert.rejects(async () => vscode.workspace.fs.stat(at('notes', 'new.md')));

    writeFileSync(at('web', 'b.txt').fsPath, 'later\n');
    writeFileSync(at('notes', 'later.md').fsPath, 'later\n');
    answers.dispose();
    answers = answering({ picks: ['Before: Both'], buttons: ['Roll Back'] });
    await vscode.commands.executeCommand('weft.rollBack');
    await answers.told('Rolled back: 2 files changed.');
    assert.equal(text(at('web', 'b.txt')), 'b\n');
    await assert.rejects(async () => vscode.workspace.fs.stat(at('notes', 'later.md')));
    assert.deepEqual([document.getText(), document.isDirty], ['one\ntwo\nthree\ntyped\n', true]);
    happened.dispose();
  });

  it('has a run in one folder alone, whose paths begin in that folder', async () => {
    await scripted({ 'c.txt': 'agent\n' });
    answers = answering({ picks: ['web'] });
    const happened = await heard();
    await vscode.commands.executeCommand('weft.dispatch', 'Add a file');
    const { state } = await happened.next('run.finished');
    assert.deepEqual(
      [...state.tasks.values()].map(({ stage }) => stage.kind),
      ['landed'],
    );
    assert.equal(text(at('web', 'c.txt')), 'agent\n');
    happened.dispose();
  });

  it('has a run over all of them where files of several are selected', async () => {
    await scripted({ 'api/d.txt': 'agent\n', 'web/d.txt': 'agent\n' });
    answers = answering({ text: 'Add to both' });
    const happened = await heard();
    const [one, other] = [at('web', 'b.txt'), at('api', 'a.txt')];
    await vscode.commands.executeCommand('weft.dispatchFiles', one, [one, other]);
    const { state } = await happened.next('run.finished');
    assert.deepEqual(
      [...state.tasks.values()].map(({ stage }) => stage.kind),
      ['landed'],
    );
    assert.deepEqual([text(at('api', 'd.txt')), text(at('web', 'd.txt'))], ['agent\n', 'agent\n']);
    happened.dispose();
  });
});
