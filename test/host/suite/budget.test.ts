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

/** Has a server answer so to whoever asks for whatever model; resolves to what ends that. */
async function serving(turns: readonly Turn[]): Promise<() => Promise<void>> {
  const scripted = scriptedModel(scenarioSchema.parse({ otherwise: turns }), { paceMs: 0, wait: async () => undefined });
  const server = await serveModel(scripted);
  const { ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: key } = process.env;
  Object.assign(process.env, { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-ant-for-this-test' });
  return async () => {
    for (const [name, value] of Object.entries({ ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: key })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await server.close();
  };
}

describe('the budget of a run', () => {
  it('is the settings’, is told of when it is used up, and raised by the command', async () => {
    const close = await serving(TURNS);
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
    await close();
  });

  it('is said not to hold for a model whose price is not known, once for each', async () => {
    const done: Turn[] = [{ calls: [{ tool: 'finish', input: { summary: 'Done.' } }] }];
    const close = await serving(done);
    const plan = (...models: string[]) => {
      const tasks = models.map((model) => ({ id: model, title: model, instructions: 'Do it.', model }));
      return JSON.stringify({ goal: 'Spend', tasks });
    };
    const place = await freshFolder({
      'a.txt': 'a\n',
      'first.weft.json': plan('free', 'priced'),
      'second.weft.json': plan('free', 'dear'),
      'third.weft.json': plan('other'),
    });
    await setting('model', 'free');
    await setting('prices', { priced: { input: 1, output: 1 } });
    const happened = await heard();
    const answers = answering({ buttons: ['Set Price'] });
    const run = async (name: string, count: number) => {
      await vscode.commands.executeCommand('weft.runPlan', place.uri(name));
      await happened.next('run.finished', count);
    };
    await run('first.weft.json', 1);
    const said = 'so the budget of $10.00 does not hold for';
    const how = 'Say the price in weft.prices, or set a limit in tokens.';
    const told = await answers.told(said);
    assert.equal(told, `Weft: No price is known of “free”, ${said} it. ${how}`);
    assert.deepEqual(answers.buttonsOf(told), ['Set Price', 'Limit Tokens']);
    await happened.tab(({ label }) => label === 'Settings');
    // What is limited in tokens has a limit that holds, and nothing was said yet of its models.
    await setting('budget.runTokens', 1_000_000);
    await run('third.weft.json', 2);
    await setting('budget.runTokens', undefined);
    await run('second.weft.json', 3);
    await answers.told('“dear”');
    assert.deepEqual(
      answers.asked.filter((text) => text.includes('No price')),
      [told, `Weft: No price is known of “dear”, ${said} it. ${how}`],
    );
    answers.dispose();
    happened.dispose();
    for (const name of ['model', 'prices']) await setting(name, undefined);
    await close();
  });
});
