/** An undo in conflict: called off from its row, which asks once; and decided in the merge editor, by the key that completes a merge. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useWorkbench } from './workbench';

/** `one` writes a line, and `two` writes another over it. */
function scripted(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'scenario-')), 'scenario.json');
  const turns = (content: string) => [
    {
      paceMs: 0,
      calls: [
        { tool: 'write_file', input: { path: 'a.txt', content } },
        { tool: 'finish', input: { summary: 'Done.' } },
      ],
    },
  ];
  writeFileSync(file, JSON.stringify({ tasks: { one: turns('one\n'), two: turns('two\n') } }));
  return `scripted:${file}`;
}

const task = (id: string, dependsOn: string[]) => ({ id, title: `Task ${id}`, instructions: 'Do.', dependsOn });
const plan = { goal: 'Over it', tasks: [task('one', []), task('two', ['one'])] };

describe('an undo in conflict', function () {
  this.timeout(180_000);
  const workbench = useWorkbench({
    files: { 'a.txt': 'before\n', 'two.weft.json': JSON.stringify(plan) },
    settings: { 'weft.model': scripted() },
  });

  it('is called off from its row', async () => {
    await workbench().openFile('two.weft.json');
    await workbench().clickEditorAction('Run Plan');
    await workbench().notification('2 of 2 tasks landed');
    await workbench().clearNotifications();
    await workbench().clickRowAction('Runs', 'Task one', 'Undo Task');
    await workbench().clickDialog('Undo “Task one”?', 'Undo Task');
    const merging = await workbench().editor('Merging: a.txt');
    await workbench().row('Runs', 'undo in conflict in a.txt');
    await workbench().page.locator('.merge-editor').waitFor();
    await workbench().screenshot('undo-in-conflict');
    await workbench().clickRowAction('Runs', 'Task one', 'Call Off Undo');
    await workbench().clickDialog('Call off the undo of “Task one”?', 'Call Off');
    await workbench().notification('The undo of “Task one” is called off: nothing was changed.');
    await merging.waitFor({ state: 'detached' });
    assert.equal(await workbench().page.locator('.monaco-dialog-box').count(), 0);
    assert.equal(readFileSync(join(workbench().folder, 'a.txt'), 'utf8'), 'two\n');
    await workbench().clearNotifications();
  });

  it('is decided in the merge editor, and happens when its key is pressed', async () => {
    await workbench().clickRowAction('Runs', 'Task one', 'Undo Task');
    await workbench().clickDialog('Undo “Task one”?', 'Undo Task');
    const merging = await workbench().editor('Merging: a.txt');
    await workbench().page.locator('.merge-editor').waitFor();
    await workbench().runCommand('Merge Editor: Accept All Incoming Changes from Left');
    await workbench().page.locator('.merge-editor .monaco-editor.focused').waitFor();
    await workbench().page.keyboard.press('Control+Enter');
    await workbench().notification('“Task one” is undone, as you decided.');
    await merging.waitFor({ state: 'detached' });
    assert.equal(readFileSync(join(workbench().folder, 'a.txt'), 'utf8'), 'before\n');
  });
});
