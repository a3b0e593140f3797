/** Budgets in a real VS Code: they come from the settings, the person is told, and raises them. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { budgetOf, spentIn } from '../../../src/domain/cost';
import { scenarioSchema, type Turn } from '../../../src/model/scenario';
import { scriptedModel } from '../../../src/model/scripted';
import { serveModel } from '../../support/modelServer';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { freshFolder } from '../folder';

const FILES = Array.from({ length: 24 }, (_, at) => `f${at}.txt`);
const TURNS: Turn[] = [
  ...FILES.map((path): Turn => ({ calls: [{ tool: 'write_file', input: { path, content: `${path}\n` } }] })),
  { calls: [{ tool: 'finish', input: { summary: 'All of it.' } }] },
];

describe('the budget of a run', () => {
  it('is the settings’, is told of when it is used up, and raised by the command', async () => {
    const scripted = scriptedModel(scenarioSchema.parse({ otherwise: TURNS }), { paceMs: 0, wait: async () => undefined });
    const server = await serveModel(scripted);
    const { ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: key } = process.env;
    Object.assign(process.env, { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-ant-for-this-test' });
    const tasks = [{ id: 'one', title: 'Task one', instructions: 'Do it.' }];
    const place = await freshFolder({ 'a.txt': 'a\n', 'one.weft.json': JSON.stringify({ goal: 'One', tasks }) });
    await setting('model', 'm');
    await setting('prices', { m: { input: 10, output: 10, cacheRead: 10, cacheWrite: 10 } });
    await setting('budget.run', 0.6);
    const happened = await heard();
    const answers = answering({ text: '50' });

    await vscode.commands.executeCommand('weft.runPlan', place.uri('one.weft.json'));
    const { state } = await happened.next('task.parked');
    assert.deepEqual(budgetOf(state), { usd: 0.6 });
    const { usd } = spentIn(state);
    assert.ok(usd > 0 && usd <= 0.6, String(usd));
    assert.match(await answers.told('is used up'), /^Weft: the budget of the run \(\$0\.60\) is used up\. Its agents wrap up/);
    await vscode.commands.executeCommand('weft.raiseBudget');
    const { event } = await happened.next('run.budgeted');
    assert.deepEqual(event.type === 'run.budgeted' && event.budget, { usd: 50 });
    const ended = await happened.next('run.finished');
    assert.equal(ended.state.tasks.get('one')?.stage.kind, 'landed');
    assert.equal(ended.state.tasks.get('one')?.work.turns, TURNS.length);
    await setting('prices', { m: { input: 'much' } });
    await vscode.commands.executeCommand('weft.runPlan', place.uri('one.weft.json'));
    assert.match(await answers.told('weft.prices'), /^Weft: The prices in weft\.prices cannot be used: m\./);

    answers.dispose();
    happened.dispose();
    for (const name of ['model', 'prices', 'budget.run']) await setting(name, undefined);
    for (const [name, value] of Object.entries({ ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: key })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await server.close();
  });
});
