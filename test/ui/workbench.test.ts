/** The workbench comes up clean, with Weft installed and running in it. */
import assert from 'node:assert/strict';
import { openWorkbench, type Workbench } from './workbench';

describe('the workbench', () => {
  let workbench: Workbench;

  before(async () => {
    workbench = await openWorkbench();
  });

  after(async () => {
    await workbench?.close();
  });

  it('opens the command palette', async () => {
    await workbench.runCommand('Help: About');
    await workbench.clickDialog('code-server', 'OK');
  });

  it('runs the Weft that the VSIX brought', async () => {
    await workbench.runCommand('Developer: Show Running Extensions');
    await workbench.editor('Running Extensions');
    const weft = workbench.page.locator('.runtime-extensions-editor .extension').filter({ hasText: 'Weft' }).first();
    await weft.waitFor();
    assert.match((await weft.textContent()) ?? '', /Activation/);
    await workbench.screenshot('running-extensions');
  });

  it('is clean in both themes', async () => {
    await workbench.runCommand('View: Close All Editors');
    await workbench.setTheme('light');
    await workbench.screenshot('workbench-light');
    await workbench.setTheme('dark');
    await workbench.screenshot('workbench-dark');
    assert.equal(await workbench.page.locator('.notification-list-item').count(), 0);
    assert.deepEqual(await workbench.editors(), []);
  });
});
