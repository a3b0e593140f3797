/** The workbench comes up clean, with Weft installed and running in it. */
import assert from 'node:assert/strict';
import { activationMilliseconds } from './activation';
import { useWorkbench } from './workbench';

describe('the workbench', () => {
  const workbench = useWorkbench();

  it('is clean in both themes', async () => {
    await workbench().setTheme('light');
    await workbench().row('project', 'README.md');
    await workbench().screenshot('workbench-light');
    await workbench().setTheme('dark');
    await workbench().screenshot('workbench-dark');
    assert.equal(await workbench().page.locator('.notification-list-item').count(), 0);
    assert.deepEqual(await workbench().editors(), []);
  });

  it('opens the command palette', async () => {
    await workbench().runCommand('Help: About');
    await workbench().clickDialog('code-server', 'OK');
  });

  it('runs the Weft that the VSIX brought', async () => {
    assert.ok((await activationMilliseconds(workbench())) >= 0);
  });
});
