/** The harness can be believed: it is held to what VS Code's own parts show. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openWorkbench, useWorkbench } from './workbench';

describe('the harness', () => {
  const workbench = useWorkbench({ files: { 'src/a.txt': 'a\n', 'b.txt': 'b\n' } });

  it('reads, opens and folds the rows of a view', async () => {
    assert.deepEqual(await workbench().rows('project'), ['src', 'b.txt']);
    await workbench().toggleRow('project', 'src');
    await workbench().row('project', 'a.txt');
    assert.deepEqual(await workbench().rows('project'), ['src', 'a.txt', 'b.txt']);
    await workbench().toggleRow('project', 'src');
  });

  it('opens files, types into them, and clicks the actions of rows, views and editors', async () => {
    await workbench().clickRow('project', 'b.txt');
    // Before it is shown, it may yet come to the front of what is opened next.
    await workbench().page.locator('.editor .tab.active', { hasText: 'b.txt' }).waitFor();
    await workbench().page.locator('.editor .view-line', { hasText: 'b' }).first().waitFor();
    await workbench().openFile('a.txt');
    assert.deepEqual(await workbench().editors(), ['b.txt, preview', 'a.txt']);
    await workbench().type('changed ');
    await workbench().runCommand('File: Save');
    await workbench().openContainer('Source Control');
    await workbench().clickRowAction('Changes', 'a.txt', 'Stage Changes');
    await workbench().row('Changes', 'Staged Changes');
    assert.equal(execFileSync('git', ['diff', '--cached', '--name-only'], { cwd: workbench().folder, encoding: 'utf8' }), 'src/a.txt\n');
    await workbench().clickEditorAction('Open Changes');
    await workbench().editor('a.txt (Index)');
    await workbench().openContainer('Explorer');
    await workbench().clickViewAction('project', 'New File...');
    await workbench().page.locator('.explorer-item-edited input').waitFor();
    await workbench().type('new.txt\n');
    await workbench().editor('new.txt');
    assert.equal(existsSync(join(workbench().folder, 'new.txt')), true);
  });

  it('answers quick inputs, and finds and clears notifications', async () => {
    await workbench().runCommand('Git: Create Branch...');
    await workbench().answer('another');
    await workbench().statusItem('another');
    await workbench().runCommand('Git: Push');
    await workbench().notification('no remotes');
    await workbench().clearNotifications();
    await workbench().page.locator('.notification-list-item').waitFor({ state: 'detached' });
  });

  it('opens a folder that is not trusted where the settings ask for trust', async () => {
    const untrusted = await openWorkbench({ settings: { 'security.workspace.trust.enabled': true } });
    try {
      await untrusted.statusItem('Restricted Mode');
    } finally {
      await untrusted.close();
    }
  });
});
