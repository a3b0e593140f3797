/** The command palette: it offers what can be done now, and nothing about runs, conflicts or approvals where there are none. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useWorkbench, type Workbench } from './workbench';

function scripted(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'scenario-')), 'scenario.json');
  const calls = [
    { tool: 'write_file', input: { path: 'a.txt', content: 'after\n' } },
    { tool: 'finish', input: { summary: 'Done.' } },
  ];
  writeFileSync(file, JSON.stringify({ tasks: { one: [{ paceMs: 0, calls }] } }));
  return `scripted:${file}`;
}

const plan = { goal: 'One', tasks: [{ id: 'one', title: 'Task one', instructions: 'Do.' }] };

/** Which of these commands the palette offers. */
async function offered({ page, palette, choices }: Workbench, titles: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const title of titles) {
    await palette(`>Weft: ${title}`);
    // Where there is none, VS Code says so, or shows what it thinks is like it.
    await page
      .locator('.quick-input-list')
      .getByText(new RegExp(`^(Weft: ${title}|No matching commands|similar commands)`))
      .first()
      .waitFor();
    if ((await choices()).some((row) => row.startsWith(`Weft: ${title}`))) found.push(title);
    await page.keyboard.press('Escape');
  }
  return found;
}

const TITLES = ['Dispatch…', 'Show Summary of Run', 'Undo Run', 'Stop Run', 'Approve', 'Open Conflict'];

describe('the command palette', function () {
  this.timeout(180_000);
  const workbench = useWorkbench({
    files: { 'a.txt': 'before\n', 'one.weft.json': JSON.stringify(plan) },
    settings: { 'weft.model': scripted() },
  });

  it('offers to dispatch before the first run, and nothing that takes one', async () => {
    await workbench().openContainer('Weft');
    await workbench().page.getByText('Nothing waits for you.').waitFor();
    assert.deepEqual(await offered(workbench(), TITLES), ['Dispatch…']);
  });

  it('offers what can be done with a run that has ended, and nothing that takes one that goes on', async () => {
    await workbench().openFile('one.weft.json');
    await workbench().clickEditorAction('Run Plan');
    await workbench().notification('1 of 1 task landed');
    await workbench().clickNotification('1 of 1 task landed', 'Show Summary');
    await workbench().editor('Summary of run');
    await workbench().row('Runs', '1/1 landed');
    await workbench().clearNotifications();
    assert.deepEqual(await offered(workbench(), TITLES), ['Dispatch…', 'Show Summary of Run', 'Undo Run']);
  });
});
