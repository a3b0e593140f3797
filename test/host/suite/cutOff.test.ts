/** Landings whose process was killed, settled in the real VS Code: by the next run, with what is unsaved in the very files of the landing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Incoming } from '../../../src/repo/land/land';
import { listSnapshots } from '../../../src/repo/snapshot/snapshot';
import { diffTrees } from '../../../src/repo/trees';
import { settled as settles } from '../../../src/vscode/workspace/documents';
import { placeOf } from '../../../src/vscode/workspace/place';
import { beginTestRun } from '../agents';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { everything } from '../everything';
import { freshFolder, must, openFile, type TestFolder, typeAt } from '../folder';

const lines = (...all: string[]) => `${all.join('\n')}\n`;
const TEXT = lines('one', 'two', 'three', 'four', 'five');
const LANDED = TEXT.replace('one', 'ONE');
const FILES = { 'a.txt': TEXT, 'b.txt': TEXT, 'c.txt': TEXT };
const EDITS = { 'a.txt': LANDED, 'b.txt': LANDED, 'c.txt': LANDED };

/** Lands in a process of its own, with these texts in its editor, and kills it right before a step. */
function cutOff(place: TestFolder, incoming: Incoming, before: string, unsaved?: Readonly<Record<string, string>>): void {
  const support = join(__dirname, '..', '..', 'support');
  const actor = ['--require', join(support, 'cutOff.js'), join(support, 'landElsewhere.js'), place.path(''), JSON.stringify([incoming])];
  const texts = unsaved === undefined ? [] : [JSON.stringify(unsaved)];
  const { signal, stderr } = spawnSync('node', [...actor, ...texts], { env: { ...process.env, CUT_BEFORE: before } });
  assert.equal(signal, 'SIGKILL', stderr.toString());
  assert.equal(existsSync(join(place.repo.stateDir, 'intent.json')), true);
}

/** Runs a plan whose only task changes nothing, to its end. */
async function runNothing(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-scenario-'));
  const turns = [{ paceMs: 0, calls: [{ tool: 'finish', input: { summary: 'Did nothing.' } }] }];
  writeFileSync(join(folder, 'scenario.json'), JSON.stringify({ tasks: { one: turns }, plans: [] }));
  const task = { id: 'one', title: 'Task one', instructions: 'Do nothing.', dependsOn: [] };
  const plan = vscode.Uri.file(join(folder, 'plan.weft.json'));
  writeFileSync(plan.fsPath, JSON.stringify({ goal: 'A goal', tasks: [task] }));
  await setting('model', `scripted:${join(folder, 'scenario.json')}`);
  const happened = await heard();
  try {
    await vscode.window.showTextDocument(plan);
    await vscode.commands.executeCommand('weft.runPlan', plan);
    await happened.next('run.finished');
  } finally {
    happened.dispose();
  }
}

/** Has the next run settle what was cut off; what it says of that. */
async function settled(): Promise<string> {
  const answers = answering({});
  try {
    const told = answers.told('Weft was cut off');
    await runNothing();
    return await told;
  } finally {
    answers.dispose();
  }
}

/** What is on disk, and what an editor shows that is not. */
function shown(place: TestFolder): Record<string, { readonly disk: string; readonly unsaved?: string }> {
  return Object.fromEntries(
    Object.keys(FILES).map((name) => {
      const document = vscode.workspace.textDocuments.find((one) => one.uri.fsPath === place.path(name) && one.isDirty);
      const disk = readFileSync(place.path(name), 'utf8');
      return [name, document === undefined ? { disk } : { disk, unsaved: document.getText() }];
    }),
  );
}

/** Types into a file as a person would who sees what is on disk. */
async function typeIn(place: TestFolder, name: string, line: number, text: string): Promise<vscode.TextDocument> {
  const document = await openFile(place.uri(name));
  // It may have been open before, and be read again just now.
  assert.ok(await settles(document, readFileSync(place.path(name), 'utf8')));
  await typeAt(document, line, text);
  return document;
}

describe('a landing that was cut off', () => {
  it('is settled by the next run, with unsaved text kept and one notification', async () => {
    const place = await freshFolder({ 'a.txt': 'old\n', 'b.txt': 'old\n', 'c.txt': 'old\n', 'd.txt': lines('one', 'two', 'three') });
    const run = await beginTestRun(place);
    const incoming = await run.work('a', { 'a.txt': 'new\n', 'b.txt': 'new\n', 'c.txt': 'new\n' });
    cutOff(place, incoming, ` ${place.path('b.txt')}`);
    const state = () => ['a.txt', 'b.txt', 'c.txt'].map((name) => readFileSync(place.path(name), 'utf8'));
    assert.deepEqual([state(), existsSync(join(place.repo.stateDir, 'intent.json'))], [['new\n', 'old\n', 'old\n'], true]);
    const document = await openFile(place.uri('d.txt'));
    await typeAt(document, 1, 'typed\n');
    const answers = answering({});
    try {
      const told = answers.told('Weft was cut off in the middle of the landing of “Task a”');
      await runNothing();
      await told;
      assert.deepEqual(state(), ['old\n', 'old\n', 'old\n']);
      assert.deepEqual([document.getText(), document.isDirty], [lines('one', 'typed', 'two', 'three'), true]);
      assert.equal(readFileSync(place.path('d.txt'), 'utf8'), lines('one', 'two', 'three'));
      assert.equal(existsSync(join(place.repo.stateDir, 'intent.json')), false);
      await runNothing();
      assert.equal(answers.asked.filter((one) => one.includes('cut off')).length, 1);
    } finally {
      answers.dispose();
    }
    assert.equal((await run.land(incoming)).kind, 'landed');
    assert.deepEqual(state(), ['new\n', 'new\n', 'new\n']);
  });

  it('is taken back out of text that was typed since into what it had written, and the text stays unsaved', async () => {
    const place = await freshFolder(FILES);
    const run = await beginTestRun(place);
    const incoming = await run.work('a', EDITS);
    cutOff(place, incoming, ` ${place.path('b.txt')}`);
    for (const name of ['a.txt', 'b.txt']) await typeIn(place, name, 4, `typed in ${name}\n`);
    const typed = (text: string, name: string) => text.replace('five', `typed in ${name}\nfive`);
    assert.deepEqual(shown(place), {
      'a.txt': { disk: LANDED, unsaved: typed(LANDED, 'a.txt') },
      'b.txt': { disk: TEXT, unsaved: typed(TEXT, 'b.txt') },
      'c.txt': { disk: TEXT },
    });
    assert.equal(
      await settled(),
      'Weft: Weft was cut off in the middle of the landing of “Task a”: a.txt is as before. Its draft is kept, and can be landed again. What was changed since in a.txt, b.txt is kept.',
    );
    // What is unsaved stays so: the disk has it when it is saved, and not before.
    assert.deepEqual(shown(place), {
      'a.txt': { disk: LANDED, unsaved: typed(TEXT, 'a.txt') },
      'b.txt': { disk: TEXT, unsaved: typed(TEXT, 'b.txt') },
      'c.txt': { disk: TEXT },
    });
    assert.equal((await run.land(incoming)).kind, 'landed');
    assert.deepEqual(shown(place), {
      'a.txt': { disk: LANDED, unsaved: typed(LANDED, 'a.txt') },
      'b.txt': { disk: TEXT, unsaved: typed(LANDED, 'b.txt') },
      'c.txt': { disk: LANDED },
    });
  });

  it('leaves what is typed over the very lines that it had written to who typed it', async () => {
    const place = await freshFolder(FILES);
    const run = await beginTestRun(place);
    cutOff(place, await run.work('a', EDITS), ` ${place.path('b.txt')}`);
    await typeIn(place, 'a.txt', 0, 'over ');
    await settled();
    assert.deepEqual(shown(place)['a.txt'], { disk: LANDED, unsaved: `over ${LANDED}` });
    assert.deepEqual([shown(place)['b.txt'], shown(place)['c.txt']], [{ disk: TEXT }, { disk: TEXT }]);
  });

  it('does not touch unsaved text that came back from before it, or takes its lines out of what came back from after it', async () => {
    for (const back of ['before', 'after']) {
      const place = await freshFolder(FILES);
      const run = await beginTestRun(place);
      const typed = TEXT.replace('five', 'typed\nfive');
      cutOff(place, await run.work('a', EDITS), ` ${place.path('c.txt')}`, { 'a.txt': typed });
      // As the editor has it again after a crash.
      const document = await typeIn(place, 'a.txt', 4, 'typed\n');
      if (back === 'after') {
        const edit = new vscode.WorkspaceEdit();
        edit.replace(document.uri, new vscode.Range(0, 0, 0, 3), 'ONE');
        assert.equal(await vscode.workspace.applyEdit(edit), true);
      }
      assert.deepEqual([shown(place)['a.txt']?.disk, shown(place)['b.txt']?.disk], [TEXT, LANDED]);
      await settled();
      assert.deepEqual(shown(place), { 'a.txt': { disk: TEXT, unsaved: typed }, 'b.txt': { disk: TEXT }, 'c.txt': { disk: TEXT } });
    }
  });

  it('stays where all of it was written, with what was typed since in its file, unsaved', async () => {
    const place = await freshFolder(FILES);
    const run = await beginTestRun(place);
    const incoming = await run.work('a', EDITS);
    cutOff(place, incoming, `rm ${join(place.repo.stateDir, 'intent.json')}`);
    await typeIn(place, 'a.txt', 4, 'typed\n');
    const before = everything(place.path(''));
    assert.match(await settled(), /at the very end of the landing of “Task a”: all of it is in the workspace/);
    assert.deepEqual(everything(place.path('')), before);
    assert.deepEqual(shown(place)['a.txt'], { disk: LANDED, unsaved: LANDED.replace('five', 'typed\nfive') });
  });

  it('is settled, and told, before a snapshot is taken by hand, and before files are restored', async () => {
    const place = await freshFolder(FILES);
    const run = await beginTestRun(place);
    const incoming = await run.work('a', EDITS);
    const half = { 'a.txt': { disk: LANDED }, 'b.txt': { disk: TEXT }, 'c.txt': { disk: TEXT } };
    const whole = { 'a.txt': { disk: TEXT }, 'b.txt': { disk: TEXT }, 'c.txt': { disk: TEXT } };
    const session = { ...place, name: '', place: placeOf([place.folder], place.repo), live: new Map() };
    const known = must(await listSnapshots(place.repo)).length;
    for (const act of [
      () => vscode.commands.executeCommand('weft.takeSnapshot'),
      () => vscode.commands.executeCommand('weft.restoreFiles', { session, snapshot: run.snapshot }, ['c.txt']),
    ]) {
      cutOff(place, incoming, ` ${place.path('b.txt')}`);
      assert.deepEqual(shown(place), half);
      const answers = answering({});
      await act();
      await answers.told('Weft was cut off in the middle of the landing of “Task a”: a.txt is as before.');
      answers.dispose();
      assert.deepEqual(shown(place), whole);
    }
    const [restored, taken, ...others] = must(await listSnapshots(place.repo));
    assert.ok(restored !== undefined && taken !== undefined);
    assert.deepEqual([others.length, restored.label, taken.label], [known, 'Before restoring files of “Before the test”', 'Taken by hand']);
    for (const snapshot of [restored, taken]) assert.deepEqual(must(await diffTrees(place.repo, run.snapshot.commit, snapshot.commit)), []);
  });
});
