/** The main job through commands, with the shipped sample: dispatch, parallel agents, one conflict in the merge editor, everything landed. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RunState } from '../../../src/domain/run';
import { root } from '../../run/versions';
import { heard, setting } from '../events';
import { everything } from '../everything';
import { freshFolder, typeAt } from '../folder';

describe('the sample', () => {
  it('runs from a goal to the last landing, its conflict decided in the merge editor', async () => {
    const place = await freshFolder({});
    cpSync(join(root, 'media', 'sample'), place.repo.top.folder, { recursive: true });
    await setting('model', 'scripted:sample');
    await setting('approvals.plan', 'allow');
    const before = everything(place.repo.top.folder);
    const happened = await heard();
    await vscode.commands.executeCommand('weft.dispatch', 'Open the shop');

    const conflicted = await happened.next('task.conflicted');
    assert.deepEqual(
      conflicted.event.type === 'task.conflicted' && conflicted.event.conflict.files.map(({ path, oursBy }) => [path, oursBy]),
      [['src/shipping.js', 'Free shipping from 50 euros']],
    );
    const lastButOne = await happened.next('task.landed', 7);
    assert.equal(lastButOne.state.phase, 'running', 'a run waits for its conflict');

    const merging = happened.tab((tab) => tab.label.includes('shipping.js'));
    await vscode.commands.executeCommand('weft.openConflict');
    const { input } = await merging;
    assert.ok(typeof input === 'object' && input !== null && 'input1' in input && 'result' in input, 'it is a merge editor');
    const result = await happened.document(
      (document) => document.uri.path.endsWith('/result/src/shipping.js') && !document.getText().includes('<<<<<<<'),
    );
    // A merge editor that is not ready yet does nothing, or refuses.
    while (!result.getText().includes('express')) {
      await vscode.commands
        .executeCommand('merge.acceptAllInput1')
        .then(undefined, (refused: Error) => assert.match(refused.message, /updating/));
    }
    const other = await savingForLong(result);
    await vscode.commands.executeCommand('weft.completeMerge');
    await other.ended;
    const { state } = await happened.next('run.finished');
    assert.deepEqual(stages(state), new Array(8).fill('landed'));
    assert.match(readFileSync(place.path('src/shipping.js'), 'utf8'), /^\/\/ Both are wanted[\s\S]*express/);
    assert.notDeepEqual(everything(place.repo.top.folder), before);
    assert.ok(
      [...state.tasks.values()].filter((task) => task.work.startedAt - state.start.at < 1000).length >= 3,
      'agents work side by side',
    );
    happened.dispose();
  });
});

/** Types a line, and begins a save that an extension holds up for as long as VS Code waits for it (1.5 s): others are refused meanwhile. */
async function savingForLong(document: vscode.TextDocument): Promise<{ ended: Thenable<boolean> }> {
  // Refused while VS Code saves by itself; true when nothing is left to save, or being saved.
  while (!(await document.save()));
  const begun = new Promise<void>((resolve) => {
    const holding = vscode.workspace.onWillSaveTextDocument((saving) => {
      if (saving.document !== document) return;
      holding.dispose();
      saving.waitUntil(new Promise(() => undefined));
      resolve();
    });
  });
  await typeAt(document, 0, '// Both are wanted, said the owner.\n');
  const ended = document.save();
  await begun;
  return { ended };
}

function stages(state: RunState): string[] {
  return [...state.tasks.values()].map((task) => task.stage.kind);
}
