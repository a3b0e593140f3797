/** The Snapshots view as a person uses it: taking, comparing, restoring chosen files, deleting; with a picture. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { useWorkbench } from './workbench';

describe('the Snapshots view', function () {
  this.timeout(180_000);
  const workbench = useWorkbench({
    files: { 'a.txt': 'a then\n', 'b.txt': 'b then\n', '.gitignore': '.env\n', '.env': 'SECRET=then\n' },
    settings: { 'weft.snapshot.include': ['.env'] },
  });
  const read = (name: string) => readFileSync(join(workbench().folder, name), 'utf8');
  const write = (name: string, text: string) => writeFileSync(join(workbench().folder, name), text);

  it('tells age, size and unsaved text of what was taken', async () => {
    await workbench().openContainer('Weft');
    await workbench().runCommand('Weft: Take Snapshot');
    await workbench().row('Snapshots', 'Taken by hand');
    await workbench().row('Snapshots', 'KB');
    write('b.txt', 'b now\n'.repeat(2000));
    await workbench().runCommand('View: Show Explorer');
    await workbench().openFile('a.txt');
    await workbench().page.locator('.editor .monaco-editor.focused').waitFor();
    await workbench().type('typed ');
    await workbench().openContainer('Weft');
    await workbench().clickViewAction('Snapshots', 'Take Snapshot');
    await workbench().row('Snapshots', '1 unsaved');
    await workbench().screenshot('snapshots');
    await workbench().runCommand('File: Save');
    assert.equal((await workbench().rows('Snapshots')).length, 2);
  });

  it('compares one with now, side by side', async () => {
    write('.env', 'SECRET=now\n');
    await workbench().runCommand('Weft: Compare Snapshot with Now');
    await workbench().choices();
    await workbench().page.keyboard.press('ArrowDown');
    await workbench().page.keyboard.press('Enter');
    await workbench().editor('Taken by hand ↔ Now');
    for (const name of ['.env', 'a.txt', 'b.txt'])
      await workbench().page.locator('.multiDiffEntry').filter({ hasText: name }).first().waitFor();
    await workbench().screenshot('snapshot-compared');
  });

  it('restores the files that are chosen, and keeps the others', async () => {
    await workbench().runCommand('Weft: Restore Files of Snapshot…');
    await workbench().choices();
    await workbench().page.keyboard.press('ArrowDown');
    await workbench().page.keyboard.press('Enter');
    await workbench().page.getByPlaceholder('Files to become as they were then').waitFor();
    const offered = await workbench().choices();
    assert.deepEqual(
      offered.map((one) => one.split(',')[0]),
      ['.env', 'a.txt', 'b.txt'],
    );
    for (const name of ['.env', 'b.txt'])
      await workbench().page.locator('.quick-input-list .monaco-list-row').filter({ hasText: name }).click();
    await workbench().screenshot('snapshot-restore');
    await workbench().page.locator('.quick-input-action').getByRole('button', { name: 'OK' }).click();
    await workbench().notification('2 files restored; everything else is kept');
    assert.deepEqual([read('.env'), read('b.txt'), read('a.txt')], ['SECRET=then\n', 'b then\n', 'typed a then\n']);
    await workbench().row('Snapshots', 'Before restoring files');
  });

  it('deletes one when the person is sure', async () => {
    await workbench().clearNotifications();
    const row = await workbench().row('Snapshots', 'Before restoring files');
    await workbench().runCommand('Weft: Delete Snapshot');
    await workbench().answer('Before restoring');
    await workbench().page.getByText('Delete the snapshot “Before restoring files').waitFor();
    await workbench().screenshot('snapshot-delete');
    await workbench().clickDialog('Delete the snapshot “Before restoring files', 'Delete Snapshot');
    await row.waitFor({ state: 'detached' });
    assert.equal((await workbench().rows('Snapshots')).length, 2);
  });
});
