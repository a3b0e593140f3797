/** What a folder, a plan or an agent plants stays without effect: in Restricted Mode, in notifications, and in double clicks. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorkbench, type Workbench } from './workbench';

/** A plan of one task whose words are links for whoever makes links of words. */
const plan = {
  goal: 'Goal [g](command:workbench.action.newGroupedWindow)',
  tasks: [{ id: 'a', title: 'Do [this](command:workbench.action.showCommands)', instructions: 'Write a.txt.' }],
};

/** The name of a scripted model that writes a file, slowly, and finishes. */
function scripted(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'scenario-')), 'scenario.json');
  const turn = {
    thinkMs: 1_500,
    calls: [
      { tool: 'write_file', input: { path: 'made.txt', content: 'made\n' } },
      { tool: 'finish', input: { summary: 'Made.' } },
    ],
  };
  writeFileSync(file, JSON.stringify({ otherwise: [turn] }));
  return `scripted:${file}`;
}

describe('hostile words and folders', function () {
  this.timeout(180_000);
  let workbench: Workbench | undefined;

  afterEach(async function () {
    const test = this.currentTest;
    if (test?.state === 'failed') await workbench?.witness(test.title);
    await workbench?.close();
    workbench = undefined;
  });

  it('starts no git in Restricted Mode, whatever is called, and says why', async () => {
    // Of runs the palette offers nothing where none is known; keys run commands all the same.
    const keys = { F2: 'weft.undoTask', F4: 'weft.landTask', F7: 'weft.stopRun' };
    workbench = await openWorkbench({ settings: { 'security.workspace.trust.enabled': true }, keys });
    const { page, runCommand, notification, clearNotifications } = workbench;
    const calls = [
      ...['Weft: Take Snapshot', 'Weft: Roll Back to Snapshot…', 'Weft: Dispatch TODOs…'].map((title) => () => runCommand(title)),
      ...Object.keys(keys).map((key) => () => page.keyboard.press(key)),
    ];
    for (const call of calls) {
      await call();
      await notification('until you trust it');
      await clearNotifications();
    }
    assert.equal(existsSync(join(workbench.folder, '.git', 'weft')), false);
  });

  it('makes no links of what plans say, and starts one run for a double click', async () => {
    const files = { 'README.md': 'Hello\n', 'planted.weft.json': JSON.stringify(plan) };
    workbench = await openWorkbench({ files, settings: { 'weft.model': scripted() } });
    await workbench.openFile('planted.weft.json');
    const run = workbench.page.locator('.editor .editor-actions .action-label[aria-label^="Run Plan"]').first();
    await run.dblclick();
    await workbench.clickDialog('This plan is running already', 'Cancel');
    await workbench.notification('1 of 1 task landed');
    assert.deepEqual((await workbench.rows('Runs')).filter((row) => row.startsWith('Goal')).length, 1);
    await workbench.clearNotifications();
    await workbench.clickRowAction('Runs', 'Do [this]', 'Undo Task');
    await workbench.clickDialog('Undo', 'Undo Task');
    const told = await workbench.notification('is undone, and everything else is kept');
    assert.equal(await told.locator('a').filter({ hasText: 'this' }).count(), 0);
  });

  it('shows a run that starts, and leaves the keyboard to who types', async () => {
    const files = {
      'typed.txt': '',
      'quiet.weft.json': JSON.stringify({ goal: 'Quiet', tasks: [{ id: 'a', title: 'A', instructions: 'Do.' }] }),
    };
    workbench = await openWorkbench({ files, settings: { 'weft.model': scripted() } });
    await workbench.openFile('typed.txt');
    await workbench.openFile('quiet.weft.json');
    await workbench.clickEditorAction('Run Plan');
    await workbench.openFile('typed.txt');
    await workbench.row('Runs', 'Quiet');
    await workbench.type('mine');
    await workbench.page.locator('.editor .view-line').filter({ hasText: 'mine' }).waitFor();
    await workbench.notification('1 of 1 task landed');
  });

  it('brings text without a file back, even where no file has changed since', async () => {
    workbench = await openWorkbench();
    await workbench.runCommand('File: New Untitled Text File');
    await workbench.type('a thought');
    await workbench.editor('a thought');
    await workbench.runCommand('Weft: Take Snapshot');
    await workbench.openContainer('Weft');
    await workbench.row('Snapshots', 'Taken by hand');
    await workbench.page.locator('.editor .tab').filter({ hasText: 'a thought' }).click();
    await workbench.runCommand('View: Revert and Close Editor');
    await workbench.page.locator('.editor .tab').waitFor({ state: 'detached' });
    await workbench.clickRowAction('Snapshots', 'Taken by hand', 'Roll Back');
    await workbench.clickDialog('comes back, unsaved', 'Roll Back');
    await workbench.editor('a thought');
  });
});
