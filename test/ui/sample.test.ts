/** The main job as a person clicks it: plan, run, conflict, diff, undo, roll back; with pictures of each step. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { everything } from '../host/everything';
import { copySample } from '../run/sample';
import { appears, useWorkbench, type Workbench } from './workbench';

describe('the sample, clicked', function () {
  this.timeout(240_000);
  let folder: string;
  let asItWas: Record<string, string>;
  const workbench = useWorkbench(async () => {
    folder = await copySample();
    asItWas = everything(folder);
    return { folder };
  });
  before(() => widenSideBar(workbench()));

  it('plans, and shows the plan for review', async () => {
    await workbench().clickNotification('Weft’s sample', 'Dispatch the Sample');
    await workbench().editor('.weft.json');
    await workbench()
      .page.getByText(/Run Plan — 8 tasks/)
      .waitFor();
    await workbench().screenshot('plan');
  });

  it('runs agents side by side, and stops at the conflict', async () => {
    await workbench().clickEditorAction('Run Plan');
    await workbench().row('Runs', 'Express shipping');
    await workbench().row('Runs', '3/8 landed');
    await workbench().screenshot('running');
    await workbench().notification('Express shipping');
    await workbench().screenshot('conflict-notice');
  });

  it('opens the conflict in the merge editor, and lands it once it is decided', async () => {
    await workbench().clickNotification('Express shipping', 'Resolve');
    await workbench().editor('Merging: shipping.js');
    await workbench().page.getByText('2 Conflicts Remaining').waitFor();
    await workbench().screenshot('merge-editor');
    // Refused while the merge editor computes, which it may still do when it shows what remains: a person clicks again then.
    const decided = workbench().page.getByText('0 Conflicts Remaining');
    do await workbench().runCommand('Merge Editor: Accept All Incoming Changes from Left');
    while (!(await appears(decided, 5_000)));
    await workbench().clickEditorAction('Complete Merge');
    await workbench().notification('8 of 8 tasks landed');
    await workbench().screenshot('finished');
    assert.match(readFileSync(join(folder, 'src', 'shipping.js'), 'utf8'), /express/);
  });

  it('shows what one agent did to a file', async () => {
    await workbench().clearNotifications();
    await workbench().toggleRow('Runs', 'Search the catalogue');
    await workbench().clickRow('Runs', 'catalog.js');
    await workbench().editor('catalog.js (Search the catalogue)');
    await workbench().page.getByText('searchTeas').first().waitFor();
    await workbench().screenshot('diff');
  });

  it('undoes a hunk from the diff, brings it back, and shows who wrote what', async () => {
    const searching = () => /searchTeas/.test(readFileSync(join(folder, 'src', 'catalog.js'), 'utf8'));
    assert.ok(searching());
    await workbench().page.getByText('searchTeas').last().click();
    await workbench().clickEditorAction('Undo Hunk');
    await workbench()
      .page.getByText(/^Undo hunk \d+ of src\/catalog.js/)
      .waitFor();
    await workbench().screenshot('undo-hunk-dialog');
    await workbench().clickDialog('Undo hunk', 'Undo Hunk');
    await workbench().notification('is undone, and everything else is kept');
    assert.ok(!searching());
    await workbench().row('Runs', 'hunk undone');
    await workbench().screenshot('undo-hunk');
    await workbench().clickNotification('is undone, and everything else is kept', 'Redo');
    await workbench().clickDialog('Redo hunk', 'Redo Hunk');
    await workbench().notification('is redone, and everything else is kept');
    assert.ok(searching());
    await workbench().clearNotifications();
    await workbench().openFile('orders.js');
    await workbench().runCommand('Weft: Toggle Attribution');
    // The names beside the lines are drawn by style sheets, and no text of the page.
    const named = workbench().page.locator('.view-line [class*="TextEditorDecorationType"]');
    await named.first().waitFor({ state: 'attached' });
    await workbench().runCommand('Weft: Who Wrote This Line?');
    await workbench().notification('Line 1: ');
    await workbench().screenshot('attribution');
    await workbench().runCommand('Weft: Toggle Attribution');
    await named.first().waitFor({ state: 'detached' });
    await workbench().clearNotifications();
  });

  it('undoes one task and keeps the others', async () => {
    await workbench().clickRowAction('Runs', 'Save orders to a file', 'Undo Task');
    await workbench().page.getByText('Undo “Save orders to a file”?').waitFor();
    await workbench().screenshot('undo-dialog');
    await workbench().clickDialog('Undo “Save orders to a file”?', 'Undo Task');
    await workbench().notification('is undone, and everything else is kept');
    assert.doesNotMatch(readFileSync(join(folder, 'src', 'main.js'), 'utf8'), /ORDERS/);
    assert.match(readFileSync(join(folder, 'src', 'catalog.js'), 'utf8'), /searchTeas/);
  });

  it('rolls everything back with a click on the snapshot', async () => {
    await workbench().clearNotifications();
    await workbench().clickRowAction('Snapshots', 'Before: Get the tea shop', 'Roll Back');
    await workbench().page.getByText('Roll back to “Before: Get the tea shop').waitFor();
    await workbench().screenshot('rollback-dialog');
    await workbench().clickDialog('Roll back to “Before: Get the tea shop', 'Roll Back');
    await workbench().notification('Rolled back');
    assert.deepEqual(everything(folder), asItWas);
    await workbench().screenshot('rolled-back');
    await workbench().setTheme('light');
    await workbench().screenshot('rolled-back-light');
  });
});

/** Drags the edge of the side bar, as a person does who wants to read whole rows. */
async function widenSideBar({ page }: Workbench): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  assert.ok(box);
  const [edge, middle] = [box.x + box.width, box.y + box.height / 2];
  await page.mouse.move(edge, middle);
  await page.mouse.down();
  await page.mouse.move(edge + 190, middle, { steps: 5 });
  await page.mouse.up();
}
