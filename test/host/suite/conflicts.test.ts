/** Conflicts, in a real VS Code: what both sides are for, an arbiter that is asked, and one side taken. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { systemClock } from '../../../src/domain/clock';
import { RunRecord } from '../../../src/engine/journal/record';
import { discardDraft } from '../../../src/engine/steering/kept';
import { answering } from '../answers';
import { type Hearing, heard, setting } from '../events';
import { freshFolder, must, type TestFolder, watched } from '../folder';

const finish = (summary: string) => ({ tool: 'finish', input: { summary } });
const write = (content: string) => ({ tool: 'write_file', input: { path: 'a.txt', content } });
const LEAVE = { tool: 'leave_open', input: { why: 'Both want the first line.' } };

/** Two tasks that write the same line, of which one lands, and arbiters for the other: the first cannot tell. */
async function inConflict(conflicts: 'ask' | 'arbiter'): Promise<{ place: TestFolder; happened: Hearing; task: string; other: string }> {
  const place = await freshFolder({ 'a.txt': 'old\n' });
  const told = (name: string) => [{ paceMs: 0, calls: [write(`${name}\n`), finish(`Wrote ${name}.`)] }];
  const arbiters = { 1: [{ paceMs: 0, calls: [LEAVE] }], 2: [{ paceMs: 0, calls: [write('both\n'), finish('Both.')] }] };
  const made = ['one', 'two'].flatMap((id) => Object.entries(arbiters).map(([number, turns]) => [`${id}.${number}`, turns]));
  const folder = mkdtempSync(join(tmpdir(), 'weft-scenario-'));
  writeFileSync(
    join(folder, 'scenario.json'),
    JSON.stringify({ tasks: { one: told('one'), two: told('two'), ...Object.fromEntries(made) } }),
  );
  await setting('model', `scripted:${join(folder, 'scenario.json')}`);
  await setting('conflicts', conflicts);
  const tasks = ['one', 'two'].map((id) => ({ id, title: `Write ${id}`, role: 'coder', instructions: `Write ${id} into a.txt.` }));
  const plan = join(folder, 'plan.weft.json');
  writeFileSync(plan, JSON.stringify({ goal: 'Write', tasks }));
  const happened = await heard();
  await vscode.commands.executeCommand('weft.runPlan', vscode.Uri.file(plan));
  const { event } = await happened.next('task.conflicted');
  assert.ok(event.type === 'task.conflicted');
  return { place, happened, task: event.task, other: event.task === 'one' ? 'two' : 'one' };
}

/** The tabs of a conflict: its card, and its merge editor, whose kind of tab is not in the stable API. */
const shown = () => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.filter(({ label }) => /^(Conflict of|Merging:) /.test(label)));

const tabsChanged = () =>
  new Promise<void>((resolve) => {
    const listening = vscode.window.tabGroups.onDidChangeTabs(() => {
      listening.dispose();
      resolve();
    });
  });

/** What a card says, however its rows are broken. */
const inOneRow = (document: vscode.TextDocument) => document.getText().replaceAll(/\s+/g, ' ');

const text = (place: TestFolder) => readFileSync(place.path('a.txt'), 'utf8');

describe('a conflict', () => {
  after(() => setting('conflicts', undefined));

  it('that an arbiter leaves is told with both sides, and another one that the person asks decides it', async () => {
    const { place, happened, task, other } = await inConflict('arbiter');
    await happened.next('task.leftOpen');
    await vscode.commands.executeCommand('weft.showConflict');
    const card = await happened.document(
      (document) => document.uri.scheme === 'weft-conflict' && inOneRow(document).includes('Both want the first line.'),
    );
    const said = card.getText();
    assert.match(
      said,
      new RegExp(`^Conflict of “Write ${task}”\nGoal: Write\n {2}a\\.txt, also changed by “Write ${other}”\n\nLeft to you:\n`),
    );
    for (const line of [`Write ${task} into a.txt.`, `Write ${other} into a.txt.`, `Wrote ${task}.`, `Wrote ${other}.`])
      assert.ok(inOneRow(card).includes(line), line);
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', card.uri);
    assert.deepEqual(
      lenses.map(({ command }) => command?.title),
      ['Open in Merge Editor', 'Take One Side…', 'Ask an Arbiter', 'Show Trace', 'Show Trace'],
    );
    await vscode.commands.executeCommand('weft.askArbiter');
    const { event } = await happened.next('task.settled');
    assert.deepEqual(event.type === 'task.settled' && event.by, { kind: 'arbiter', arbiter: `${task}.2` });
    await happened.next('run.finished');
    assert.equal(text(place), 'both\n');
    happened.dispose();
  });

  it('ends where the person takes one side', async () => {
    const { place, happened, task, other } = await inConflict('ask');
    const answers = answering({ picks: [`Write ${task}`] });
    for (const command of ['openConflict', 'showConflict']) await vscode.commands.executeCommand(`weft.${command}`);
    assert.equal(shown().length, 2);
    await vscode.commands.executeCommand('weft.takeSide');
    const { state } = await happened.next('run.finished');
    assert.deepEqual(
      answers.asked.filter((one) => one.includes(', ')),
      [`Write ${other}, Write ${task}`],
    );
    answers.dispose();
    assert.equal(text(place), `${task}\n`);
    assert.deepEqual(state.tasks.get(task)?.settlements, [{ by: { kind: 'person' }, files: ['a.txt'] }]);
    // Neither the merge editor nor the card has anything to say any more.
    while (shown().length > 0) await tabsChanged();
    happened.dispose();
  });

  /** Has the merge editor of a conflict open, with what it makes of it by itself. */
  const merging = async (happened: Hearing) => {
    await vscode.commands.executeCommand('weft.openConflict');
    return happened.document(({ uri, version }) => uri.path.endsWith('/result/a.txt') && version === 2);
  };
  const labels = () => shown().map(({ label }) => label.replace(/of .*/, 'of it'));
  const shownAre = async (...wanted: readonly string[]) => {
    while (labels().join() !== wanted.join()) await tabsChanged();
  };
  /** Ends the run, and has another process than this window decide what it left open. */
  const decidedElsewhere = async (happened: Hearing, { repo }: TestFolder, task: string) => {
    await vscode.commands.executeCommand('weft.stopRun');
    const { state } = await happened.next('run.finished');
    const record = must(RunRecord.open(repo.stateDir, state.start.run, systemClock));
    must(await discardDraft(record, repo, task));
    record.close();
  };

  it('has its card and its merge editor closed when an arbiter decides it, and not before', async () => {
    const { place, happened } = await inConflict('ask');
    await merging(happened);
    await vscode.commands.executeCommand('weft.showConflict');
    await vscode.commands.executeCommand('workbench.action.focusFirstEditorGroup');
    await vscode.commands.executeCommand('weft.askArbiter');
    await happened.next('task.leftOpen');
    assert.equal(shown().length, 2);
    await vscode.commands.executeCommand('weft.askArbiter');
    await happened.next('run.finished');
    assert.equal(text(place), 'both\n');
    await shownAre();
    happened.dispose();
  });

  it('that is decided elsewhere has its card closed, and its merge editor as soon as that is in front', async () => {
    const { place, happened, task } = await inConflict('ask');
    await watched(place);
    await merging(happened);
    await vscode.window.showTextDocument(place.uri('a.txt'), { preview: false });
    await vscode.commands.executeCommand('weft.showConflict');
    await decidedElsewhere(happened, place, task);
    await shownAre('Merging: a.txt');
    await vscode.commands.executeCommand('workbench.action.focusFirstEditorGroup');
    await vscode.commands.executeCommand('workbench.action.openEditorAtIndex1');
    await shownAre();
    happened.dispose();
  });

  it('that is decided elsewhere leaves open what the person merged, and says so', async () => {
    const { place, happened, task } = await inConflict('ask');
    await watched(place);
    const document = await merging(happened);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, new vscode.Range(0, 0, 1, 0), 'mine\n');
    assert.ok(await vscode.workspace.applyEdit(edit));
    const answers = answering({});
    const told = answers.told('was decided elsewhere');
    await decidedElsewhere(happened, place, task);
    assert.equal(
      await told,
      `Weft: The conflict of “Write ${task}” was decided elsewhere. What you merged in a.txt stays open, and is not what lands.`,
    );
    assert.deepEqual(answers.buttonsOf(await told), ['Close Editor']);
    assert.deepEqual([document.getText(), document.isDirty, labels()], ['mine\n', true, ['Merging: a.txt']]);
    // VS Code asks what is to become of it, which it cannot do in a test.
    await vscode.commands.executeCommand('merge.acceptAllInput2');
    await document.save();
    await vscode.window.tabGroups.close(shown());
    answers.dispose();
    happened.dispose();
  });

  it('that a run left is decided by an arbiter in a run of its own, and waits for nobody any more', async () => {
    const { place, happened, task } = await inConflict('ask');
    await vscode.commands.executeCommand('weft.showConflict');
    await vscode.commands.executeCommand('weft.stopRun');
    const { state: left } = await happened.next('run.finished');
    const row = { kind: 'task', view: { state: left }, task: left.tasks.get(task) };
    const arbiters = [[{ paceMs: 0, calls: [LEAVE] }], [{ paceMs: 0, calls: [write('both\n'), finish('Both.')] }]];
    const [unsure, sure] = arbiters.map((turns) => {
      const file = join(mkdtempSync(join(tmpdir(), 'weft-scenario-')), 'scenario.json');
      writeFileSync(file, JSON.stringify({ tasks: { [task]: turns } }));
      return `scripted:${file}`;
    });
    await setting('model', unsure);
    await vscode.commands.executeCommand('weft.askArbiter', row);
    const { state: none } = await happened.next('run.finished', 2);
    assert.deepEqual([none.tasks.get(task)?.task.role, none.tasks.get(task)?.stage.kind], ['arbiter', 'failed']);
    assert.equal(shown().length, 1);
    await setting('model', sure);
    await vscode.commands.executeCommand('weft.askArbiter', row);
    const { state: decided } = await happened.next('run.finished', 3);
    assert.equal(text(place), 'both\n');
    const { state } = await happened.next('task.discarded');
    assert.deepEqual([state.start.run, state.tasks.get(task)?.stage], [left.start.run, { kind: 'elsewhere', run: decided.start.run }]);
    await shownAre();
    happened.dispose();
  });
});
