/** Undo and redo at four levels, who wrote a line, and a branch, through the commands, with text that is not saved. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RunState } from '../../../src/domain/run';
import { lookUp } from '../../../src/repo/trees';
import { lazyProjectReader } from '../../../src/vscode/agents/projectReader';
import { blobUri } from '../../../src/vscode/changes/blobs';
import { taskItem } from '../../../src/vscode/runs/runsRows';
import { placeOf } from '../../../src/vscode/workspace/place';
import { type Answers, answering } from '../answers';
import { heard, setting } from '../events';
import { everything } from '../everything';
import { freshFolder, must, openFile, type TestFolder, typeAt } from '../folder';

/** Twenty numbered lines, some of them replaced. */
const lines = (changed: Readonly<Record<number, string>> = {}) =>
  Array.from({ length: 20 }, (_, at) => `${changed[at + 1] ?? `line ${at + 1}`}\n`).join('');

/** A run that has ended: `one` changed x in two places and made y, `two` changed one of the places again. */
async function ended(): Promise<{ place: TestFolder; state: RunState }> {
  const place = await freshFolder({ 'x.txt': lines() });
  const write = (files: Record<string, string>) => [
    { paceMs: 0, calls: Object.entries(files).map(([path, content]) => ({ tool: 'write_file', input: { path, content } })) },
    { paceMs: 0, calls: [{ tool: 'finish', input: { summary: 'Did it.' } }] },
  ];
  const tasks = {
    one: write({ 'x.txt': lines({ 2: 'ONE', 12: 'ONE' }), 'y.txt': 'one\n' }),
    two: write({ 'x.txt': lines({ 2: 'ONE', 12: 'TWO' }) }),
  };
  const folder = mkdtempSync(join(tmpdir(), 'weft-scenario-'));
  writeFileSync(join(folder, 'scenario.json'), JSON.stringify({ tasks, plans: [] }));
  const task = (id: string, dependsOn: string[]) => ({ id, title: `Task ${id}`, instructions: 'Do it.', dependsOn });
  writeFileSync(join(folder, 'plan.weft.json'), JSON.stringify({ goal: 'A goal', tasks: [task('one', []), task('two', ['one'])] }));
  await setting('model', `scripted:${join(folder, 'scenario.json')}`);
  const happened = await heard();
  const end = answering({});
  await vscode.window.showTextDocument(vscode.Uri.file(join(folder, 'plan.weft.json')));
  await vscode.commands.executeCommand('weft.runPlan', vscode.Uri.file(join(folder, 'plan.weft.json')));
  const { state } = await happened.next('run.finished');
  // So that it is not among what is asked afterwards.
  await end.told('2 of 2 tasks landed');
  end.dispose();
  happened.dispose();
  return { place, state };
}

const taskRow = (state: RunState, id: string) => ({ view: { state }, task: state.tasks.get(id) });

/** The row of a task in the Runs tree. */
function rowOf(place: TestFolder, state: RunState, id: string): vscode.TreeItem {
  const task = state.tasks.get(id);
  assert.ok(task !== undefined);
  const session = {
    ...place,
    name: '',
    place: placeOf([place.folder], place.repo),
    project: lazyProjectReader({ asAbsolutePath: (path) => path }, place.repo, () => true),
    live: new Map(),
  };
  return taskItem({ kind: 'task', view: { session, state, life: 'finished' }, task }, 0);
}

/** The file’s own tab may come late, too: it is no merge editor. */
const isMerge = (tab: vscode.Tab) => typeof tab.input === 'object' && tab.input !== null && 'result' in tab.input;

describe('undo and redo', () => {
  let answers: Answers;
  afterEach(() => answers.dispose());

  it('of a hunk, a file and the run keep what was typed and not saved', async () => {
    const { place, state } = await ended();
    const document = await openFile(place.uri('x.txt'));
    await typeAt(document, 17, 'typed\n');
    const typed = (changed: Readonly<Record<number, string>>) => lines(changed).replace('line 18\n', 'typed\nline 18\n');
    const shows = (changed: Readonly<Record<number, string>>) => {
      assert.deepEqual([document.getText(), document.isDirty], [typed(changed), true]);
      assert.equal(readFileSync(place.path('x.txt'), 'utf8'), lines({ 2: 'ONE', 12: 'TWO' }), 'nothing that was unsaved is saved');
    };
    const row = taskRow(state, 'one');
    answers = answering({ buttons: ['Undo Hunk', 'Redo Hunk', 'Undo File', 'Undo Run', 'Redo Run'], picks: ['Hunk 1'] });
    await vscode.commands.executeCommand('weft.undoHunk', { ...row, change: { path: 'x.txt' } });
    shows({ 12: 'TWO' });
    assert.deepEqual(answers.asked.slice(0, 2), [
      'Hunk 1, Hunk 2',
      'Undo hunk 1 of x.txt (“Task one”)?\n1 file will change:\n\nx.txt — changed\n\nEverything else is kept.',
    ]);
    await vscode.commands.executeCommand('weft.redoPart', { ...row, change: { path: 'x.txt' } });
    shows({ 2: 'ONE', 12: 'TWO' });
    await vscode.commands.executeCommand('weft.undoFile', { ...row, change: { path: 'y.txt' } });
    await assert.rejects(async () => vscode.workspace.fs.stat(place.uri('y.txt')));
    await vscode.commands.executeCommand('weft.undoRun', { view: { state } });
    shows({});
    await vscode.commands.executeCommand('weft.redoRun', { view: { state } });
    shows({ 2: 'ONE', 12: 'TWO' });
    await answers.told('The run “A goal” is redone, and everything else is kept.');
  });

  it('name what depends on it, and open the merge editor where it overlaps', async () => {
    const { place, state } = await ended();
    answers = answering({ buttons: ['Undo Task'] });
    const happened = await heard();
    const merging = happened.tab(isMerge);
    await vscode.commands.executeCommand('weft.undoTask', taskRow(state, 'one'));
    assert.match(answers.asked[0] ?? '', /These tasks came later and may depend on it:\n {4}“Task two” changed the same lines of x\.txt\n/);
    assert.match(answers.asked[0] ?? '', /Later work stands on the same lines in x\.txt: the merge editor will open/);
    assert.match((await merging).label, /x\.txt/);
    assert.equal(readFileSync(place.path('x.txt'), 'utf8'), lines({ 2: 'ONE', 12: 'TWO' }));
    const result = await happened.document(
      (document) => document.uri.path.endsWith('/result/x.txt') && !document.getText().includes('<<<<<<<'),
    );
    await typeAt(result, 0, 'decided\n');
    while (!(await result.save()));
    happened.dispose();
  });

  it('in conflict is called off: its editor closes, its files go, and nothing else is changed', async () => {
    const { place, state } = await ended();
    answers = answering({ buttons: ['Undo Task', 'Call Off'] });
    const happened = await heard();
    const merging = happened.tab(isMerge);
    await vscode.commands.executeCommand('weft.undoTask', taskRow(state, 'one'));
    await merging;
    const result = await happened.document(
      (document) => document.uri.path.endsWith('/result/x.txt') && !document.getText().includes('<<<<<<<'),
    );
    await typeAt(result, 0, 'half decided\n');
    const { state: waiting } = await happened.next('task.conflicted');
    assert.equal(rowOf(place, waiting, 'one').contextValue, 'task.conflicted.reversal.draft');
    const before = everything(place.path(''));
    await vscode.commands.executeCommand('weft.callOffUndo', taskRow(waiting, 'one'));
    const { state: after } = await happened.next('task.kept');
    assert.equal(await answers.told('is called off'), 'Weft: The undo of “Task one” is called off: nothing was changed.');
    assert.deepEqual(answers.asked.slice(1, 2), [
      'Call off the undo of “Task one”?\nNo file changes: nothing of it was applied.\nWhat you have merged of it so far is deleted.',
    ]);
    assert.deepEqual(after.tasks, state.tasks);
    assert.deepEqual(everything(place.path('')), before);
    assert.deepEqual(readdirSync(join(place.repo.stateDir, 'runs', state.start.run, 'conflicts')), []);
    assert.deepEqual(vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter(isMerge), []);
    assert.equal(rowOf(place, after, 'one').contextValue, 'task.landed.draft');
    happened.dispose();
  });

  it('undo the hunk at the cursor of a diff, and the one of a line that a task wrote', async () => {
    const { place, state } = await ended();
    const { landing } = state.tasks.get('one') ?? {};
    assert.ok(landing !== undefined && landing !== null);
    const side = async (name: 'before' | 'after') => {
      const entry = must(await lookUp(place.repo, landing[name], ['x.txt'])).get('x.txt');
      assert.ok(entry !== undefined && entry !== 'folder');
      return blobUri(place, 'x.txt', entry, { run: state.start.run, task: 'one', path: 'x.txt', side: name });
    };
    await vscode.commands.executeCommand('vscode.diff', await side('before'), await side('after'), 'x.txt (Task one)');
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.scheme, 'weft-blob');
    editor.selection = new vscode.Selection(1, 0, 1, 0);
    answers = answering({ buttons: ['Undo Hunk', 'Redo'] });
    await vscode.commands.executeCommand('weft.undoHunk', editor.document.uri);
    assert.match(answers.asked[0] ?? '', /^Undo hunk 1 of x\.txt/);
    assert.equal(readFileSync(place.path('x.txt'), 'utf8'), lines({ 12: 'TWO' }));
    answers.dispose();

    const document = await openFile(place.uri('x.txt'));
    await typeAt(document, 0, 'typed above\n');
    answers = answering({ buttons: ['Undo Hunk', 'Undo Hunk'] });
    const who = async (line: number) => {
      const { activeTextEditor } = vscode.window;
      assert.equal(activeTextEditor?.document, document);
      activeTextEditor.selection = new vscode.Selection(line, 0, line, 0);
      await vscode.commands.executeCommand('weft.whoWrote');
      return answers.told(`Line ${line + 1}:`);
    };
    assert.equal(await who(0), 'Weft: Line 1: written by you, or by what you brought in.');
    const happened = await heard();
    assert.equal(await who(12), 'Weft: Line 13: written by “Task two” (coder), in the run “A goal”.');
    await happened.next('task.partUndone');
    assert.equal(document.getText(), `typed above\n${lines({ 12: 'ONE' })}`);
    assert.equal(
      await who(12).then(() => answers.told('written by “Task one”')),
      'Weft: Line 13: written by “Task one” (coder), in the run “A goal”.',
    );
    happened.dispose();
    await vscode.commands.executeCommand('weft.toggleAttribution');
    await vscode.commands.executeCommand('weft.toggleAttribution');
  });

  it('and a branch is made of the run, with everything else left as it is', async () => {
    const { place, state } = await ended();
    const git = (...args: string[]) => execFileSync('git', args, { cwd: place.repo.top.folder, encoding: 'utf8' });
    git('config', 'user.name', 'Ada');
    git('config', 'user.email', 'ada@example.org');
    const before = [git('rev-parse', 'HEAD'), git('status', '--porcelain'), git('symbolic-ref', 'HEAD')];
    const branch = `made/${state.start.run}`;
    answers = answering({ text: branch, picks: ['With my own edits'] });
    await vscode.commands.executeCommand('weft.createBranch', { view: { state } });
    await answers.told(`The branch ${branch} has 3 commits of this run.`);
    assert.equal(git('log', '-2', '--format=%an %s', branch), 'Ada Did it.\nAda Did it.\n');
    assert.equal(git('show', `${branch}:x.txt`), lines({ 2: 'ONE', 12: 'TWO' }));
    assert.deepEqual([git('rev-parse', 'HEAD'), git('status', '--porcelain'), git('symbolic-ref', 'HEAD')], before);
  });
});
