/** The Inbox, as a person meets it: what waits for them in the side bar, in a notification and in the status bar; answered by clicks. */
import { heldTurns } from '../support/heldTurns';
import { useWorkbench } from './workbench';

const PLAN = {
  goal: 'Ship the shop',
  tasks: [
    { id: 'server', title: 'Start the server', instructions: 'Start it.', attempts: 1 },
    { id: 'ci', title: 'Build on every push', instructions: 'Build it.', attempts: 1 },
  ],
};
const TURNS = [
  { calls: [{ tool: 'ask', input: { question: 'Which port should the shop listen on?', options: ['80', '8080'] } }] },
  { calls: [{ tool: 'run', input: { command: 'npm install --no-save a-package-with-a-long-name && npm run build' } }] },
  { calls: [{ tool: 'write_file', input: { path: '.github/workflows/ci.yml', content: 'on: push\n' } }] },
  { calls: [{ tool: 'finish', input: { summary: 'Done.' } }] },
];

describe('the inbox', function () {
  this.timeout(240_000);
  const held = heldTurns(TURNS);
  const workbench = useWorkbench({
    files: { 'README.md': '# A shop\n', 'shop.weft.json': JSON.stringify(PLAN, null, 2) },
    settings: { 'weft.model': 'held' },
    model: held.model,
  });

  it('has a question that several ask as one row, and a click answers it', async () => {
    await workbench().openContainer('Weft');
    await workbench().openFile('shop.weft.json');
    await workbench().clickEditorAction('Run Plan');
    // The first to ask warms the cache for the other, which waits for that.
    await Promise.all(['server', 'ci'].map(async (id) => (await held.nth(id, 1)).answer()));
    await workbench().row('Inbox', '2 agents');
    await workbench().notification('Which port should the shop listen on?');
    await workbench().statusItem('1 decision');
    await workbench().screenshot('inbox-question');
    await workbench().clickRow('Inbox', 'Which port should the shop listen on?');
    await workbench().screenshot('inbox-answer');
    await workbench().choose('8080');
    for (const id of ['server', 'ci']) await held.nth(id, 2);
  });

  it('has a command to be read whole before it is approved', async () => {
    await workbench().clearNotifications();
    (await held.nth('server', 2)).answer();
    await workbench().row('Inbox', 'Run npm install');
    await workbench().screenshot('inbox-command');
    await workbench().clickRowAction('Inbox', 'Run npm install', 'Approve');
    await workbench().screenshot('inbox-read');
    await workbench().clickDialog('Approve this command?', 'Cancel');
    await workbench().clickRowAction('Inbox', 'Run npm install', 'Deny…');
    await workbench().answer('Work without packages.');
    await held.nth('server', 3);
  });

  it('has a landing that changes protected files, with its changes at hand', async () => {
    await workbench().clearNotifications();
    for (const n of [3, 4]) (await held.nth('server', n)).answer();
    await workbench().row('Inbox', 'Change .github/workflows/ci.yml');
    await workbench().screenshot('inbox-landing');
    await workbench().clickRowAction('Inbox', 'Change .github/workflows/ci.yml', 'Show Changes');
    await workbench().editor('Start the server');
    await workbench().clickRowAction('Inbox', 'Change .github/workflows/ci.yml', 'Approve');
    await workbench().clickDialog('.github/workflows/ci.yml', 'Approve');
    await workbench().row('Runs', '1/2 landed');
    await workbench().screenshot('inbox-landed');
  });
});
