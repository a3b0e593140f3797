/** What waits for the person, in a real VS Code: questions and approvals are told once, answered by commands, and go by the settings. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { type HeldTurns, heldTurns } from '../../support/heldTurns';
import { type ModelServer, serveModel } from '../../support/modelServer';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { freshFolder } from '../folder';

const CI = '.github/ci.yml';
const TURNS = [
  { calls: [{ tool: 'ask', input: { question: 'Which port?', options: ['80', '8080'] } }] },
  { calls: [{ tool: 'run', input: { command: 'echo made > made.txt' } }] },
  { calls: [{ tool: 'write_file', input: { path: CI, content: 'on: push\n' } }] },
  { calls: [{ tool: 'finish', input: { summary: 'Done.' } }] },
];

describe('the inbox', () => {
  let held: HeldTurns;
  let server: ModelServer;
  let plans = 0;
  const before_ = { ANTHROPIC_BASE_URL: process.env.ANTHROPIC_BASE_URL, ANTHROPIC_API_KEY: process.env.ANTHROPIC_API_KEY };

  beforeEach(async () => {
    held = heldTurns(TURNS);
    server = await serveModel(held.model);
    Object.assign(process.env, { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-ant-for-this-test' });
    await setting('model', 'held');
    await setting('reuse', false);
  });
  afterEach(async () => {
    for (const name of ['model', 'reuse', 'approvals.protected', 'approvals.question', 'commands.rules']) await setting(name, undefined);
    for (const [name, value] of Object.entries(before_)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await server.close();
  });

  const begin = async (tasks: readonly string[] = ['one']) => {
    const plan = { goal: 'One', tasks: tasks.map((id) => ({ id, title: `Task ${id}`, instructions: 'Do it.' })) };
    // A plan that runs asks before it runs a second time.
    const name = `${++plans}.weft.json`;
    const place = await freshFolder({ 'a.txt': 'a\n', [name]: JSON.stringify(plan) });
    const happened = await heard();
    await vscode.commands.executeCommand('weft.runPlan', place.uri(name));
    return { place, happened };
  };

  it('tells what is asked, takes the answer, an approval and a denial, and does what they say', async () => {
    const answers = answering({ picks: ['8080', 'Approve'], text: 'Not the pipeline.' });
    const { place, happened } = await begin();
    (await held.nth('one', 1)).answer();
    assert.equal(await answers.told('Which port?'), 'Weft: “Task one” asks: Which port?');
    await vscode.commands.executeCommand('weft.answer');
    assert.deepEqual(answers.asked.slice(-1), ['80, 8080, Write an Answer…']);
    const said = await happened.next('inbox.answered');
    assert.deepEqual(said.event.type === 'inbox.answered' && said.event.answer, { kind: 'said', text: '8080' });
    (await held.nth('one', 2)).answer();
    assert.equal(await answers.told('echo made'), 'Weft: “Task one” asks: Run echo made > made.txt');
    await vscode.commands.executeCommand('weft.answer');
    const third = await held.nth('one', 3);
    third.answer();
    (await held.nth('one', 4)).answer();
    const protectedFile = await answers.told(CI);
    assert.equal(protectedFile, `Weft: “Task one” asks: Change ${CI}: it is protected`);
    assert.deepEqual(answers.buttonsOf(protectedFile), ['Show Changes', 'Approve', 'Deny…']);
    await vscode.commands.executeCommand('weft.deny');
    const { event } = await happened.next('task.failed');
    assert.match(event.type === 'task.failed' ? event.failure.message : '', /you gave no leave for it to change .*: Not the pipeline\.$/);
    await happened.next('run.finished');
    assert.equal(existsSync(place.path('made.txt')), false);
    answers.dispose();
    happened.dispose();
  });

  it('asks nothing where the settings say it all; what they deny is not done', async () => {
    await setting('approvals.question', 'deny');
    await setting('approvals.protected', 'allow');
    await setting('commands.rules', { 'echo *': 'deny' });
    const { place, happened } = await begin();
    for (const turn of [1, 2, 3, 4]) (await held.nth('one', turn)).answer();
    await happened.next('task.landed');
    await happened.next('run.finished');
    assert.equal(readFileSync(place.path(CI), 'utf8'), 'on: push\n');
    assert.equal(existsSync(place.path('made.txt')), false);
    happened.dispose();
  });

  it('tells of several at once, and has those that ask the same in one', async () => {
    const answers = answering({ picks: ['80'] });
    const { happened } = await begin(['one', 'two']);
    await Promise.all(['one', 'two'].map(async (id) => (await held.nth(id, 1)).answer()));
    const { state } = await happened.next('inbox.asked', 2);
    assert.deepEqual(
      [...state.inbox.values()].map(({ askers }) => askers.map(({ task }) => task).sort()),
      [['one', 'two']],
    );
    await vscode.commands.executeCommand('weft.answer');
    for (const id of ['one', 'two']) await held.nth(id, 2);
    await vscode.commands.executeCommand('weft.stopRun');
    await happened.next('run.finished');
    answers.dispose();
    happened.dispose();
  });
});
