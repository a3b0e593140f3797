/** A plan as a person meets it: from the light bulb of a problem to the plan, revised by a sentence; and the summary of its run. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appears, useWorkbench } from './workbench';

const PLAN = {
  goal: 'Mend the settings of the shop',
  check: 'npm test',
  tasks: [
    {
      id: 'settings',
      title: 'Mend settings.json',
      role: 'debugger',
      reason: 'The file does not parse, and nobody knows since when; all of it is in one file, so one agent is enough.',
      instructions: 'Find what is wrong in settings.json, and mend it.',
      writes: ['settings.json'],
    },
    {
      id: 'review',
      title: 'Review who reads it',
      role: 'security',
      reason: 'What is read from it reaches the server, and reading changes nothing that the other task changes.',
      instructions: 'Look at who reads settings.json.',
    },
  ],
};
const MENDED = '{ "currency": "EUR" }\n';
const FOUND = 'I read src/server.js.\nHIGH src/server.js:1 — the port is taken as it comes: check that it is a number';

/** The name of a scripted model that looks, plans, and works on the first task; the second one it refuses after a finding of another agent. */
function scripted(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'scenario-')), 'scenario.json');
  const finish = (summary: string) => ({ calls: [{ tool: 'finish', input: { summary } }] });
  const scenario = {
    looks: [{ calls: [{ tool: 'read_file', input: { path: 'settings.json' } }] }],
    plans: [PLAN],
    tasks: {
      settings: [{ calls: [{ tool: 'write_file', input: { path: 'settings.json', content: MENDED } }] }, finish('A comma was missing.')],
      review: [finish(FOUND)],
    },
  };
  writeFileSync(file, JSON.stringify(scenario));
  return `scripted:${file}`;
}

describe('planning, as it looks', function () {
  this.timeout(240_000);
  const workbench = useWorkbench({
    files: {
      'README.md': '# A shop\n',
      'settings.json': '{ "currency": }\n',
      'package.json': JSON.stringify({ scripts: { test: 'node -e 0' } }),
      'src/server.js': 'listen(settings.port);\n',
    },
    settings: { 'weft.model': scripted() },
  });

  it('begins at a problem’s light bulb, and shows the plan with its reasons', async () => {
    await workbench().openFile('settings.json');
    const { page } = workbench();
    await page.locator('.squiggly-error').first().waitFor();
    await page.keyboard.press('F8');
    // The list closes again where the editor is still making room for the problem: a person asks once more.
    const fix = page.locator('.action-widget').getByText('Fix with Weft Agents');
    do await page.keyboard.press('Control+.');
    while (!(await appears(fix, 5_000)));
    await workbench().screenshot('problem-fix');
    await fix.click();
    await workbench().editor('mend-the-settings-of-the-shop.weft.json');
    await page.getByText('Run Plan — 2 tasks').waitFor();
    await page.getByText('Revise…').first().waitFor();
    await workbench().screenshot('plan-with-reasons');
  });

  it('asks for the sentence by which the plan is revised', async () => {
    await workbench().clickEditorAction('Revise Plan…');
    await workbench().page.locator('.quick-input-widget').getByText('What should be different?').waitFor();
    await workbench().screenshot('revise-plan');
    await workbench().answer('Nothing at all');
    await workbench().page.getByText('Run Plan — 2 tasks').waitFor();
  });

  it('says at the end of the run what came of it, what security found first', async () => {
    await workbench().clickEditorAction('Run Plan');
    await workbench().notification('2 of 2 tasks landed');
    await workbench().screenshot('run-finished');
    await workbench().clickNotification('2 of 2 tasks landed', 'Show Summary');
    await workbench().editor('Summary of run');
    await workbench().clearNotifications();
    const frame = workbench().page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
    await frame.getByText('Security findings').waitFor();
    await frame.getByText('the port is taken as it comes').first().waitFor();
    await workbench().screenshot('summary');
  });
});
