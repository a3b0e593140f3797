/** Settings that change while a run goes on, in a real VS Code: they hold at once, and what cannot be used is told. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { heldTurns } from '../../support/heldTurns';
import { serveModel } from '../../support/modelServer';
import { answering } from '../answers';
import { heard, setting } from '../events';
import { freshFolder } from '../folder';

describe('the limits of a run that goes on', () => {
  it('follow the settings of its window', async () => {
    const held = heldTurns([{ calls: [{ tool: 'finish', input: { summary: 'Done.' } }] }]);
    const server = await serveModel(held.model);
    const { ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: key } = process.env;
    Object.assign(process.env, { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-ant-for-this-test' });
    // With models of their own: else the second would wait until the first has warmed the prefix that they share.
    const tasks = ['one', 'two'].map((id) => ({ id, title: `Task ${id}`, instructions: 'Do it.', model: `held-${id}` }));
    const place = await freshFolder({ 'a.txt': 'a\n', 'two.weft.json': JSON.stringify({ goal: 'Two', tasks }) });
    await setting('model', 'held');
    await setting('maxWorkers', 1);
    const happened = await heard();
    const answers = answering({});

    await vscode.commands.executeCommand('weft.runPlan', place.uri('two.weft.json'));
    const one = await held.nth('one', 1);
    assert.equal(held.asked(), 1);
    await setting('maxWorkers', 2);
    const { event } = await happened.next('run.limited');
    assert.deepEqual(event.type === 'run.limited' && event.limits, { maxWorkers: 2, pools: {} });
    const two = await held.nth('two', 1);
    await setting('pools', { cook: 1 });
    assert.match(
      await answers.told('weft.pools'),
      /^Weft: The setting weft\.pools names a role that there is not: “cook”\. Give each role/,
    );
    one.answer();
    two.answer();
    await happened.next('run.finished');

    answers.dispose();
    happened.dispose();
    for (const name of ['model', 'maxWorkers', 'pools']) await setting(name, undefined);
    for (const [name, value] of Object.entries({ ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: key })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await server.close();
  });
});
