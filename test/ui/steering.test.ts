/** A run that goes on, steered as a person does: paused, given another task, gone on with, one of its tasks retried. The test holds the model. */
import { heldTurns } from '../support/heldTurns';
import { useWorkbench } from './workbench';

const PLAN = {
  goal: 'Tidy up the shop',
  tasks: [
    { id: 'prices', title: 'Round the prices', instructions: 'Round them.', attempts: 1 },
    { id: 'tests', title: 'Test the prices', role: 'tester', instructions: 'Test them.', dependsOn: ['prices'] },
    // With a model of its own: else it would wait until the first has warmed the prefix that they share.
    { id: 'search', title: 'Speed up the search', instructions: 'Make it quick.', attempts: 1, model: 'held-search' },
  ],
};
const TURNS = [
  { calls: [{ tool: 'write_file', input: { path: 'notes.md', content: 'Done.\n' } }] },
  { calls: [{ tool: 'finish', input: { summary: 'Done.' } }] },
];

describe('a run, steered', function () {
  this.timeout(240_000);
  const held = heldTurns(TURNS);
  const workbench = useWorkbench({
    files: { 'README.md': '# A shop\n', 'shop.weft.json': JSON.stringify(PLAN, null, 2) },
    settings: { 'weft.model': 'held' },
    model: held.model,
  });

  it('is paused: agents come to the end of their turn, and the rows say what waits', async () => {
    await workbench().openContainer('Weft');
    await workbench().openFile('shop.weft.json');
    await workbench().clickEditorAction('Run Plan');
    await workbench().row('Runs', 'Thinking');
    const [prices, search] = [await held.nth('prices', 1), await held.nth('search', 1)];
    await workbench().clickRowAction('Runs', 'Tidy up the shop', 'Pause Run');
    await workbench().row('Runs', 'pausing · 0/3 landed');
    await workbench().screenshot('pausing');
    prices.answer();
    search.answer();
    await workbench().row('Runs', 'paused · 0/3 landed');
    await workbench().statusItem('Weft 0/3');
    await workbench().screenshot('paused');
  });

  it('gets another task, which is the next to start', async () => {
    await workbench().runCommand('Weft: Add Task to Run…');
    await workbench().answer('Describe the shop in the README', false);
    await workbench().screenshot('add-task');
    await workbench().answer('Describe the shop in the README');
    await workbench().choose('docs');
    await workbench().page.getByPlaceholder('What it waits for').waitFor();
    await workbench().screenshot('add-task-place');
    await workbench().choose('Run Next');
    await workbench().page.locator('.quick-input-widget').getByRole('button', { name: 'OK' }).click();
    await workbench().row('Runs', 'Describe the shop in the README');
    await workbench().row('Runs', 'starts when the run goes on');
    await workbench().screenshot('task-added');
  });

  it('goes on where it was, and a task that failed is done again in it, with a hint', async () => {
    await workbench().clickRowAction('Runs', 'Tidy up the shop', 'Continue Run');
    const search = await held.nth('search', 2);
    await held.nth('describe-the-shop-in-the-readme', 1);
    await workbench().screenshot('continued');
    search.refuse();
    await workbench().row('Runs', 'failed');
    await workbench().clickRowAction('Runs', 'Speed up the search', 'Retry Task');
    await workbench().page.getByPlaceholder('What its agent begins with').waitFor();
    await workbench().screenshot('retry');
    await workbench().choose('Begin Anew');
    await workbench().answer('Use an index.');
    (await held.nth('search', 3)).answer();
    (await held.nth('search', 4)).answer();
    (await held.nth('prices', 2)).answer();
    for (const task of ['describe-the-shop-in-the-readme', 'tests']) for (const n of [1, 2]) (await held.nth(task, n)).answer();
    await workbench().notification('4 of 4 tasks landed');
    await workbench().screenshot('steered');
  });
});
